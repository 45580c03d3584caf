"""Nodes that can be released, and which of them stand best."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import total_ordering

from anonymization.risk.search.classes import Classes
from anonymization.risk.search.metrics import Metric
from anonymization.risk.search.problem import Node

#: Two costs nearer than this (relatively) are one cost: the order of summing is all they differ by.
_SAME = 1e-12


@total_ordering
@dataclass(frozen=True)
class Candidate:
    """A node that can be released: cost, people left out, smallest group released."""

    node: Node
    loss: float
    suppressed: int
    smallest: int

    @property
    def rank(self) -> tuple[float, int, int, Node]:
        """What candidates are compared by."""
        return (float(f"{self.loss:.12e}"), self.suppressed, sum(self.node), self.node)

    def figures(self) -> dict[str, object]:
        """For reports and programs."""
        return {"transformation": list(self.node), "loss": self.loss, "suppressed": self.suppressed}

    def __lt__(self, other: Candidate) -> bool:
        """Whether this one is better."""
        return self.rank < other.rank


@dataclass
class Standing:
    """The best nodes so far: the optimum and the runner-up."""

    best: list[Candidate] = field(default_factory=list)
    keep: int = 2

    def offer(self, candidate: Candidate) -> None:
        """Take a candidate in where it is good enough."""
        if candidate not in self.best:
            self.best = sorted([*self.best, candidate])[: self.keep]

    def beaten(self, bound: float) -> bool:
        """Whether nothing that costs at least `bound` can come in any more."""
        return len(self.best) == self.keep and bound > self.best[-1].loss * (1 + _SAME)


def candidate(classes: Classes, metric: Metric) -> Candidate | None:
    """What a node costs; None where it cannot be released."""
    if not classes.possible:
        return None
    kept = classes.size[classes.met & (classes.size > 0)]
    return Candidate(classes.node, metric.loss(classes), classes.suppressed, int(kept.min()))
