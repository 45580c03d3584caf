"""The sheet of a workbook: its cells as texts, and what is around them, by a list of what a cell may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from expectations.read import Unreadable

if TYPE_CHECKING:
    import polars as pl

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROW, _ROWS, _CELL, _INLINE, _TEXT, _VALUE = (f"{_MAIN}{name}" for name in ("row", "sheetData", "c", "is", "t", "v"))
#: Attributes of rows, cells and what is in them. None hides anything.
_ATTRIBUTES = {
    _ROW: frozenset({"r"}),
    _CELL: frozenset({"r", "s", "t"}),
    _INLINE: frozenset[str](),
    _TEXT: frozenset({"{http://www.w3.org/XML/1998/namespace}space"}),
    _VALUE: frozenset[str](),
}
_STYLES = frozenset({None, "1", "2"})
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: How characters that XML cannot hold are written (ECMA-376 part 1, 22.9.2.19).
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_COLUMNS, _ROWS_AT_ONCE, _SHORT = 2_000, 20_000, 40


@dataclass(frozen=True, repr=False)
class Cells:
    """Header, type of each column, all rows as text with null where there is no cell, and the sheet without rows."""

    header: tuple[str, ...]
    types: tuple[str, ...]
    frame: pl.DataFrame
    around: bytes


def read_cells(stream: IO[bytes]) -> Cells:
    """Read a worksheet part. Raises `Unreadable` (``xlsx.<what>``)."""
    from lxml import etree

    rows = _Rows()
    safe: dict[str, Any] = {"resolve_entities": False, "no_network": True}
    events = etree.iterparse(stream, ("end", "comment", "pi"), tag=_ROW, **safe)
    try:
        for event, row in events:
            if event != "end":
                raise Unreadable("xlsx.element")
            rows.take(row)
            row.clear(keep_tail=True)
            while (before := row.getprevious()) is not None:
                _no_text(before.tail)
                row.getparent().remove(before)
        around = rows.around(events.root)
    except etree.LxmlError:
        raise Unreadable("xlsx.broken") from None
    return rows.cells(around)


@dataclass(repr=False)
class _Rows:
    """Rows as they come, kept in frames of a bounded number of rows."""

    header: tuple[str, ...] = ()
    number: int = 0
    kinds: list[set[str]] = field(default_factory=list)
    waiting: list[list[str | None]] = field(default_factory=list)
    frames: list[pl.DataFrame] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)

    def take(self, row: Any) -> None:
        """One row; the first is the header. Rows are numbered without gaps, or a reader would see others."""
        self.number += 1
        if row.getparent().tag != _ROWS or row.get("r") != str(self.number):
            raise Unreadable("xlsx.row")
        _plain(row)
        found = list(_cells(row, self.number, len(self.header) or _COLUMNS))
        if self.header:
            self._add(found)
        else:
            self._begin(found)

    def _begin(self, found: list[tuple[int, str, str]]) -> None:
        self.header = tuple(text for _, _, text in found)
        plain = all(kind == "string" and place == at for at, (place, kind, _) in enumerate(found))
        if not found or not plain or len(set(self.header)) < len(found):
            raise Unreadable("xlsx.header")
        self.kinds = [set() for _ in found]

    def _add(self, found: list[tuple[int, str, str]]) -> None:
        values: list[str | None] = [None] * len(self.header)
        for place, kind, text in found:
            self.kinds[place].add(kind)
            values[place] = self.seen.setdefault(text, text) if len(text) < _SHORT else text
        self.waiting.append(values)
        if len(self.waiting) >= _ROWS_AT_ONCE:
            self._framed()

    def _framed(self) -> None:
        import polars as pl

        schema = dict.fromkeys(self.header, pl.String)
        self.frames.append(pl.DataFrame(self.waiting, schema=schema, orient="row"))
        self.waiting, self.seen = [], {}

    def around(self, root: Any) -> bytes:
        """The sheet without its rows and without its dimension, which must be that of the rows."""
        sheet, data = root.getroottree(), root.find(_ROWS)
        dimension = root.find(f"{_MAIN}dimension")
        if sheet.docinfo.doctype or data is None or dimension is None or not self.header:
            raise Unreadable("xlsx.sheet")
        for row in list(data):
            _no_text(row.tail)
            data.remove(row)
        if dimension.get("ref") != f"A1:{_letters(len(self.header))}{self.number}":
            raise Unreadable("xlsx.dimension")
        root.remove(dimension)
        return _canonical(sheet)

    def cells(self, around: bytes) -> Cells:
        """Everything that was taken."""
        import polars as pl

        self._framed()
        types = [
            next(iter(kinds)) if len(kinds) == 1 else "refused:mixed" if kinds else "string" for kinds in self.kinds
        ]
        return Cells(self.header, tuple(types), pl.concat(self.frames), around)


def _cells(row: Any, number: int, width: int) -> Iterator[tuple[int, str, str]]:
    """Column (from 0), kind and text of each filled cell, from left to right."""
    last = -1
    for cell in row:
        if cell.tag != _CELL:
            raise Unreadable("xlsx.element")
        _plain(cell)
        found = _PLACE.fullmatch(cell.get("r", ""))
        place = _column(found.group(1)) if found else -1
        if not found or found.group(2) != str(number) or not last < place < width or cell.get("s") not in _STYLES:
            raise Unreadable("xlsx.cell")
        last = place
        yield place, *_content(cell)


def _content(cell: Any) -> tuple[str, str]:
    """A text that stands in the cell itself, or a plain number. No formula, no error, no reference to a list."""
    kind, (inner,) = cell.get("t"), _only(cell)
    if kind is None and inner.tag == _VALUE:
        _plain(inner, text=True)
        if len(inner) or not _NUMBER.fullmatch(inner.text or ""):
            raise Unreadable("xlsx.number")
        return "number", inner.text
    if kind != "inlineStr" or inner.tag != _INLINE:
        raise Unreadable("xlsx.cell")
    _plain(inner)
    (text,) = _only(inner)
    if text.tag != _TEXT or len(text) or not text.text:
        raise Unreadable("xlsx.cell")
    _plain(text, text=True)
    return "string", _ESCAPED.sub(_unescaped, text.text)


def _unescaped(code: re.Match[str]) -> str:
    number = int(code.group(1), 16)
    if 0xD800 <= number < 0xE000:  # half a character
        raise Unreadable("xlsx.text")
    return chr(number)


def _only(element: Any) -> tuple[Any]:
    children = list(element)
    if len(children) != 1:
        raise Unreadable("xlsx.cell")
    return (children[0],)


def _plain(element: Any, text: bool = False) -> None:
    """No attribute that is not on the list, and no text beside the elements."""
    if not _ATTRIBUTES[element.tag].issuperset(element.attrib):
        raise Unreadable("xlsx.attribute")
    if element.tag != _ROW:
        _no_text(element.tail)  # that of a row may not have been read yet
    if not text:
        _no_text(element.text)


def _no_text(text: str | None) -> None:
    if text:
        raise Unreadable("xlsx.text")


def _canonical(sheet: Any) -> bytes:
    from lxml import etree

    return bytes(etree.tostring(sheet, method="c14n", with_comments=True))


def _column(letters: str) -> int:
    """Place of a column from 0: A is 0, AA is 26."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _letters(width: int) -> str:
    """Letters of the last of so many columns."""
    letters = ""
    while width:
        width, rest = divmod(width - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
