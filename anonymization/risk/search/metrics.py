"""情報損失: what a node costs. Definitions and normalisation are ARX's, so that figures can be compared.

A metric of columns (`Loss`, `Precision`, `Entropy`) adds up over the columns: what generalising costs is known without
grouping anybody, and is a lower bound of the whole. A metric of groups (`Discernibility`, `AverageClassSize`) is known
only where the groups are; what it gives without suppression never falls by generalising, so it bounds what lies above.
Only people of the table count, never those of a population.
"""

from __future__ import annotations

from typing import Protocol

from anonymization.risk.groups import Floats
from anonymization.risk.search.classes import Classes
from anonymization.risk.search.column_metrics import Entropy, EntropyOfGeneralising, Loss, Precision
from anonymization.risk.search.group_metrics import AverageClassSize, Discernibility, DiscernibilityOfAll
from anonymization.risk.search.problem import Problem
from anonymization.risk.unfit import Unfit


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


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Loss(), Discernibility(), AverageClassSize(), Entropy(), Precision(), EntropyOfGeneralising(),
        DiscernibilityOfAll(),
    )
}  # fmt: skip


def metric(name: str) -> Metric:
    """The metric of that name; Unfit where there is none."""
    if name not in METRICS:
        raise Unfit("there is no such metric; there are " + ", ".join(METRICS))
    return METRICS[name]
