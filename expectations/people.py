"""Counts over people: groups of equal quasi-identifiers, what is sensitive in them, and who carries a code.

A table that shows no person is counted by rows: they are at least as many as people. Where no single table carries all
quasi-identifiers they are joined over the person, as every recipient can. A missing value is a value of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING

from expectations.contract import Closeness, Diversity, PeopleContract
from expectations.read import TableText, Unreadable

if TYPE_CHECKING:
    import polars as pl

_WHO = "\u241fperson"
#: Pairs of group and value that are held at once.
_MOST = 50_000_000


def members(people: PeopleContract, tables: Mapping[str, TableText]) -> pl.LazyFrame:
    """Who stands in which group: distinct (person, quasi values); without a person every row is one of its own."""
    import polars as pl

    quasi = list(people.quasi)
    if people.table:
        frame = tables[people.table].frame
        if people.person is None:
            return frame.select(quasi).with_row_index(_WHO)
        return (
            frame.filter(pl.col(people.person).is_not_null()).select(pl.col(people.person).alias(_WHO), *quasi).unique()
        )
    parts = [_of_column(people, tables, name) for name in quasi]
    return reduce(lambda left, right: left.join(right, on=_WHO, how="full", coalesce=True), parts)


def _of_column(people: PeopleContract, tables: Mapping[str, TableText], name: str) -> pl.LazyFrame:
    """Distinct (person, value) of one quasi-identifier over all tables that carry both. `Unreadable` for none."""
    import polars as pl

    carrying = [t for t in tables.values() if name in t.header and people.person in t.header]
    if people.person is None or not carrying:
        raise Unreadable("people.no_table")
    rows = [
        t.frame.select(pl.col(people.person).cast(pl.String).alias(_WHO), pl.col(name).cast(pl.String))
        for t in carrying
    ]
    return pl.concat(rows).filter(pl.col(_WHO).is_not_null()).unique()


def group_sizes(people: PeopleContract, tables: Mapping[str, TableText]) -> pl.DataFrame:
    """Every group's ``people`` and ``rows``. A row without a person is nobody's; without such a column each is one."""
    import polars as pl

    if people.table:
        frame = tables[people.table].frame
        who = pl.len() if people.person is None else pl.col(people.person).drop_nulls().n_unique()
    else:
        frame, who = members(people, tables), pl.col(_WHO).n_unique()
    counted = frame.group_by(list(people.quasi)).agg(people=who, rows=pl.len())
    return counted.select(pl.col("people", "rows").cast(pl.Int64)).collect(engine="streaming")


def carriers(people: PeopleContract, column: str, tables: Mapping[str, TableText]) -> pl.DataFrame:
    """For every value of ``table.column`` how many carry it: ``people`` and ``rows``. Nulls are no code."""
    import polars as pl

    table, _, name = column.partition(".")
    text = tables[table]
    who = pl.col(people.person).n_unique() if people.person in text.header else pl.len()
    counted = text.frame.filter(pl.col(name).is_not_null()).group_by(name).agg(people=who, rows=pl.len())
    return counted.select(pl.col("people", "rows").cast(pl.Int64)).collect(engine="streaming")


def _shown(people: PeopleContract, column: str, tables: Mapping[str, TableText]) -> pl.DataFrame:
    """Distinct (group, person, sensitive value). `Unreadable` where nothing connects group and value."""
    import polars as pl

    table, _, name = column.partition(".")
    text, quasi = tables[table], list(people.quasi)
    if people.table == table and people.person is None:
        sensitive = text.frame.select(*quasi, pl.col(name).alias("value")).with_row_index(_WHO)
        return sensitive.collect(engine="streaming")
    if people.person is None or people.person not in text.header:
        raise Unreadable("people.not_connected")
    value = pl.col(name).cast(pl.String).alias("value")
    sensitive = text.frame.select(pl.col(people.person).cast(pl.String).alias(_WHO), value).unique()
    groups = members(people, tables).with_columns(pl.col(_WHO).cast(pl.String))
    return groups.join(sensitive, on=_WHO, how="inner").collect(engine="streaming")


def show_several(people: PeopleContract, column: str, tables: Mapping[str, TableText]) -> int:
    """How many people show more than one value of ``table.column``, or stand in more than one group."""
    import polars as pl

    shown = _shown(people, column, tables).group_by(_WHO).len()
    return int(shown.filter(pl.col("len") > 1).height)


def _cells(people: PeopleContract, column: str, tables: Mapping[str, TableText]) -> pl.DataFrame:
    """How often each sensitive value stands in each group: quasi-identifiers, ``value``, ``own``, group's ``rows``."""
    import polars as pl

    quasi = list(people.quasi)
    counted = _shown(people, column, tables).group_by([*quasi, "value"]).agg(own=pl.len().cast(pl.Int64))
    return counted.with_columns(rows=pl.col("own").sum().over(quasi))


