"""段階的一般化: each value at the finest level that enough people share; what is rare on the highest step goes.

The counts of a step are of those only who found no place on a finer one: a year that is shared by a hundred people
is no hiding place for the one of them whose month is rare, if the months of the others are released. The result is
not a level of a hierarchy but several mixed, which is safe to count on (every label that stays is carried by enough
people), and the reason why nothing may be coarsened by it that the search generalises too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from anonymization.rules.support.people import carried


@dataclass(frozen=True)
class Kept:
    """Labels that stay, by step from fine to coarse, each carried by enough people; and people by what became of them.

    `people` counts those with a value on each step and, last, those some value of whom went.
    """

    labels: tuple[tuple[str, ...], ...]
    people: tuple[int, ...]


def climbed(frame: pl.LazyFrame, steps: Sequence[Sequence[pl.Expr]], person: str, least: int) -> Kept:
    """Learn which labels of each step at least `least` people carry. `steps`: per step one expression per column."""
    kept: list[tuple[str, ...]] = []
    people: list[int] = []
    for number, expressions in enumerate(steps):
        left = [_left(steps, kept, number, column) for column in range(len(expressions))]
        counts = carried(frame, left, person).filter(pl.col("people") >= least)
        kept.append(tuple(counts["label"]))
        people.append(_people(frame, [label.is_in(list(kept[-1])) for label in left], person))
    gone = [_left(steps, kept, len(steps), column) for column in range(len(steps[0]))]
    return Kept(tuple(kept), (*people, _people(frame, [value.is_not_null() for value in gone], person)))


def placed(steps: Sequence[pl.Expr], kept: Kept) -> pl.Expr:
    """A column's value at the finest step that keeps it; null where none does."""
    choices = [pl.when(step.is_in(list(labels))).then(step) for step, labels in zip(steps, kept.labels, strict=True)]
    return pl.coalesce(choices)


def _left(steps: Sequence[Sequence[pl.Expr]], kept: Sequence[Sequence[str]], number: int, column: int) -> pl.Expr:
    """The label at a step (beyond the last: the value) of what no finer step has kept."""
    placed_below = pl.lit(False)
    for finer, labels in zip(steps, kept, strict=False):
        placed_below |= finer[column].is_in(list(labels)).fill_null(False)
    label = steps[number][column] if number < len(steps) else steps[0][column]
    return pl.when(~placed_below).then(label)


def _people(frame: pl.LazyFrame, whether: Sequence[pl.Expr], person: str) -> int:
    rows = frame.filter(pl.any_horizontal([one.fill_null(False) for one in whether]))
    return int(rows.select(pl.col(person).n_unique()).collect().item())
