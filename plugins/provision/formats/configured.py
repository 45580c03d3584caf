"""表: a table that a sender makes up itself, read as its layout in config/layouts says. One layout is one format.

A file of no layout, or of two of one source, is refused. Columns no layout names are dropped and counted; a file with
My Numbers (個人番号) in any column, known or not, is not taken at all. A column of which more than a few cells cannot
be read as the layout says is not what it says, and the file is refused.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO, Protocol, cast

from provision.formats import excelfile, excelguard, parquetfile, textfile
from provision.formats.base import BadFile, Column, ColumnClass, Dataset, Parcel, Report, Table
from provision.formats.columnmap import fits, map_columns
from provision.formats.csvfile import BOM, CsvFile, Readable, Utf16
from provision.formats.delimited import Coded
from provision.formats.documents import whole
from provision.formats.options import no_options
from provision.formats.tablerows import TableRows
from provision.formats.tables import Field, FieldTable
from provision.formats.testvalues import ANSWER, TEST_VALUE
from provision.layouts import Answer, Delimited, Excel, FileKind, Layout, LayoutColumn, TestValue

_SEPARATORS = {"comma": ",", "tab": "\t", "semicolon": ";"}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
#: Rows of a parcel, fewer where a row becomes many: so many rows of test values and answers at most.
PARCEL_ROWS, LONG_ROWS = 50_000, 250_000


class Rows(Protocol):
    """A file as its headings, the cells above them, and frames of rows; the first frame comes with the headings."""

    header: list[str]
    above: list[str]

    def frames(self) -> Iterator[Coded]:
        """Draw them."""


@dataclass(frozen=True)
class ConfiguredTable:
    """The reader of one layout."""

    layout: Layout

    @property
    def id(self) -> str:
        """``table:`` and the layout's id."""
        return self.layout.format_id

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": self.layout.title.ja, "en": self.layout.title.en}

    @cached_property
    def dataset(self) -> Dataset:
        """The head table, and those of test values and answers where the layout has such columns."""
        layout, head = self.layout, self.layout.head
        made = [Table(head.name, head.ja, head.en, tuple(map(_column, layout.columns)), "row")]
        if layout.test_values:
            made.append(Table("test_value", "検査値", "Test value", TEST_VALUE, "row"))
        if layout.answers:
            made.append(Table("answer", "質問票の回答", "Answer", ANSWER, "row"))
        return Dataset(layout.id, layout.title.ja, layout.title.en, layout.edition, head.name, tuple(made))

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The layout as a field table: `index` is a column's place in the layout."""
        placed = enumerate(column for _, column in self.layout.headed())
        return (FieldTable(self.dataset, tuple(_field(self.layout, at, column) for at, column in placed)),)

    def never_reads(self, field: Field) -> bool:
        """Every column that the layout names is read."""
        return False

    def recognise(self, head: bytes) -> str:
        """Text is told by its headings; a workbook or a Parquet file only as such, see `fits`."""
        kind = self.layout.file
        if isinstance(kind, Delimited):
            fitting = any(fits(self.layout, header) for header in _headers(kind, head))
            return f"its headings are those of the layout {self.layout.id}" if fitting else ""
        if isinstance(kind, Excel):
            return "it is an Excel workbook" if head.startswith(b"PK\x03\x04") and b"xl/" in head else ""
        return "it is a Parquet file" if head.startswith(parquetfile.MAGIC) else ""

    @property
    def whole_bytes(self) -> int:
        """How much of a file `fits` must see; 0 where `recognise` says all there is to say."""
        kind = self.layout.file
        if isinstance(kind, Delimited):
            return 0
        return excelguard.EXCEL_BYTES if isinstance(kind, Excel) else parquetfile.PARQUET_BYTES

    def fits(self, data: bytes) -> bool:
        """Whether a whole file is of this layout. One with My Numbers is: its reader is to refuse it for that."""
        try:
            rows = self._rows(io.BytesIO(data), Report())
            next(rows.frames(), None)
        except BadFile as refusal:
            return refusal.rule == "my_number"
        return fits(self.layout, rows.header)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
        report.edition = self.layout.edition
        file = self._rows(stream, report)
        frames = file.frames()
        next(frames, None)
        rows = TableRows(self.layout, self.dataset, map_columns(self.layout, file.header), report)
        rows.look_above(file.above)
        size = max(1_000, min(PARCEL_ROWS, LONG_ROWS // max(1, rows.long)))
        for frame in frames:
            for start in range(0, frame.height, size):
                yield rows.take(Coded(frame.codes[start : start + size], frame.words))
        rows.finish()

    def _rows(self, stream: Readable, report: Report) -> Rows:
        return open_rows(self.layout.file, stream, report, accepts=lambda header: fits(self.layout, header))


def open_rows(kind: FileKind, stream: Readable, report: Report, accepts: Callable[[Sequence[str]], bool]) -> Rows:
    """A file of this kind, not yet read; `accepts` tells the separator of a text by its headings. Raises `BadFile`
    ``document.size`` for a workbook or a Parquet file that is too large to be held."""
    if isinstance(kind, Excel):
        return excelfile.ExcelFile(whole(cast(BinaryIO, stream), excelguard.EXCEL_BYTES), report, kind)
    if not isinstance(kind, Delimited):
        return parquetfile.ParquetFile(whole(cast(BinaryIO, stream), parquetfile.PARQUET_BYTES), report)
    begun = _Begun(stream)
    utf16 = kind.encoding == "utf-16" or (kind.encoding == "auto" and begun.first in _UTF16)
    return CsvFile(
        Utf16(begun) if utf16 else begun,
        report,
        "table",
        separators=_separators(kind),
        header_row=kind.header_row,
        encoding="utf-8" if utf16 else "" if kind.encoding == "auto" else kind.encoding,
        accepts=accepts,
    )


@dataclass
class _Begun:
    """A stream whose first two bytes were looked at."""

    stream: Readable
    first: bytes = field(init=False)
    _given: bool = False

    def __post_init__(self) -> None:
        self.first = self.stream.read(2)

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        first, self._given = b"" if self._given else self.first, True
        return first + self.stream.read(size - len(first) if size >= 0 else size)


def _separators(kind: Delimited) -> Sequence[str]:
    return tuple(_SEPARATORS.values()) if kind.separator == "auto" else (_SEPARATORS[kind.separator],)


def _headers(kind: Delimited, head: bytes) -> Iterator[list[str]]:
    """The headings of a text that begins so, by every separator it may have; none where it is no such text."""
    text = _decoded(kind, head)
    for separator in _separators(kind):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            found = [row for row, _ in zip(reader, range(kind.header_row), strict=False)]
        except csv.Error:
            continue
        if len(found) == kind.header_row:
            yield found[-1]


def _decoded(kind: Delimited, head: bytes) -> str:
    """The beginning as text; characters that are cut off or no text are replaced: only headings are compared."""
    if kind.encoding in {"auto", "utf-16"} and head[:2] in _UTF16:
        return head.decode("utf-16", "replace")
    if not textfile.is_text(head):
        return ""
    plain = head.removeprefix(BOM)
    lines = b"\n".join(plain.split(b"\n", kind.header_row)[: kind.header_row])
    encoding = kind.encoding if kind.encoding in {"utf-8", "cp932"} else ""
    utf8 = encoding == "utf-8" or (not encoding and (plain != head or textfile.is_utf8(lines)))
    return plain.decode("utf-8" if utf8 else "cp932", "replace")


def _column(column: LayoutColumn) -> Column:
    cls = ColumnClass(column.cls)
    return Column(column.name, column.ja, column.en, cls, column.dtype, column.domain, column.unit, column.category,
                  column.role or "")  # fmt: skip


def _field(layout: Layout, at: int, column: LayoutColumn | TestValue | Answer) -> Field:
    """One column of the file. A test value or an answer is described by what its cells become."""
    if isinstance(column, LayoutColumn):
        return Field(layout.head.name, "row", at, _column(column))
    table = "answer" if isinstance(column, Answer) else "test_value"
    number = column.number if isinstance(column, Answer) else not column.values
    name = ("answer_" if table == "answer" else "value_") + ("number" if number else "code")
    shared = {c.name: c for c in (ANSWER if table == "answer" else TEST_VALUE)}[name]
    said = Column(name, column.ja, column.en, shared.cls, shared.dtype, shared.domain, column.unit, shared.category)
    return Field(table, "row", at, said)
