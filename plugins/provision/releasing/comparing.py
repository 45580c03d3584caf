"""提供どうしの比較: who is in one release of a recipient and not in the other, and could be found by that.

Whoever has both subtracts one from the other: in a group of equal quasi-identifiers that one person left, what is gone
is that person's. Both releases are evaluated on the store; people are compared one by one and told in counts, by cause:

* ``veto``, ``deletion``: withdrawn since the earlier release;
* ``suppression``: selected, but left out of the other release because their group was too small;
* ``correction``: the earlier recipe gives another answer by now (superseded, corrected, withdrawn, late records);
* ``period``: it gives another answer with the other's months;
* ``selection``: all else (sources, datasets, who is counted).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from provision.context import Context
from provision.releasing.batches import now
from provision.releasing.presence import KEY, Presence, one_person, selected_now, with_months
from provision.releasing.withdrawn import withdrawn

CAUSES = ("veto", "deletion", "suppression", "correction", "period", "selection")
#: Causes that stop a release where they can be seen.
WITHDRAWN = ("veto", "deletion")


@dataclass(frozen=True)
class Side:
    """People of one release who are not in the other, by cause; and of these, those in groups of 1 to k-1."""

    by_cause: Mapping[str, int]
    groups: int = 0
    small_groups: int = 0
    exposed: Mapping[str, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """How many."""
        return sum(self.by_cause.values())

    def figures(self) -> dict[str, object]:
        """Counts only."""
        return {
            "people": self.people, "by_cause": dict(self.by_cause), "groups": self.groups,
            "small_groups": self.small_groups, "exposed": dict(self.exposed),
        }  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """Two releases: who is in the earlier one only, in the later one only, and how many are in both. `columns`: the
    quasi-identifiers both show; a group of under `k` people is small."""

    columns: tuple[str, ...]
    k: int
    gone: Side
    new: Side
    both: int

    @property
    def exposed(self) -> int:
        """People withdrawn since, who could be found by comparing."""
        return sum(self.gone.exposed.get(cause, 0) for cause in WITHDRAWN)

    def figures(self) -> dict[str, object]:
        """Counts and names of columns only."""
        return {
            "quasi_identifiers": list(self.columns), "k": self.k, "both": self.both,
            "gone": self.gone.figures(), "new": self.new.figures(),
        }  # fmt: skip


def compare(ctx: Context, earlier: Presence, later: Presence) -> Difference:
    """What somebody sees who has both."""
    sources = sorted({*earlier.recipe.plan.sources, *later.recipe.plan.sources})
    columns = tuple(name for name in earlier.quasi if name in later.quasi)
    people = _People(ctx, sources, earlier, later)
    k = max(earlier.k, later.k)
    gone, new = people.only_in(people.earlier, people.later), people.only_in(people.later, people.earlier)
    both = people.earlier.join(people.later, on=KEY, how="semi")[KEY].n_unique()
    return Difference(
        columns, k, _side(gone, columns, k, people.causes_gone()), _side(new, columns, k, people.causes_new()), both
    )


class _People:
    """Everybody of two releases under one key a person, and who would be selected otherwise."""

    def __init__(self, ctx: Context, sources: list[str], earlier: Presence, later: Presence) -> None:
        recipe, at = earlier.recipe, now(ctx)
        again = selected_now(ctx, recipe.plan, recipe.profile, at)
        moved = selected_now(ctx, with_months(recipe.plan, later.recipe.plan), recipe.profile, at)
        gone = withdrawn(ctx, sources).select(pl.col("alias").alias(KEY), "cause")
        frames = (earlier.kept, later.kept, earlier.selected, later.selected, again, moved, gone)
        made = one_person(ctx, sources, *frames)
        self.earlier, self.later, self._selected_before, self._selected_after = made[:4]
        self._again, self._moved, self._gone = made[4:]

    @staticmethod
    def only_in(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
        """People of one frame who are not in the other."""
        return one.join(other, on=KEY, how="anti")

    def causes_gone(self) -> Iterator[tuple[str, pl.Expr]]:
        """Cause and condition for people of the earlier release, the first that holds being the cause."""
        for cause in WITHDRAWN:
            yield cause, _among(self._gone.filter(pl.col("cause") == cause))
        yield "suppression", _among(self._selected_after)
        yield from self._by_recipe(there=False)

    def causes_new(self) -> Iterator[tuple[str, pl.Expr]]:
        """The same for people of the later one."""
        yield "suppression", _among(self._selected_before)
        yield from self._by_recipe(there=True)

    def _by_recipe(self, *, there: bool) -> Iterator[tuple[str, pl.Expr]]:
        """What the earlier recipe says now of who is new (is there) or gone (is not)."""
        for cause, frame in (("correction", self._again), ("period", self._moved)):
            yield cause, _among(frame) if there else ~_among(frame)


def _among(frame: pl.DataFrame) -> pl.Expr:
    return pl.col(KEY).is_in(frame[KEY].unique().implode())


def _side(people: pl.DataFrame, columns: tuple[str, ...], k: int, causes: Iterator[tuple[str, pl.Expr]]) -> Side:
    """Counts of people who are in one release only. Somebody who was two people then counts once, in both groups."""
    known: list[pl.Expr] = [pl.when(holds).then(pl.lit(name)) for name, holds in causes]
    told = people.with_columns(cause=pl.coalesce(*known, pl.lit("selection")))
    by = [pl.col(name) for name in columns] or [pl.lit("everybody").alias("all")]
    sizes = told.group_by(by).agg(pl.col(KEY).n_unique().alias("size"), pl.col(KEY, "cause"))
    small = sizes.filter(pl.col("size") < k).select(KEY, "cause").explode(KEY, "cause")
    return Side(_counts(told), sizes.height, sizes.filter(pl.col("size") < k).height, _counts(small))


def _counts(told: pl.DataFrame) -> dict[str, int]:
    found = dict(told.select(KEY, "cause").unique().group_by("cause").len().iter_rows())
    return {cause: int(found[cause]) for cause in CAUSES if cause in found}
