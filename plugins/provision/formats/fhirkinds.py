"""Which of the FHIR formats a file is of, by its beginning: a bundle, lines of an export, or one resource.

``resourceType`` stands first wherever programs write FHIR, and the first that is said counts. One object on one line
is both a line and a resource: it is an export's (`fhir_ndjson`), since nobody can know of more lines to come.
"""

from __future__ import annotations

import re

from provision.formats.fhirdecoding import BOM, known

_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
_KIND = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_LINE = re.compile(rb'"resourceType"\s*:\s*"[A-Z][A-Za-z]{1,63}"')
#: How much of a file is looked at for the kind of its resource.
_LOOK = 4_096


def _said(head: bytes) -> str:
    """The kind that an object says first, "" where it says none or `head` begins no object."""
    found = _KIND.search(head[:_LOOK]) if _OPENING.match(head) else None
    return found[1].decode() if found else ""


def is_bundle(head: bytes) -> bool:
    """Whether a file that begins so is a bundle."""
    return _said(head) == "Bundle"


def are_lines(head: bytes) -> bool:
    """Whether the first line is a whole object that says its kind, which is no Bundle."""
    first, end, _ = head.removeprefix(BOM).partition(b"\n")
    whole = first.startswith(b"{") and (first.rstrip().endswith(b"}") or (not end and len(head) > len(first) // 2))
    return bool(whole and _LINE.search(first)) and not is_bundle(head)


def is_resource(head: bytes) -> bool:
    """Whether a file that begins so is one resource over several lines, of a kind that R4 knows."""
    said = _said(head)
    return said in known() and said != "Bundle" and not are_lines(head)


def may_be_resource(head: bytes) -> bool:
    """Whether it is, or is all on its first line."""
    _, _, more = head.removeprefix(BOM).lstrip().partition(b"\n")
    return is_resource(head) or (_said(head) in known() and are_lines(head) and not more.strip())
