"""Telling HL7 v2 by the beginning of a file, and SS-MIX2 from the rest of it.

``ssmix2`` is the stricter shape: one message of a type of the standard storage, HL7 2.5, whose MSH-21 names the profile
of SS-MIX2. Everything else that begins like HL7 v2 is ``hl7v2``, so no file is both. A single message of such a type
without the profile (storages before version 1.2) is recognised as ``hl7v2``, but may be ``ssmix2`` where the source
says so (`may_be_storage`).
"""

from __future__ import annotations

import re

from provision.formats import hl7kinds
from provision.formats.base import BadFile
from provision.formats.hl7message import Message, parsed, value
from provision.formats.hl7text import message_text

_PROFILE = re.compile(r"SS-MIX2|1\.2\.392\.200250\.2\.1\.100\.1\.2(?:\.|$)")
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\x0b?[\r\n]*((?:MSH|FHS|BHS)[!-/:-@\[-`{-~][^\r\n\x00]{0,8192})")
_NEXT = re.compile(rb"[\r\n\x0b]MSH")
_DECODED = ("", "cp932", "utf-8", "iso-2022-jp")


def begins(head: bytes) -> bool:
    """Whether this is HL7 v2: a header of a message of version 2 and of a type, or of a file or batch."""
    found = _BEGINNING.match(head)
    if found is None:
        return False
    if not found[1].startswith(b"MSH"):
        return _marks(found[1])
    header = _header(found[1])
    if header is None:
        return False
    version = header.part(value(header.segments[0], 12), 1)
    return bool(re.fullmatch(r"2(?:\.[0-9](?:\.[0-9])?)?", version)) and bool(
        re.fullmatch(r"[A-Z]{3}(?:[A-Z][A-Z0-9]{2})?", hl7kinds.type_of(header))
    )


def is_storage(head: bytes) -> bool:
    """Whether this is a file of the standard storage by all of its marks."""
    header = _storage_header(head)
    return header is not None and bool(_PROFILE.search(value(header.segments[0], 21)))


def may_be_storage(head: bytes) -> bool:
    """Whether this may be one of a storage that does not name the profile."""
    return _storage_header(head) is not None


def _storage_header(head: bytes) -> Message | None:
    found = _BEGINNING.match(head)
    if found is None or not found[1].startswith(b"MSH") or _NEXT.search(head, found.end()):
        return None
    header = _header(found[1])
    if header is None or hl7kinds.type_of(header) not in hl7kinds.STORAGE:
        return None
    return header if header.part(value(header.segments[0], 12), 1).startswith("2.5") else None


def _header(line: bytes) -> Message | None:
    """The header segment, in whichever set it is; None where it is none."""
    for encoding in _DECODED:
        try:
            return parsed(message_text(line, encoding))
        except BadFile:
            continue
    return None


def _marks(line: bytes) -> bool:
    """Whether FHS or BHS names five different signs."""
    marks = line[3:8]
    return (
        len(set(marks)) == 5 and marks.isascii() and not any(chr(m).isalnum() for m in marks) and line[8:9] == marks[:1]
    )
