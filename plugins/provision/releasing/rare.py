"""希少なコード: a code carried by under n people of the release goes, in every table, wherever codes stand.

特異な記述等 (Rules art. 34 item 4); NDB and nursing-care statistics publish no cell of under ten people. Counted
column by column over the people who stay, so that the gate can count it again in the payload.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from provision.formats.base import Column

#: Domains whose values are codes: what a profile's ``rare_codes`` looks at. Months, dates, bands and numbers are not.
_CODES = frozenset({"code", "form", "zip3", "insurer"})


@dataclass(frozen=True)
class Rare:
    """What went: codes and cells of one column, and people who carried one of them."""

    column: str
    codes: int
    cells: int
    people: int

    def figures(self) -> dict[str, object]:
        """For the facts."""
        return {"column": self.column, "codes": self.codes, "cells": self.cells, "people": self.people}


def of_codes(column: Column) -> bool:
    """Whether rare values of a column as a sender fills it are looked for."""
    return column.domain.partition(":")[0] in _CODES


def without_rare(
    frame: pl.DataFrame, names: Sequence[str], least: int, table: str, person: str
) -> tuple[pl.DataFrame, tuple[Rare, ...]]:
    """The table with rare codes of these columns emptied, and what went; nothing where `least` is 0."""
    found: list[Rare] = []
    for name in names if least else ():
        carried = frame.group_by(name).agg(pl.col(person).n_unique().alias("people")).drop_nulls(name)
        rare = carried.filter(pl.col("people") < least)[name]
        if rare.len():
            gone = frame.select(pl.col(name).is_in(rare.implode()).fill_null(False)).to_series()
            people = frame.filter(gone)[person].n_unique()
            found.append(Rare(f"{table}.{name}", rare.len(), int(gone.sum()), people))
            frame = frame.with_columns(pl.when(~gone).then(pl.col(name)).alias(name))
    return frame, tuple(found)
