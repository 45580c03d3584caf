"""情報損失: what a node costs. Definitions and normalisation are ARX's, so that figures can be compared.

A metric of columns (`Loss`, `Precision`, `Entropy`) adds up over the columns: what generalising costs is known without
grouping anybody, and is a lower bound of the whole. A metric of groups (`Discernibility`, `AverageClassSize`) is known
only where the groups are; what it gives without suppression never falls by generalising, so it bounds what lies above.
Only people of the table count, never those of a population.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from anonymization.risk.groups import Floats, Ints
from anonymization.risk.search.problem import Problem
from anonymization.risk.search.rollup import Classes


class Metric(Protocol):
    """One way of saying how much is lost; smaller is better."""

    @property
    def name(self) -> str:
        """As on the command line."""

    def columns(self, problem: Problem) -> tuple[Floats, ...] | None:
        """For each column the cost of each level with nobody left out; None for a metric of groups."""

    def combine(self, costs: Floats) -> Floats:
        """Costs of columns (last axis) as one figure."""

    def bound(self, classes: Classes) -> float:
        """A metric of groups: the cost with nobody left out."""

    def loss(self, classes: Classes) -> float:
        """The cost with everybody left out who must be."""


class _OfColumns:
    """Shared by metrics of columns: `level_cost` of a column by its people per label, and what the suppressed cost."""

    def columns(self, problem: Problem) -> tuple[Floats, ...] | None:
        nobody = [[np.zeros_like(people) for people in levels] for levels in problem.marginals]
        return tuple(
            np.array([self.cost(problem, column, level, nobody[column][level]) for level in range(height + 1)])
            for column, height in enumerate(problem.heights)
        )

    def bound(self, classes: Classes) -> float:
        costs = self.columns(classes.problem) or ()
        return float(self.combine(np.array([cost[level] for cost, level in zip(costs, classes.node, strict=True)])))

    def loss(self, classes: Classes) -> float:
        costs = [
            self.cost(classes.problem, column, level, classes.suppressed_labels(column))
            for column, level in enumerate(classes.node)
        ]
        return float(self.combine(np.array(costs)))

    def cost(self, problem: Problem, column: int, level: int, gone: Ints) -> float:
        """Cost of one column at a level; `gone`: people left out by their label there."""
        raise NotImplementedError

    def combine(self, costs: Floats) -> Floats:
        raise NotImplementedError


class Loss(_OfColumns):
    """Share of the domain a released cell may be (Iyengar 2002): 0 kept as it is, 1 suppressed or `*`. Geometric mean.

    Per column the mean share is brought to 0 to 1 (the least possible share is 1 / values of the domain); columns are
    combined by the geometric mean of (1 + cost), minus 1.
    """

    name = "loss"

    def cost(self, problem: Problem, column: int, level: int, gone: Ints) -> float:
        """Mean share of the domain, from 0 to 1."""
        hierarchy = problem.hierarchies[column]
        least = 1.0 / len(hierarchy.rows)
        if least == 1.0:
            return 0.0  # a domain of one value has nothing to lose
        kept = problem.marginals[column][level] - gone
        share = (float(kept @ hierarchy.domain_shares[level]) + float(gone.sum())) / problem.people
        return max(0.0, (share - least) / (1.0 - least))

    def combine(self, costs: Floats) -> Floats:
        """Geometric mean of (1 + cost), minus 1."""
        return np.asarray(np.prod(np.power(costs + 1.0, 1.0 / costs.shape[-1]), axis=-1) - 1.0)


class Precision(_OfColumns):
    """Height of the level in its hierarchy, 1 for people left out (Sweeney 2002). Arithmetic mean of the columns."""

    name = "precision"

    def cost(self, problem: Problem, column: int, level: int, gone: Ints) -> float:
        """Level / height, averaged over people."""
        height, out = problem.heights[column], int(gone.sum())
        return ((problem.people - out) * (level / height if height else 0.0) + out) / problem.people

    def combine(self, costs: Floats) -> Floats:
        """Arithmetic mean."""
        return np.asarray(costs.mean(axis=-1))


class Entropy(_OfColumns):
    """Non-uniform entropy (Gionis & Tassa 2009) in bits: how hard the value is to guess from its label, summed.

    People left out cost, besides, the entropy of their labels among them (ARX, "non-monotonic").
    """

    name = "entropy"

    def cost(self, problem: Problem, column: int, level: int, gone: Ints) -> float:
        """Bits lost by generalising everybody, and by leaving out who is left out."""
        return _bits(problem, column, level) + _spread(gone)

    def combine(self, costs: Floats) -> Floats:
        """Sum."""
        return np.asarray(costs.sum(axis=-1))


class EntropyOfGeneralising(Entropy):
    """The same, leaving people out costs nothing (ARX, "monotonic"): for comparing with published figures."""

    name = "entropy-monotonic"

    def cost(self, problem: Problem, column: int, level: int, gone: Ints) -> float:
        """Bits lost by generalising everybody."""
        return _bits(problem, column, level)


def _bits(problem: Problem, column: int, level: int) -> float:
    below, above = problem.marginals[column][0], problem.marginals[column][level]
    label = above[problem.hierarchies[column].codes[level]]
    seen = below > 0
    lost = below[seen] @ np.log2(label[seen] / below[seen])
    return float(lost)


def _spread(gone: Ints) -> float:
    counts = gone[gone > 0].astype(np.float64)
    return float(counts @ np.log2(counts.sum() / counts)) if counts.size else 0.0


class _OfGroups:
    """Shared by metrics of groups."""

    def columns(self, problem: Problem) -> tuple[Floats, ...] | None:
        return None

    def combine(self, costs: Floats) -> Floats:
        raise ValueError("a metric of groups has no costs of columns")


class Discernibility(_OfGroups):
    """Sum of squared group sizes; each person left out costs as many as there are people (Bayardo & Agrawal 2005)."""

    name = "discernibility"

    def bound(self, classes: Classes) -> float:
        """Sum of squared sizes of all groups."""
        return float(classes.size @ classes.size)

    def loss(self, classes: Classes) -> float:
        """Squares of released groups, and the people of the table for each that is left out."""
        kept = classes.size[classes.met]
        return float(kept @ kept) + float(classes.suppressed) * float(classes.problem.people)


class DiscernibilityOfAll(Discernibility):
    """The same, leaving people out costs no more than keeping them (ARX, "monotonic", DM*)."""

    name = "discernibility-monotonic"

    def loss(self, classes: Classes) -> float:
        """Sum of squared sizes of all groups."""
        return self.bound(classes)


class AverageClassSize(_OfGroups):
    """People per group (LeFevre 2006, not divided by k); those left out are one group more."""

    name = "average-class-size"

    def bound(self, classes: Classes) -> float:
        """People per group with nobody left out."""
        return classes.problem.people / int((classes.size > 0).sum())

    def loss(self, classes: Classes) -> float:
        """People per group."""
        kept = int((classes.met & (classes.size > 0)).sum())
        return classes.problem.people / (kept + (1 if classes.suppressed else 0))


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Loss(), Discernibility(), AverageClassSize(), Entropy(), Precision(), EntropyOfGeneralising(),
        DiscernibilityOfAll(),
    )
}  # fmt: skip


def metric(name: str) -> Metric:
    """The metric of that name; ValueError where there is none."""
    if name not in METRICS:
        raise ValueError("there is no such metric; there are " + ", ".join(METRICS))
    return METRICS[name]
