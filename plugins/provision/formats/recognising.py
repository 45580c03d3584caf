"""形式の判別: of which format a file is, by its content alone. Names of files are the sender's and say nothing.

Every format judges the beginning of the file (`Format.recognise`). One must say yes: none or several is a refusal,
not a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from provision.formats import formats
from provision.formats.base import BadFile, Format
from provision.formats.documents import DocumentFormat


@runtime_checkable
class Undecided(Protocol):
    """A format whose files may begin as those of another one do, for longer than is looked at."""

    def may_yet_be(self, head: bytes) -> bool:
        """Whether a file that begins so may still be of this format, although another one recognises it."""


@runtime_checkable
class WholeFile(Protocol):
    """A format whose files do not say in their beginning which of several they are: a workbook, a Parquet file."""

    @property
    def whole_bytes(self) -> int:
        """How much of a file must be seen, 0 where its beginning says it."""

    def fits(self, data: bytes) -> bool:
        """Whether a whole file is of this format."""


@runtime_checkable
class OfLines(Protocol):
    """A format whose files are lines of cells: none begins as XML, JSON or HL7 do, so that it need not be asked about a
    hundred thousand documents."""

    @property
    def of_lines(self) -> bool:
        """True."""


#: What senders put beside data: never a format of ours.
_FOREIGN = (
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an Office document (of the old kind, or with a password)"),
    (re.compile(rb"\{\\rtf"), "a text document (RTF)"),
    (re.compile(rb"\x89PNG\r\n|\xff\xd8\xff|(?s:.{128})DICM"), "a picture"),
    (re.compile(rb"\s*(?i:<!doctype html|<html[\s>])"), "a web page"),
)
#: What formats of ours may be written in. A reader of single documents judges these itself (schemas and indexes travel
#: with documents); for any other reader they are as foreign as a letter, where no format recognises them.
_WRITTEN = (
    (re.compile(rb"\s*<(?:\?xml|!DOCTYPE|!--|[A-Za-z_])|\xff\xfe<\0|\xfe\xff\0<"), "an XML document"),
    (re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*\{)"), "a JSON document"),
    (re.compile(rb"[\x0b\s]*(?:MSH|FHS|BHS)\|"), "an HL7 message"),
    (re.compile(rb"PAR1"), "a Parquet file"),
    (re.compile(rb"PK\x03\x04"), "an Office document (a workbook, say)"),
)
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Recognition:
    """The format's id, and why, in words without a value of the file."""

    format: str
    reason: str


def claimants(head: bytes) -> dict[str, str]:
    """Ids of all formats that recognise a file beginning with `head`, each with its reason."""
    known = formats()
    said = {one.id: one.recognise(head) for one in _asked([known[name] for name in sorted(known)], head)}
    return {name: reason for name, reason in said.items() if reason}


def _asked(kinds: Sequence[Format], head: bytes) -> Sequence[Format]:
    """The formats that a file beginning so may be of."""
    if not any(mark.match(head.removeprefix(_MARK)) for mark, _ in _WRITTEN):
        return kinds
    return [one for one in kinds if not isinstance(one, OfLines)]


def recognise(head: bytes) -> Recognition:
    """The one format of a file that begins with these bytes (up to `HEAD_BYTES`, or the whole file).

    Raises `BadFile`: ``file.empty``, ``format.foreign`` for a letter, a picture, or XML and the like that no format
    recognises, ``format.unknown`` where no format recognises anything else, ``format.ambiguous`` where several do.
    """
    if not head:
        raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
    found = claimants(head)
    if not found:
        _refuse_foreign(head)
        raise BadFile(
            "format.unknown",
            remedy="if you know what it is, name its format (tokumei formats)",
        )
    if len(found) > 1:
        raise BadFile("format.ambiguous", remedy=f"it could be each of these, so name its format: {', '.join(found)}")
    return Recognition(*next(iter(found.items())))


def of_file(expected: Sequence[Format], head: bytes, more: Callable[[int], bytes] | None = None) -> Format:
    """The one of a source's formats that a file beginning with `head` is of.

    Where the source has one format, it is that (`refuse_another`). Where it has several, exactly one must recognise the
    file, or, where none does, not decide against it (`Undecided`): no reader is tried on a guess. Raises `BadFile`:
    ``file.empty``, ``format.ambiguous`` where several of them recognise it, ``format.another`` where only other formats
    do, ``format.foreign`` for a document or picture, ``format.unknown`` (``table.undeclared`` where one of them is a
    table that the configuration defines) where none at all does. `more` gives so many
    bytes of the file's beginning: for formats that must see a whole file (`WholeFile`) where several are possible.
    """
    if len(expected) == 1:
        refuse_another(expected[0], head)
        return expected[0]
    if not head:
        raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
    asked = _asked(expected, head)
    ours = [one for one in asked if one.recognise(head)] or [one for one in asked if _undecided(one, head)]
    if len(ours) > 1 and more is not None:
        ours = _fitting(ours, more)
    if len(ours) == 1:
        return ours[0]
    names = ", ".join(one.id for one in ours or expected)
    if ours:
        raise BadFile("format.ambiguous", remedy=f"it could be each of {names}; let the source have only one of these")
    if found := claimants(head):
        raise BadFile(
            "format.another",
            remedy=f"it looks like {' or '.join(found)}, none of {names}; ask the sender, or add it to the source",
        )
    tables = any(isinstance(one, WholeFile) for one in expected)
    _refuse_foreign(head, written=not tables)
    rule = "table.undeclared" if tables else "format.unknown"
    raise BadFile(rule, remedy=f"it is none of {names}; ask the sender what it is, or to leave it out")


def _fitting(ours: Sequence[Format], more: Callable[[int], bytes]) -> list[Format]:
    """Those that a whole file can still be of."""
    sizes = [one.whole_bytes for one in ours if isinstance(one, WholeFile)]
    data = more(1 + max(sizes)) if any(sizes) else b""
    return [one for one in ours if not isinstance(one, WholeFile) or not one.whole_bytes or one.fits(data)]


def refuse_another(source_format: Format, head: bytes) -> None:
    """Raise `BadFile` ``format.another`` where other formats than the expected one recognise the file.

    A file that nobody recognises passes, letters and pictures (``format.foreign``) excepted: the expected format's
    reader judges it. XML, JSON and the like pass to a reader of documents only. So does a file whose beginning does not
    decide between the expected format and another.
    """
    if source_format.recognise(head) or _undecided(source_format, head):
        return
    if found := claimants(head):
        raise BadFile(
            "format.another",
            remedy=f"it looks like {' or '.join(found)}, not {source_format.id}; ask the sender, or correct the format",
        )
    _refuse_foreign(head, written=not isinstance(source_format, DocumentFormat))


def _undecided(source_format: Format, head: bytes) -> bool:
    return isinstance(source_format, Undecided) and source_format.may_yet_be(head)


def _refuse_foreign(head: bytes, *, written: bool = True) -> None:
    text = head.removeprefix(_MARK)
    for mark, what in _FOREIGN:
        if mark.match(text):
            raise BadFile("format.foreign", remedy=f"it is {what}, no data; ask the sender to send the data only")
    for mark, what in _WRITTEN if written else ():
        if mark.match(text):
            raise BadFile("format.foreign", remedy=f"it is {what} of no format that is read; ask the sender what it is")
