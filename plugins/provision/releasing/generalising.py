"""一般化と除外: the levels with the least loss at which every group of people meets all requirements.

One row per person. Beside the plan's quasi-identifiers it counts which datasets of the release somebody is in: whoever
follows a number from table to table sees that, and whoever knows that somebody is a patient *and* in care looks for it.
So a group of k holds in every table and in every set of tables, not only where one table carries all columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from anonymization.risk.asking import asked
from anonymization.risk.assessing import Assessment, assess
from anonymization.risk.requirements import Requirement
from anonymization.risk.search.coding import problem
from anonymization.risk.search.column_metrics import Loss
from anonymization.risk.search.generalising import Generalised, generalise, least_left_out
from anonymization.risk.search.metrics import Metric, metric
from anonymization.risk.search.problem import Node, Problem
from anonymization.risk.search.recoding import recode
from anonymization.risk.unfit import Unfit
from provision.errors import FixConfiguration, Refused
from provision.formats.base import Column
from provision.model import Plan
from provision.profiles import Generalise, Profile, Requirements
from provision.releasing.ladders import at_least, ladder, least_of

#: Which datasets of the release somebody is in. No column of a sender has this name (`formats.tables.RESERVED_NAMES`).
DATASETS = "dataset"


@dataclass(frozen=True)
class Question:
    """What is searched: people as text with `quasi` and `sensitive` columns, and how each may be generalised."""

    people: pl.DataFrame
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    columns: Mapping[str, Column]
    uses: Mapping[str, Generalise]
    requirements: tuple[Requirement, ...]
    k: int
    limit: float
    metric: Metric
    where: str


@dataclass(frozen=True)
class Answer:
    """`people`: person and quasi-identifiers at their level, of those who stay. `after`: their risk."""

    question: Question
    found: Generalised
    people: pl.DataFrame
    after: Assessment

    @property
    def levels(self) -> dict[str, int]:
        """Of each quasi-identifier the level it has."""
        return self.levels_of(self.found.best.node)

    def levels_of(self, node: Node) -> dict[str, int]:
        """Levels of a node as the profile's hierarchies number them."""
        start = {name: least_of(use) for name, use in self.question.uses.items()}
        return {name: start.get(name, 0) + level for name, level in zip(self.question.quasi, node, strict=True)}


def question(
    plan: Plan,
    profile: Profile,
    people: pl.DataFrame,
    heads: pl.DataFrame,
    columns: Mapping[str, Column],
    wanted: Requirements,
) -> Question:
    """People of a selection (`person` and every column of `columns`), ready for the search.

    `FixConfiguration` where what is required has no sense.
    """
    quasi = [name for name in columns if name in plan.quasi_identifiers]
    sensitive = tuple(name for name in columns if name not in quasi)
    text = people.select("person", *(pl.col(name).cast(pl.String).fill_null("") for name in columns))
    where = heads.group_by("person").agg(pl.col("dataset").unique().sort().str.join(" ").alias(DATASETS))
    if where[DATASETS].n_unique() > 1:
        text = text.join(where, on="person", how="left", maintain_order="left")
        quasi.append(DATASETS)
    uses = {one.column: one for one in profile.generalise if one.column in quasi}
    try:
        requirements, _ = asked(max(plan.k, profile.minimum_k), wanted.l, wanted.t)
    except Unfit as error:
        raise FixConfiguration(
            str(error), where=plan.id, rule="plan.requirements", remedy="correct requirements of plan or profile"
        ) from None
    weights = [uses[name].weight if name in uses else 1.0 for name in quasi]
    chosen = Loss(weights) if profile.metric == "loss" else metric(profile.metric)
    return Question(
        text, tuple(quasi), sensitive, columns, uses, requirements, max(plan.k, profile.minimum_k),
        plan.suppression_limit, chosen, plan.id,
    )  # fmt: skip


def answer(asked_for: Question) -> Answer:
    """Search, recode, assess. `Refused` ``release.suppression`` where too many people would be left out."""
    try:
        people = _finest(asked_for)
        made = _problem(asked_for, people, asked_for.quasi)
        found = generalise(made, asked_for.metric)
    except Unfit as error:
        raise FixConfiguration(
            str(error), where=asked_for.where, rule="release.risk", remedy="correct plan or profile"
        ) from None
    if found is None:
        raise _too_many(asked_for, people, made)
    kept = recode(people, made, found.best.node)
    if not kept.height:
        raise _too_many(asked_for, people, made)
    after = assess(kept, asked_for.quasi, asked_for.sensitive)
    nothing = [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in asked_for.quasi]
    return Answer(asked_for, found, kept.select("person", *nothing), after)


def _finest(asked_for: Question) -> pl.DataFrame:
    """The people with every column at the finest level that may go out."""
    labels = {name: at_least(name, use, asked_for.people[name]) for name, use in asked_for.uses.items()}
    return asked_for.people.with_columns(pl.col(name).replace_strict(found) for name, found in labels.items())


def _problem(asked_for: Question, people: pl.DataFrame, quasi: Sequence[str]) -> Problem:
    ladders = [ladder(name, asked_for.uses.get(name), asked_for.people[name]) for name in quasi]
    return problem(people, ladders, asked_for.requirements, limit=asked_for.limit, sensitive=asked_for.sensitive)


def _too_many(asked_for: Question, people: pl.DataFrame, made: Problem) -> Refused:
    """Who would be left out with everything at its coarsest, and what each column costs: the costliest first."""
    out = least_left_out(made)
    parts = [(out - _without(asked_for, people, name), name) for name in asked_for.quasi]
    costs = ", ".join(f"{name} costs {cost}" for cost, name in sorted(parts, reverse=True))
    return Refused(
        f"{out} of {made.people} people would be left out, the limit is {asked_for.limit:.1%}; {costs}",
        where=asked_for.where, rule="release.suppression",
        remedy="drop or coarsen the costliest column, or widen the selection",
    )  # fmt: skip


def _without(asked_for: Question, people: pl.DataFrame, name: str) -> int:
    """People who would be left out all the same if a column did not count."""
    others = [one for one in asked_for.quasi if one != name]
    return least_left_out(_problem(asked_for, people, others)) if others else 0
