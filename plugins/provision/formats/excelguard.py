"""Looking at an Excel workbook before a reader opens it: what it would unpack to, and what a sheet hides.

The reader holds a sheet in memory, every cell of the rectangle around its filled cells, and ends the process where that
is more than there is. So the package is unpacked here first, counted on the bytes that really come out, and every
sheet's rectangle is measured, whatever the package says of itself. The workbook is untrusted: nothing of it is said.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree

from provision.formats.base import BadFile

#: An .xlsx over this size is not read, nor one that unpacks to more, nor a sheet with a rectangle of more cells.
EXCEL_BYTES, UNPACKED_BYTES, CELLS, COLUMNS = 64 * 2**20, 400 * 2**20, 5_000_000, 2_000
#: Excel itself takes 32,767 characters in a cell.
CELL_CHARACTERS = 32_767
_ENTRIES = 2_000
_PIECE = 1 << 20
_LETTERS = re.compile("[A-Z]{1,3}")
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_AS_CSV = "save the sheet as CSV (UTF-8), or ask the sender to"


@dataclass
class SheetFacts:
    """What a worksheet's part holds: the last filled row and column (from 1), formulas without a stored result, and
    whether filled rows or columns are hidden."""

    rows: int = 0
    columns: int = 0
    unstored: int = 0
    hidden_rows: bool = False
    hidden_columns: list[int] = field(default_factory=list)  # first ones of hidden ranges

    @property
    def hidden(self) -> bool:
        """Whether something filled cannot be seen."""
        return self.hidden_rows or any(first <= self.columns for first in self.hidden_columns)


def looked_over(data: bytes) -> Mapping[str, SheetFacts]:
    """Facts of every worksheet by its name.

    Raises `BadFile`: ``excel.kind`` for what is no plain .xlsx (an old .xls, a workbook with a password),
    ``excel.macro``, ``excel.size``, ``excel.cells``, ``excel.broken``.
    """
    names = _names(data)
    if any("vbaproject" in name.lower() or name.lower().endswith(".bin") for name in names):
        raise BadFile("excel.macro", remedy=f"the workbook holds programs; {_AS_CSV}")
    if _WORKBOOK not in names or _RELATIONS not in names:
        raise BadFile("excel.kind", remedy=f"it is no Excel workbook (.xlsx); {_AS_CSV}")
    parts, total = {}, 0
    for name, info in names.items():
        part = _Part()
        for piece in _unpacked(data, info):
            total += len(piece)
            if total > UNPACKED_BYTES:
                raise BadFile("excel.size", remedy=f"it unpacks to more than {UNPACKED_BYTES >> 20} MiB; {_AS_CSV}")
            part.feed(piece)
        parts[name] = part.closed()
    return _by_name(data, names, parts)


def _names(data: bytes) -> dict[str, zipfile.ZipInfo]:
    """The package's list. The end record must be the last bytes: then every reader finds the same list."""
    if len(data) > EXCEL_BYTES:
        raise BadFile("excel.size", remedy=f"a workbook has at most {EXCEL_BYTES >> 20} MiB; {_AS_CSV}")
    if not data.startswith(b"PK\x03\x04"):
        raise BadFile("excel.kind", remedy=f"it is no Excel workbook (.xlsx), or has a password; {_AS_CSV}")
    try:
        listed = zipfile.ZipFile(io.BytesIO(data)).infolist() if data[-22:-18] == b"PK\x05\x06" else []
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error, RuntimeError):
        listed = []
    names = {info.filename: info for info in listed}
    if not listed or len(names) < len(listed) or len(listed) > _ENTRIES:
        raise _broken()
    return names


