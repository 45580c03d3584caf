"""Excel workbooks (.xlsx) as rows of text: one sheet is taken, all are searched for My Numbers.

Values are those Excel stored: results of formulas, days as YYYY-MM-DD in either of Excel's calendars (1900, 1904),
numbers without a trailing ``.0``. What a person who looks at the sheet cannot see or would read otherwise refuses the
file: hidden rows, columns or sheets, merged cells, formulas without a stored result. A day written as a plain number
is none: which day ``45000`` is, only the sheet's calendar says.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, TypeVar

import polars as pl
from python_calamine import CalamineWorkbook, SheetVisibleEnum

from provision.formats.base import BadFile, Report
from provision.formats.delimited import Coded
from provision.formats.excelguard import looked_over
from provision.formats.hushed import hushed
from provision.formats.mynumbers import MyNumbers, refuse_headings
from provision.layouts import Excel

Answered = TypeVar("Answered")
ROWS, TEXT = 50_000, 32 * 2**20
_AT_ONCE = 500
#: Numbers beyond this are not what was typed: a spreadsheet keeps 15 digits.
_EXACT = 10**15


@dataclass
class ExcelFile:
    """One workbook being read: the header first, then its rows in frames with a column ``c<place>`` per heading."""

    data: bytes
    report: Report
    settings: Excel
    header: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)

    def frames(self) -> Iterator[Coded]:
        """The rows, without blank ones; the first frame has none and comes when the header is known.

        Raises `BadFile`: what `excelguard` refuses, ``excel.sheet``, ``excel.hidden``, ``excel.merged``,
        ``excel.formula``, ``my_number`` in another sheet.
        """
        facts = looked_over(self.data)
        workbook = _opened(self.data)
        name = self._name(workbook)
        if name not in facts or facts[name].hidden:
            raise BadFile("excel.hidden", remedy="rows or columns are hidden; show or delete them, or ask the sender")
        if facts[name].unstored:
            raise BadFile("excel.formula", remedy="formulas have no stored result; open and save it in Excel")
        for other in workbook.sheet_names:
            if other != name:
                self.report.warn("excel.other_sheets")
            if other != name and other in facts:  # a chart has no cells
                _search(_sheet(workbook, other))
        yield from self._rows(_sheet(workbook, name))

    def _name(self, workbook: Any) -> str:
        """The sheet to take: the one of the settings, else the only one."""
        seen = {meta.name: meta.visible is SheetVisibleEnum.Visible for meta in workbook.sheets_metadata}
        wanted = self.settings.sheet or (next(iter(seen)) if len(seen) == 1 else "")
        if wanted not in seen:
            said = "it has no sheet of the layout's name" if self.settings.sheet else "it has several sheets"
            raise BadFile("excel.sheet", remedy=f"{said}; name the sheet in config/layouts, or ask the sender")
        if not seen[wanted]:
            raise BadFile("excel.hidden", remedy="the sheet is hidden; show it, or ask the sender")
        return wanted

    def _rows(self, sheet: Any) -> Iterator[Coded]:
        if sheet.merged_cell_ranges:
            raise BadFile("excel.merged", remedy="cells are merged; unmerge them, or ask the sender for CSV")
        rows = sheet.iter_rows()
        lead = _tried(lambda: [[*map(_text, row)] for row in islice(rows, self.settings.header_row)])
        self.header = lead[-1] if len(lead) == self.settings.header_row else []
        self.above = [cell for row in lead[:-1] for cell in row]
        yield Coded(pl.DataFrame(), {})
        yield from _framed(rows, len(self.header))


def _framed(rows: Iterator[list[Any]], width: int) -> Iterator[Coded]:
    """Frames of at most `ROWS` rows and `TEXT` characters, without blank rows."""
    taken: list[list[str]] = []
    size = 0
    for row in _drawn(rows):
        cells = [_text(cell) for cell in row]
        if any(cells):
            taken.append(cells)
            size += sum(map(len, cells))
        if len(taken) >= ROWS or size >= TEXT:
            yield _coded(taken, width)
            taken, size = [], 0
    if taken:
        yield _coded(taken, width)


def _drawn(rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """All rows, taken from the library some at a time."""
    while some := _tried(lambda: [*islice(rows, _AT_ONCE)]):
        yield from some


def _coded(rows: list[list[str]], width: int) -> Coded:
    names = [f"c{place}" for place in range(width)]
    numbers = pl.int_range(len(rows), dtype=pl.UInt32, eager=True)
    words = {name: pl.Series([row[at] for row in rows], dtype=pl.String) for at, name in enumerate(names)}
    return Coded(pl.DataFrame(dict.fromkeys(names, numbers)), words)


def _search(sheet: Any) -> None:
    """Raise `BadFile` ``my_number`` where a sheet that is not taken holds My Numbers."""
    numbers, first = MyNumbers(), True
    for frame in _framed(sheet.iter_rows(), sheet.width):
        if first:
            refuse_headings([words[0] for words in frame.words.values()])
        first = False
        numbers.look(frame)


def _opened(data: bytes) -> Any:
    return _tried(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)))


def _sheet(workbook: Any, name: str) -> Any:
    return _tried(lambda: workbook.get_sheet_by_name(name))


def _tried(ask: Callable[[], Answered]) -> Answered:
    """What the library answers. Raises `BadFile` ``excel.broken`` for whatever it raises: what it says may quote the
    workbook. Its panics (a day millions of years away) are no `Exception`, and known by their name only; what it writes
    of them by itself is heard by nobody."""
    try:
        with hushed():
            return ask()
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
    raise BadFile("excel.broken", remedy="the workbook is damaged; ask the sender for it again, or for CSV")


def _text(cell: Any) -> str:
    """A cell as text. Numbers and days as a person would type them, lengths of time as none of ours (``?``)."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return number_text(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return "?" if isinstance(cell, time | timedelta) else ""


def number_text(value: float) -> str:
    """A number as text: whole ones without a point, others to six places; ``?`` beyond 15 digits, "" for none."""
    if value != value:
        return ""
    if abs(value) >= _EXACT:
        return "?"
    if value == int(value):
        return str(int(value))
    return f"{value:.6f}".rstrip("0").rstrip(".")
