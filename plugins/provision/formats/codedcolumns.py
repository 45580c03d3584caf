"""Typed tables of coded columns (`fhircoded`): what is made of a word is made once, and put into all of its cells."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl

from provision.formats import remembered, tables
from provision.formats.base import Column, Dataset, Report, Table
from provision.formats.columns import placed
from provision.formats.fhircoded import Coded, Rows
from provision.formats.words import Words


def typed_rows(dataset: Dataset, found: Mapping[str, Rows], start: int, report: Report) -> dict[str, pl.DataFrame]:
    """Tables by name in the order of the dataset, columns as `columns.typed_together` types them; claims are numbered
    on from `start`. Cells that are lost in reading are counted."""
    cells = {one.name: _placed(one, found[one.name]) for one in dataset.tables if one.name in found}
    every = {column: coded.words for own in cells.values() for column, coded in own.items() if not coded.blank}
    read = remembered.read(every)
    made = {}
    for name, own in cells.items():
        numbers = pl.Series("claim_no", found[name].owners + start, dtype=pl.Int64)
        columns = (_series(column, coded, read.get(column.name), report) for column, coded in own.items())
        made[name] = pl.DataFrame([numbers, *columns])
    return made


def _placed(table: Table, rows: Rows) -> dict[Column, Coded]:
    """The columns that there are, under names that no column of another table has."""
    columns = (column for column in table.columns if column.name in rows.columns)
    return {placed(table.name, column): rows.columns[column.name] for column in columns}


def _series(column: Column, cells: Coded, read: Words | None, report: Report) -> pl.Series:
    """The cells of a column ``table.name`` under its name."""
    name = column.name.partition(".")[2]
    if read is None:
        return _nothing(tables.polars_type(column)).new_from_index(0, len(cells.cells)).alias(name)
    if read.lost is not None:
        report.warn(f"domain:{column.name}", int(read.lost[cells.numbers()].sum()))
    return read.read[cells.numbers()].alias(name)


@cache
def _nothing(dtype: pl.DataType) -> pl.Series:
    return pl.Series([None], dtype=dtype)
