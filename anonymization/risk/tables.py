"""A table becomes groups of people: rows, their quasi-identifiers, whose rows they are, how many they stand for.

Missing is null, the empty text, or not a number; here it is a value of its own (`missing` has the other view). Without
a column of persons each row is one person. A person's weight is one number on all of their rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from anonymization.risk.groups import Cells, Floats, Groups, Ints
from anonymization.risk.unfit import Unfit

#: What is a number, so that every engine takes the same texts for numbers.
NUMBER = r"^[+-]?[0-9]{1,30}(\.[0-9]{1,30})?$"
#: Names of our own beside the table's columns.
GROUP, PERSON, PEOPLE, WEIGHT = "\x00group", "\x00person", "\x00people", "\x00weight"


@dataclass(frozen=True)
class Grouped:
    """`keys`: one row per group, with the quasi-identifiers, ``GROUP`` (rows in order), ``PEOPLE`` and ``WEIGHT``.

    `repeated`: GROUP, PERSON and WEIGHT of people who are in more than one group. `people`: distinct people.
    """

    quasi: tuple[str, ...]
    keys: pl.DataFrame
    repeated: pl.DataFrame
    people: int
    total_weight: float
    rows: int
    groups: Groups

    @property
    def weight(self) -> Floats:
        """Sum of the weights of each group's people; their number where the table has no weights."""
        return self.keys[WEIGHT].cast(pl.Float64).to_numpy()


def grouped(
    table: pl.DataFrame,
    quasi: Sequence[str],
    sensitive: Sequence[str] = (),
    *,
    person: str | None = None,
    weight: str | None = None,
) -> Grouped:
    """Group the people of a table. Unfit where nobody is there or a person or weight is missing or in conflict."""
    if not table.height or not quasi or len({*quasi, *sensitive}) != len(quasi) + len(sensitive):
        raise Unfit("risk needs rows, quasi-identifiers, and each column in one role")
    rows = _rows(table, quasi, sensitive, person, weight)
    pairs = people = rows.select(*quasi, PERSON, WEIGHT)
    if person is not None:  # else every row is one person of its own
        pairs = pairs.unique(maintain_order=True)
        people = pairs.select(PERSON, WEIGHT).unique()
        if people[PERSON].n_unique() != people.height:
            raise Unfit("a person has two weights")
    keys = pairs.group_by(quasi, maintain_order=True).agg(pl.len().alias(PEOPLE), pl.col(WEIGHT).sum())
    keys = keys.with_row_index(GROUP).with_columns(pl.col(GROUP).cast(pl.Int64))
    cells = {name: _cells(rows, quasi, keys, name) for name in sensitive}
    return Grouped(
        tuple(quasi), keys, _repeated(pairs, keys, quasi), people.height, float(people[WEIGHT].sum()), table.height,
        Groups(keys[PEOPLE].cast(pl.Int64).to_numpy(), None, cells),
    )  # fmt: skip


def _repeated(pairs: pl.DataFrame, keys: pl.DataFrame, quasi: Sequence[str]) -> pl.DataFrame:
    """Group, person and weight of people who are in more than one group."""
    several = pairs.filter(pl.len().over(PERSON) > 1) if pairs[PERSON].n_unique() < pairs.height else pairs.clear()
    return several.join(keys.select(*quasi, GROUP), on=list(quasi), nulls_equal=True).select(GROUP, PERSON, WEIGHT)


def world_of(people: Grouped, population: Grouped) -> Ints:
    """For each group the people of a population, grouped alike, who look the same; 0 for nobody."""
    world = population.keys.select(*people.quasi, pl.col(PEOPLE).alias("\x00world"))
    joined = people.keys.join(world, on=list(people.quasi), how="left", nulls_equal=True, maintain_order="left")
    return joined["\x00world"].fill_null(0).cast(pl.Int64).to_numpy()


def as_values(name: str) -> pl.Expr:
    """A column with every kind of missing as null."""
    text = pl.col(name).cast(pl.String)
    return pl.when(~text.is_in(["", "NaN", "nan"])).then(text).alias(name)


def ranks(values: pl.Series) -> pl.DataFrame:
    """Distinct values and their rank: missing first; numbers by size where all are numbers, else by code point."""
    unique = pl.DataFrame({"value": values.cast(pl.String).unique()})
    by_size = bool(unique["value"].str.contains(NUMBER).fill_null(True).all())
    size = pl.col("value").cast(pl.Float64) if by_size else pl.lit(0.0)
    unique = unique.with_columns(number=size)
    return unique.sort("number", "value", nulls_last=False).select("value").with_row_index("rank")


def _rows(
    table: pl.DataFrame, quasi: Sequence[str], sensitive: Sequence[str], person: str | None, weight: str | None
) -> pl.DataFrame:
    whose = pl.int_range(pl.len()) if person is None else as_values(person)
    stands = pl.lit(1.0) if weight is None else pl.col(weight).cast(pl.Float64, strict=False)
    rows = table.select(*(as_values(name) for name in (*quasi, *sensitive)), whose.alias(PERSON), stands.alias(WEIGHT))
    nobody = rows[PERSON].null_count()
    if nobody:
        raise Unfit(f"{nobody} rows belong to nobody: the person column is empty there")
    wrong = int((~(rows[WEIGHT].is_finite() & (rows[WEIGHT] >= 1))).fill_null(True).sum())
    if wrong:
        raise Unfit(f"{wrong} rows have no weight of at least 1")
    return rows


def _cells(rows: pl.DataFrame, quasi: Sequence[str], keys: pl.DataFrame, name: str) -> Cells:
    order = ranks(rows[name])
    people = rows.group_by([*quasi, name], maintain_order=True).agg(pl.col(PERSON).n_unique().alias(PEOPLE))
    people = people.join(keys.select(*quasi, GROUP), on=list(quasi), nulls_equal=True)
    people = people.join(order, left_on=name, right_on="value", nulls_equal=True).sort(GROUP, "rank")
    whole = rows.group_by(name).agg(pl.col(PERSON).n_unique().alias(PEOPLE))
    whole = whole.join(order, left_on=name, right_on="value", nulls_equal=True).sort("rank")
    number = [people[column].cast(pl.Int64).to_numpy() for column in (GROUP, "rank", PEOPLE)]
    return Cells(number[0], number[1], number[2], np.asarray(whole[PEOPLE].cast(pl.Int64).to_numpy()))
