"""出来事: what a recipient can see of people's lives in the made tables: one row per event, whoever's it is.

A row of a table is an event. Where numbers link claims, a row of a detail table carries what the head of its claim
says, too (a diagnosis has the month and the facility of the claim). Columns are named as limits name them: by their
name, or by table and name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from provision.formats.base import Column, ColumnClass
from provision.model import Plan
from provision.releasing.shapes import CLAIM
from provision.releasing.tables import Treated

#: Names no column of a sender can have.
WHO, UNIT = ".who", ".unit"
#: Texts of these classes say what was done where and what somebody has; amounts are no events by themselves.
_CLASSES = frozenset({ColumnClass.PROVIDER, ColumnClass.SENSITIVE})
_DATES = frozenset({"month", "date"})


@dataclass(frozen=True)
class Happenings:
    """`rows`: `WHO` (the person), `UNIT` (what links events: the person, the claim, or the row alone) and `columns`,
    all text. `known`: most events that can be known together."""

    rows: pl.DataFrame
    columns: tuple[str, ...]
    known: int


def happenings(plan: Plan, tables: Sequence[Treated], places: Sequence[str]) -> Happenings | None:
    """Events by these columns (``name`` or ``table.name``); None where none of them goes out."""
    carried = {table.shape.name: _carried(table, places) for table in tables}
    names = [place for place in places if any(place in found for found in carried.values())]
    if not names:
        return None
    heads = [table for table in tables if table.shape.head and plan.linkage != "none"]
    rows = [piece for table in tables for piece in _of_table(table, heads, carried)]
    every = pl.concat([row.with_columns(pl.col(row.columns).cast(pl.String)) for row in rows], how="diagonal")
    unit = {"person": pl.col(WHO), "claim": pl.col(CLAIM) if CLAIM in every.columns else pl.col(WHO)}
    alone = pl.int_range(pl.len()).cast(pl.String)
    return Happenings(
        every.select(WHO, unit.get(plan.linkage, alone).alias(UNIT), *names),
        tuple(names),
        1 if plan.linkage == "none" else 3,
    )


def default_places(tables: Sequence[Treated], dates: frozenset[str]) -> tuple[str, ...]:
    """Columns that make an event where nobody said which: codes of diseases, facilities and payers, days and months.

    `dates`: columns that hold days or months, as ``table.name`` of the release's tables. What was counted of a person
    is no event.
    """
    found = [
        column.name
        for table in tables
        for column in table.shape.columns
        if column.name not in table.shape.counted and (f"{table.shape.name}.{column.name}" in dates or _is_code(column))
    ]
    return tuple(dict.fromkeys(found))


def is_date(column: Column) -> bool:
    """Whether a column as the sender has it holds days or months of something that happened."""
    return column.domain in _DATES and column.cls is not ColumnClass.BIRTH


def _is_code(column: Column) -> bool:
    return column.cls in _CLASSES and column.dtype == "string"


def _carried(table: Treated, places: Sequence[str]) -> dict[str, str]:
    """Place -> column of this table."""
    names = {column.name for column in table.shape.columns}
    found = {place: place.rpartition(".")[2] for place in places}
    own = {table.shape.name, table.shape.table}
    return {p: n for p, n in found.items() if n in names and ("." not in p or p.partition(".")[0] in own)}


def _of_table(table: Treated, heads: Sequence[Treated], carried: dict[str, dict[str, str]]) -> list[pl.DataFrame]:
    """The events of one table; none of a detail table that carries no column of its own."""
    mine = carried[table.shape.name]
    if not mine:
        return []
    keys = [name for name in (CLAIM,) if name in table.frame.columns]
    own = table.frame.select(pl.col("person").alias(WHO), *keys, *[pl.col(n).alias(p) for p, n in mine.items()])
    head = next((one for one in heads if one.shape.dataset == table.shape.dataset), None)
    if head is None or head is table or not keys:
        return [own]
    more = {p: n for p, n in carried[head.shape.name].items() if p not in mine}
    said = head.frame.select(CLAIM, *[pl.col(n).alias(p) for p, n in more.items()]).unique(CLAIM)
    return [own.join(said, on=CLAIM, how="left")]