def _unpacked(data: bytes, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of one part as they really come out, which must be as many as the list says."""
    begin = info.header_offset
    if data[begin : begin + 4] != b"PK\x03\x04" or info.flag_bits & 1 or info.compress_type not in {0, 8}:
        raise _broken()
    name, extra = struct.unpack("<HH", data[begin + 26 : begin + 30].ljust(4, b"\0"))
    begin += 30 + name + extra
    packed = memoryview(data)[begin : begin + info.compress_size]
    left = info.file_size
    for piece in _inflated(packed) if info.compress_type else _pieces(packed):
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise _broken()


def _pieces(packed: memoryview) -> Iterator[bytes]:
    return (bytes(packed[at : at + _PIECE]) for at in range(0, len(packed), _PIECE))


def _inflated(packed: memoryview) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-15)
    try:
        for piece in _pieces(packed):
            yield inflate.decompress(piece, _PIECE)
            while inflate.unconsumed_tail:
                yield inflate.decompress(inflate.unconsumed_tail, _PIECE)
        yield inflate.flush()
    except zlib.error:
        raise _broken() from None


def _broken() -> BadFile:
    return BadFile("excel.broken", remedy="the workbook is damaged; ask the sender for it again, or for CSV")


class _Part:
    """One part of the package: measured where it is a worksheet or the list of strings, else only counted."""

    def __init__(self) -> None:
        self._measure = _Measure()
        target: Any = self._measure
        self._parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, huge_tree=True)
        self._plain = False

    def feed(self, piece: bytes) -> None:
        """More of it. Raises `BadFile` ``excel.cells``, ``excel.broken``."""
        if self._plain or not piece:
            return
        try:
            self._parser.feed(piece)
        except etree.LxmlError:
            self._end()
        self._plain = self._plain or self._measure.other

    def closed(self) -> SheetFacts | None:
        """The facts of a worksheet, None for any other part."""
        if not self._plain:
            try:
                self._parser.close()
            except etree.LxmlError:
                self._end()
        return self._measure.facts if self._measure.root == "worksheet" else None

    def _end(self) -> None:
        """A part that is no XML (a picture) is nothing; a worksheet that is none is broken."""
        if self._measure.root in {"worksheet", "sst"}:
            raise _broken()
        self._plain = True


class _Measure:
    """Target of the parser: adds up `SheetFacts` without keeping anything of the text but its length."""

    def __init__(self) -> None:
        self.facts, self.root, self.other = SheetFacts(), "", False
        self._row = self._column = self._length = 0
        self._formula = self._value = self._hidden = False

    def doctype(self, *_: str) -> None:
        """Workbooks have none; entities could make text of nothing."""
        raise _broken()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Of the parser: an element begins."""
        name = _local(tag)
        if name == "c":
            self._cell(attributes)
        elif not self.root:
            self.root, self.other = name, name not in {"worksheet", "sst"}
        elif name in {"f", "v", "is"}:
            self._formula = self._formula or name == "f"
            self._value = self._value or name == "is"
        elif name == "row":
            self._row = _number(attributes.get("r", ""), self._row + 1)
            self._column, self._hidden = 0, attributes.get("hidden", "0") in {"1", "true"}
        elif name == "si":
            self._length = 0
        elif name == "col" and attributes.get("hidden", "0") in {"1", "true"}:
            self.facts.hidden_columns.append(_number(attributes.get("min", ""), 1))

    def data(self, text: str) -> None:
        """Of the parser: text, in pieces. Raises `BadFile` ``excel.cells``."""
        self._length += len(text)
        if self._length > CELL_CHARACTERS and self.root in {"worksheet", "sst"}:
            raise BadFile("excel.cells", remedy=f"a cell has at most {CELL_CHARACTERS} characters; {_AS_CSV}")

    def end(self, tag: str) -> None:
        """Of the parser: an element ends. Raises `BadFile` ``excel.cells``."""
        name = _local(tag)
        if name == "f":
            self._length = 0  # the formula itself is no value
        elif name == "v":
            self._value = self._value or self._length > 0 or self._text
        elif name == "c" and (self._value or self._formula):
            self._filled()
        elif name not in {"c", "is", "t", "r", "si"}:
            self._length = 0

    def close(self) -> None:
        """Of the parser: nothing is left to do."""

    def _cell(self, attributes: Mapping[str, str]) -> None:
        reference = attributes.get("r", "")
        letters = reference.rstrip("0123456789")
        if _LETTERS.fullmatch(letters) and len(letters) < len(reference) <= 10:
            self._column, self._row = _column(letters), int(reference[len(letters) :])
        else:
            self._column += 1
        self._formula = self._value = False
        self._text = attributes.get("t", "n") in {"str", "s", "inlineStr"}
        self._length = 0

    def _filled(self) -> None:
        facts = self.facts
        facts.rows, facts.columns = max(facts.rows, self._row), max(facts.columns, self._column)
        facts.unstored += self._formula and not self._value
        facts.hidden_rows = facts.hidden_rows or self._hidden
        if facts.columns > COLUMNS or facts.rows * facts.columns > CELLS:
            remedy = f"a sheet has at most {COLUMNS} columns and {CELLS:,} cells from A1 to the last; {_AS_CSV}"
            raise BadFile("excel.cells", remedy=remedy)


def _number(text: str, otherwise: int) -> int:
    return int(text) if re.fullmatch("[0-9]{1,7}", text) else otherwise


@lru_cache(maxsize=4_096)
def _local(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


@lru_cache(maxsize=4_096)
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _by_name(
    data: bytes, names: Mapping[str, zipfile.ZipInfo], parts: Mapping[str, SheetFacts | None]
) -> dict[str, SheetFacts]:
    """Facts by the name of the sheet, by way of the workbook's relations."""
    workbook, relations = (_tree(b"".join(_unpacked(data, names[name]))) for name in (_WORKBOOK, _RELATIONS))
    targets = {each.get("Id"): str(each.get("Target")) for each in relations.iter("{*}Relationship")}
    found: dict[str, SheetFacts] = {}
    for sheet in workbook.iter("{*}sheet"):
        target = targets.get(sheet.get(_R), "")
        facts = parts.get(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
        if facts is not None:
            found[str(sheet.get("name"))] = facts
    if not found:
        raise BadFile("excel.kind", remedy=f"it has no worksheet; {_AS_CSV}")
    return found


def _tree(data: bytes) -> Any:
    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.LxmlError:
        raise _broken() from None
