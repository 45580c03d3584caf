"""Metrics that add up over columns: Loss, precision, non-uniform entropy. See `metrics` for what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from anonymization.risk.groups import Floats, Ints
from anonymization.risk.search.classes import Classes
from anonymization.risk.search.problem import Problem


class _OfColumns(ABC):
    """Shared by metrics of columns: a column's cost follows from its level and who is left out by label there."""

    def columns(self, problem: Problem) -> tuple[Floats, ...] | None:
        """For each column the cost of each level with nobody left out."""
        nobody = [[np.zeros_like(people) for people in levels] for levels in problem.marginals]
        return tuple(
            np.array([self.cost(problem, column, level, nobody[column][level]) for level in range(height + 1)])
            for column, height in enumerate(problem.heights)
        )

    def bound(self, classes: Classes) -> float:
        """The cost with nobody left out."""
        costs = self.columns(classes.problem) or ()
        return float(self.combine(np.array([cost[level] for cost, level in zip(costs, classes.node, strict=True)])))

    def loss(self, classes: Classes) -> float:
        """The cost with everybody left out who must be."""
        costs = [
            self.cost(classes.problem, column, level, classes.suppressed_labels(column))
            for column, level in enumerate(classes.node)
        ]
        return float(self.combine(np.array(costs)))

    @abstractmethod
    def cost(self, problem: Problem, column: int, level: int, gone: Ints) -> float:
        """Cost of one column at a level; `gone`: people left out by their label there."""

    @abstractmethod
    def combine(self, costs: Floats) -> Floats:
        """Costs of columns (last axis) as one figure."""


class Loss(_OfColumns):
    """Share of the domain a released cell may be (Iyengar 2002): 0 kept as it is, 1 suppressed or `*`. Geometric mean.

    Per column the mean share is brought to 0 to 1 (the least possible share is 1 / values of the domain); columns are
    combined by the geometric mean of (1 + cost), minus 1; weighted where `weights`, one a column, are given.
    """

    name = "loss"

    def __init__(self, weights: Sequence[float] = ()) -> None:
        self.weights = np.asarray(weights, dtype=np.float64)

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
        shares = self.weights / self.weights.sum() if self.weights.size else 1.0 / costs.shape[-1]
        return np.asarray(np.prod(np.power(costs + 1.0, shares), axis=-1) - 1.0)


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
