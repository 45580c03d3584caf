"""From raw strings to the typed columns of a parcel, by the words of the field table.

A string that does not have its column's form is emptied and counted (``domain:<table>.<column>``): a name written into
a code column must not get into the store because of the column's class. Codes are checked for shape only; whether a
code exists is the contract's business. Dropped classes stay as they came, they leave at the next step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats import tables
from provision.formats.base import BadFile, Column, Report
from provision.formats.distinct import repeats
from provision.formats.words import Words, read

#: Record number of each row.
Records = Sequence[int] | npt.NDArray[np.int64]


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
        return cls(cells, cells.unique() if repeats(cells) else cells, False)

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
            return made if self._in_order else made[self.cells]
        if self.words is self.cells:
            return made
        return self.cells.replace_strict(self.words, made, default=None, return_dtype=made.dtype)


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
    made = read({column: cells[column.name].words for column in filled}, lenient=records is None)
    for column in filled:
        if (lost := made[column.name].lost) is not None:
            _count(cells[column.name], lost, table, column, report, records)
    typed_columns = [_spread(cells[c.name], made.get(c.name), c).alias(c.name) for c in columns]
    return pl.DataFrame([*raw.select(pl.exclude([column.name for column in columns])).get_columns(), *typed_columns])


def typed_together(
    raws: Mapping[str, tuple[pl.DataFrame, Sequence[Column]]], report: Report
) -> dict[str, pl.DataFrame]:
    """Tables by name, each with its columns, as `typed` makes them one by one without `records`. The words of all of
    them are read in one go: what is taken out of documents is many columns in many tables, and few rows."""
    cells = {
        placed(table, column): _Cells.of(raw[column.name], None)
        for table, (raw, columns) in raws.items()
        for column in columns
    }
    made = read({column: own.words for column, own in cells.items() if not own.blank}, lenient=True)
    found = {}
    for table, (raw, columns) in raws.items():
        kept = raw.select(pl.exclude([column.name for column in columns])).get_columns()
        for column in columns:
            own, read_words = cells[where := placed(table, column)], made.get(where.name)
            if read_words is not None and read_words.lost is not None:
                _count(own, read_words.lost, table, column, report, None)
            kept.append(_spread(own, read_words, column).alias(column.name))
        found[table] = pl.DataFrame(kept)
    return found


@cache
def placed(table: str, column: Column) -> Column:
    """The column under a name that no column of another table has."""
    return replace(column, name=f"{table}.{column.name}")


def _spread(cells: _Cells, made: Words | None, column: Column) -> pl.Series:
    if made is None:
        return _nothing(tables.polars_type(column)).new_from_index(0, cells.cells.len())
    unchanged = not cells.coded and column.dtype == "string" and made.read.equals(cells.words)
    return cells.cells if unchanged else cells.spread(made.read)


@cache
def _nothing(dtype: pl.DataType) -> pl.Series:
    return pl.Series([None], dtype=dtype)


def _count(cells: _Cells, lost: pl.Series, table: str, column: Column, report: Report, records: Records | None) -> None:
    """Count cells that were lost in reading; where `records` is given, stop at the first lost number."""
    if not lost.any():
        return
    where = cells.spread(lost).fill_null(False)
    if where.any() and records is not None and column.dtype != "string":
        record = int(records[int(where.arg_true()[0])])
        raise BadFile("number", record=record, field=column.name, remedy="a number of the column's digits expected")
    report.warn(f"domain:{table}.{column.name}", int(where.sum()))