def diversities(people: PeopleContract, asked: Diversity, tables: Mapping[str, TableText]) -> pl.DataFrame:
    """One figure per group as the kind says: ``figure``, and ``rows`` (pairs of person and value)."""
    import polars as pl

    ranked = _cells(people, asked.column, tables).sort("own", descending=True)
    share = pl.col("own") / pl.col("rows")
    tail = pl.col("own").slice(int(asked.least) - 1).sum()
    figure = {
        "distinct": pl.len().cast(pl.Float64),
        "entropy": (-(share * share.log()).sum()).exp(),
        "recursive": pl.when(tail > 0).then(pl.col("own").first() / tail).otherwise(float("inf")),
    }[asked.kind]
    return ranked.group_by(list(people.quasi), maintain_order=True).agg(figure=figure, rows=pl.col("rows").first())


def distances(people: PeopleContract, asked: Closeness, tables: Mapping[str, TableText]) -> pl.DataFrame:
    """Distance of every group's distribution from that of all: ``figure``, and ``rows`` (pairs of person and value).

    Raises `Unreadable` where an ordered distance would need more than `_MOST` pairs of group and value.
    """
    quasi, cells = list(people.quasi), _cells(people, asked.column, tables)
    apart = _ordered(quasi, cells) if asked.kind == "ordered" else _equal(quasi, cells)
    return apart.select("figure", "rows")


def _equal(quasi: list[str], cells: pl.DataFrame) -> pl.DataFrame:
    """Values that a group lacks add their whole share, which is what is missing to 1: no table of all values."""
    import polars as pl

    shares = cells.join(_whole(cells), on="value", nulls_equal=True)
    apart = (pl.col("own") / pl.col("rows") - pl.col("share")).abs().sum() + (1 - pl.col("share").sum())
    return shares.group_by(quasi).agg(figure=(apart / 2).clip(0, 1), rows=pl.col("rows").first())


def _ordered(quasi: list[str], cells: pl.DataFrame) -> pl.DataFrame:
    """Every group with every value, in the order of ranks: what a group lacks moves, too."""
    import polars as pl

    groups, whole = cells.group_by(quasi).agg(pl.col("rows").first()), _whole(cells)
    if groups.height * whole.height > _MOST:
        raise Unreadable("people.too_many_values_to_rank")
    table = groups.join(whole, how="cross").join(cells.drop("rows"), on=[*quasi, "value"], how="left", nulls_equal=True)
    apart = pl.col("own").fill_null(0) / pl.col("rows") - pl.col("share")
    figure = apart.sort_by("rank").cum_sum().abs().sum() / max(1, whole.height - 1)
    return table.group_by(quasi).agg(figure=figure.clip(0, 1), rows=pl.col("rows").first())


def _whole(cells: pl.DataFrame) -> pl.DataFrame:
    """The share of every value among all, in the order of ranks, a missing value first."""
    import polars as pl

    number = pl.col("value").cast(pl.Float64, strict=False)
    whole = cells.group_by("value").agg(share=pl.col("own").sum() / cells["own"].sum()).with_columns(number=number)
    numbers = whole.filter(pl.col("value").is_not_null())["number"].null_count() == 0
    return whole.sort("number" if numbers else "value", nulls_last=False).drop("number").with_row_index("rank")
