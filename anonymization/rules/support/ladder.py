"""段階的一般化: each value at the finest level that enough people share; what is rare on the highest step goes.

The counts of a step are of those only who found no place on a finer one: a year that is shared by a hundred people is
no hiding place for the one of them whose month is rare, if the months of the others are released. The result is not a
level of a hierarchy but several mixed, which is safe to count on (every label that stays is carried by enough people),
and the reason why nothing may be coarsened by it that the search generalises too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

#: From the name of a column to its steps, from fine to coarse; null where a value has none.
Steps = Callable[[str], Sequence[pl.Expr]]
_PERSON, _VALUE, _PLACED = "\x00person", "\x00value", "\x00placed"


@dataclass(frozen=True)
class Kept:
    """Labels that stay, by step from fine to coarse, each carried by enough people; and people by what became of them.

    `people` counts those with a value on each step and, last, those some value of whom went.
    """

    labels: tuple[tuple[str, ...], ...]
    people: tuple[int, ...]


def climbed(frame: pl.LazyFrame, columns: Sequence[str], steps: Steps, person: str, least: int) -> Kept:
    """Learn which labels of each step at least `least` people carry, over all columns together."""
    table, height = _values(frame, columns, steps, person)
    kept, people = [], []
    for step in range(height):
        left = table.filter(~pl.col(_PLACED)).select(_PERSON, pl.col(f"{step}").alias("label")).drop_nulls("label")
        enough = left.unique().group_by("label").len("people").filter(pl.col("people") >= least).sort("label")
        kept.append(tuple(enough["label"]))
        people.append(left.join(enough, on="label", how="semi")[_PERSON].n_unique())
        here = pl.col(f"{step}").is_in(enough["label"].implode()).fill_null(False)
        table = table.with_columns((pl.col(_PLACED) | here).alias(_PLACED))
    return Kept(tuple(kept), (*people, table.filter(~pl.col(_PLACED))[_PERSON].n_unique()))


def placed(column: str, steps: Steps, kept: Kept) -> pl.Expr:
    """A column's value at the finest step that keeps it; null where none does."""
    choices = [
        step.replace_strict(list(labels), list(labels), default=None, return_dtype=pl.String)
        for step, labels in zip(steps(column), kept.labels, strict=True)
        if labels
    ]
    return pl.coalesce(choices) if choices else pl.lit(None, pl.String)


def _values(frame: pl.LazyFrame, columns: Sequence[str], steps: Steps, person: str) -> tuple[pl.DataFrame, int]:
    """Everybody's distinct values with their labels (worked out once per value), and how many steps there are."""
    parts = [
        frame.select(pl.col(person).alias(_PERSON), pl.col(name).cast(pl.String).alias(_VALUE)) for name in columns
    ]
    pairs = pl.concat(parts).filter(pl.col(_VALUE).fill_null("") != "").unique().collect()
    expressions = [step.cast(pl.String).alias(f"{number}") for number, step in enumerate(steps(_VALUE))]
    labels = pairs.select(_VALUE).unique().select(_VALUE, *expressions)
    return pairs.join(labels, on=_VALUE).with_columns(pl.lit(False).alias(_PLACED)), len(expressions)
