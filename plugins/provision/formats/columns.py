"""From raw strings to the typed columns of a parcel, by the words of the field table.

A string that does not have its column's form is emptied and counted (``domain:<table>.<column>``): a name written into
a code column must not get into the store because of the column's class. Codes are checked for shape only; whether a
code exists is the contract's business. Dropped classes stay as they came, they leave at the next step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats import dates, tables
from provision.formats.base import BadFile, Column, ColumnClass, Report
from provision.formats.numbers import canonical_insurer

_CODE = r"^[0-9A-Z]{1,10}$"
_INSURER = r"^(?:[0-9]{6}|[0-9]{8})$"
_ZIP = r"^[0-9]{7}$"
#: Record number of each row.
Records = Sequence[int] | npt.NDArray[np.int64]

_RAW, _READ = "raw", "read"
#: Columns are read word by word where this many of their first cells are at most half as many words.
_SAMPLE = 1_000


@dataclass(frozen=True)
class _Cells:
    """The cells of a column and the words in them: most columns repeat a few words, and reading one costs microseconds.

    `cells` are strings, or, where `coded`, the numbers of `words`.
    """

    cells: pl.Series
    words: pl.Series
    coded: bool

    @classmethod
    def of(cls, cells: pl.Series, words: pl.Series | None) -> Self:
        if words is not None:
            return cls(cells, words, True)
        if cells.len() < _SAMPLE or cells.head(_SAMPLE).n_unique() > _SAMPLE // 2:
            return cls(cells, cells, False)
        return cls(cells, cells.unique(), False)

    @property
    def blank(self) -> bool:
        """True where no cell has anything: most columns, in most files."""
        return self.words.len() == 1 and not self.words[0]

    @property
    def _in_order(self) -> bool:
        """True where every cell has its own word, one after the other."""
        count = self.cells.len()
        return (
            count == self.words.len()
            and not self.cells.null_count()
            and bool(np.array_equal(self.cells.to_numpy(), np.arange(count)))
        )

    def spread(self, made: pl.Series) -> pl.Series:
        """What was made of the words, for every cell."""
        if self.coded:
            single = made.len() == 1 and not self.cells.null_count()
            if single:
                return made.new_from_index(0, self.cells.len())
            return made if self._in_order else made.gather(self.cells)
        if self.words is self.cells:
            return made
        return self.cells.replace_strict(self.words, made, default=None, return_dtype=made.dtype)


@dataclass(frozen=True)
class _Made:
    """Words as they were read, and a mask of those that were lost, where any was."""

    read: pl.Series
    lost: pl.Series | None


def typed(
    raw: pl.DataFrame,
    table: str,
    columns: Sequence[Column],
    report: Report,
    records: Records | None = None,
    words: Mapping[str, pl.Series] | None = None,
) -> pl.DataFrame:
    """`raw` (strings, one column per `Column`) as typed columns; further columns of `raw` (claim_no) are kept first.

    Columns in `words` hold the numbers of these strings instead (`delimited.Coded`). With `records` (record number of
    each row) a malformed number is `BadFile` ``number``; without, it is emptied and counted. Dates become YYYY-MM-DD,
    months YYYY-MM; births stay YYYYMMDD and postal codes seven digits.
    """
    cells = {c.name: _Cells.of(raw[c.name], (words or {}).get(c.name)) for c in columns}
    filled = [c for c in columns if not cells[c.name].blank]
    made = _read_all(filled, cells, lenient=records is None)
    for column in filled:
        if (lost := made[column.name].lost) is not None:
            _count(cells[column.name], lost, table, column, report, records)
    typed_columns = [_spread(cells[c.name], made.get(c.name), c).alias(c.name) for c in columns]
    return pl.DataFrame([*raw.select(pl.exclude([column.name for column in columns])).get_columns(), *typed_columns])


def _spread(cells: _Cells, made: _Made | None, column: Column) -> pl.Series:
    if made is None:
        return _nothing(tables.polars_type(column)).new_from_index(0, cells.cells.len())
    unchanged = not cells.coded and column.dtype == "string" and made.read.equals(cells.words)
    return cells.cells if unchanged else cells.spread(made.read)


@cache
def _nothing(dtype: pl.DataType) -> pl.Series:
    return pl.Series([None], dtype=dtype)


def _read_all(columns: Sequence[Column], cells: Mapping[str, _Cells], lenient: bool) -> dict[str, _Made]:
    """The words of every column, read. Columns that are read in one way are read in one go: asking costs, too."""
    alike: dict[object, list[Column]] = {}
    for column in columns:
        alike.setdefault(_way(column), []).append(column)
    return {name: made for group in alike.values() for name, made in _read_alike(group, cells, lenient)}


def _way(column: Column) -> object:
    """Columns of one way are read by the same rules."""
    if column.dtype == "string" and column.cls in tables.DROPPED:
        return ""
    word = column.domain.partition(":")[0]
    plain = column.dtype == "string" and word != "form"
    return column.cls is ColumnClass.BIRTH, column.cls in tables.DROPPED, column.dtype, word if plain else column.domain


def _read_alike(columns: Sequence[Column], cells: Mapping[str, _Cells], lenient: bool) -> Iterator[tuple[str, _Made]]:
    words = [cells[column.name].words for column in columns]
    every = words[0] if len(words) == 1 else pl.concat(words, rechunk=True)
    first = columns[0]
    dropped = first.cls in tables.DROPPED
    frame = every.to_frame(_RAW).select(_stripped(pl.col(_RAW)))
    if not dropped or first.dtype != "string":
        frame = frame.with_columns(_read(pl.col(_RAW), first, lenient).alias(_READ))
    lost = None if dropped else frame.select(_lost(pl.col(_RAW), pl.col(_READ), first)).to_series()
    read = frame.to_series(-1)
    if lost is not None and not lost.any():
        lost = None
    begin = 0
    for column, own in zip(columns, words, strict=True):
        part = slice(begin, begin := begin + own.len())
        yield column.name, _Made(read[part], None if lost is None else lost[part])


def _stripped(value: pl.Expr) -> pl.Expr:
    text = value.str.strip_chars(" \u3000")
    return pl.when(text != "").then(text)


def _count(cells: _Cells, lost: pl.Series, table: str, column: Column, report: Report, records: Records | None) -> None:
    """Count cells that were lost in reading; where `records` is given, stop at the first lost number."""
    if not lost.any():
        return
    where = cells.spread(lost).fill_null(False)
    if where.any() and records is not None and column.dtype != "string":
        record = int(records[int(where.arg_true()[0])])
        raise BadFile("number", record=record, field=column.name, remedy="a number of the column's digits expected")
    report.warn(f"domain:{table}.{column.name}", int(where.sum()))


def _lost(raw: pl.Expr, read: pl.Expr, column: Column) -> pl.Expr:
    if column.domain in {"date", "month"}:
        return dates.failing(raw, read).fill_null(False)
    return raw.is_not_null() & read.is_null()


def _read(value: pl.Expr, column: Column, lenient: bool) -> pl.Expr:
    if column.dtype != "string":
        return _number(value.str.normalize("NFKC") if lenient else value, column)
    return value if column.cls in tables.DROPPED else _string(value, column)


def _string(value: pl.Expr, column: Column) -> pl.Expr:
    word, _, rest = column.domain.partition(":")
    if column.cls is ColumnClass.BIRTH:
        day = dates.to_gregorian(value)
        return pl.when(day.str.len_bytes() == 8).then(day)
    if word == "date":
        return dates.as_date(value)
    if word == "month":
        return dates.as_month(value)
    if word == "insurer":
        return _matching(canonical_insurer(value), _INSURER)
    if word == "zip3":
        return _matching(value.str.normalize("NFKC").str.replace_all(r"[^0-9A-Za-z]", ""), _ZIP)
    return _matching(value, f"^(?:{rest})$" if word == "form" else _CODE)


def _matching(value: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(value.str.contains(pattern)).then(value)


def _number(value: pl.Expr, column: Column) -> pl.Expr:
    """A plainly written number within the column's range, rounded to its step; null for anything else."""
    wanted = tables.polars_type(column)
    low, high, _ = tables.bounds(column.domain)
    if column.dtype == "integer":
        number = _matching(value, r"^-?[0-9]{1,12}$").cast(pl.Int64, strict=False)
        return pl.when(number.is_between(int(low), int(high))).then(number).cast(wanted)
    exact = _matching(value, r"^-?[0-9]{1,9}(?:\.[0-9]{1,6})?$").cast(pl.Decimal(18, 6), strict=False)
    rounded = exact.round(wanted.scale if isinstance(wanted, pl.Decimal) else 0)
    return pl.when(rounded.is_between(pl.lit(low), pl.lit(high))).then(rounded).cast(wanted)
