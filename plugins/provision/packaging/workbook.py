"""Excel: a small table as a workbook (.xlsx, ECMA-376) of one sheet, for people who work in Excel.

Texts are cells of texts in a column formatted as text: never a formula, whatever they begin with, also after somebody
edits them, and a leading 0 stays. Numbers are numbers. An empty cell is no value. The same table gives the same bytes:
all dates are fixed. Excel calculates with 15 digits, so a number that would change is refused, not rounded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from provision.errors import Refused

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: Rows of a sheet are 1,048,576, one of which is the header (Excel specifications and limits). Ours are what our own
#: reader of workbooks takes, and what a person can open: cells of a table, bytes of the file.
ROWS, CELLS, BYTES = 1_048_575, 5_000_000, 64 * 2**20
#: Longest name of a sheet.
_NAME = 31
_DATE = datetime(2020, 1, 1)
_TEXT = 49  # number format "@", built in
_ROWS_AT_ONCE = 10_000


def fits(name: str, frame: pl.DataFrame) -> None:
    """`Refused` where a table is too large for a workbook that people can open, or a row of it is empty."""
    if frame.height > ROWS or frame.height * frame.width > CELLS:
        raise _refused(name, f"more than {ROWS:,} rows or {CELLS:,} cells")
    if frame.select(pl.all_horizontal(pl.all().is_null()).any()).item():
        raise _refused(name, "a row without any value, which a sheet cannot show")


def write(frame: pl.DataFrame, path: Path) -> None:
    """Write a table and read it back with another library. `Refused` where Excel would not say what the table says."""
    import xlsxwriter

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".workbook-") as folder:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        book.set_properties({"created": _DATE})
        text, head = book.add_format({"num_format": _TEXT}), book.add_format({"num_format": _TEXT, "bold": True})
        sheet = book.add_worksheet(path.stem[:_NAME])
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(frame.columns):
            sheet.write_string(0, column, name, head)
        for number, row in enumerate(_rows(frame), 1):
            _write_row(sheet, number, row, text, path.stem)
        book.close()
    if path.stat().st_size > BYTES:
        raise _refused(path.stem, f"more than {BYTES >> 20} MiB as a workbook")
    _compare(frame, path)


def _rows(frame: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(part.iter_rows() for part in frame.iter_slices(_ROWS_AT_ONCE))


def _write_row(sheet: Worksheet, number: int, row: tuple[Any, ...], text: Format, table: str) -> None:
    for column, value in enumerate(row):
        if value is None or value == "":
            continue
        if isinstance(value, str):
            problem = sheet.write_string(number, column, value, text)
        else:
            problem = sheet.write_number(number, column, _number(value, table))
        if problem:
            raise _refused(table, "a text longer than a cell holds")


def _number(value: object, table: str) -> float:
    """A number as Excel keeps it, which must be the number."""
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        raise _refused(table, "values that are neither text nor number")
    exact = Decimal(str(value))
    if len(exact.normalize().as_tuple().digits) > 15 or Decimal(repr(float(exact))) != exact:
        raise _refused(table, "numbers of more than 15 digits")
    return float(exact)


def _compare(frame: pl.DataFrame, path: Path) -> None:
    """Every cell as another library reads it."""
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    expected = chain([tuple(frame.columns)], _rows(frame))
    same = sheet.height == frame.height + 1 and all(
        len(row) == len(read) and all(map(_same, row, read))
        for row, read in zip(expected, sheet.iter_rows(), strict=True)
    )
    if not same:
        raise _refused(path.stem, "something that reads differently in a workbook")


def _same(value: object, read: object) -> bool:
    if value is None:
        return read == ""
    return read == value if isinstance(value, str) else isinstance(read, float) and read == float(value)  # type: ignore[arg-type]


def _refused(table: str, what: str) -> Refused:
    return Refused(
        f"table {table} has {what}", where=f"{table}.xlsx", rule="release.excel",
        remedy="leave xlsx out of the plan's formats, or narrow the plan; csv and parquet have no such limit",
    )  # fmt: skip
