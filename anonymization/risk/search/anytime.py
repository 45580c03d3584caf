"""Beyond a million nodes: the best node within an effort, from the top down, cheapest first.

Deterministic, as the effort is a number of nodes and not a time. Every node that a floor allows is reached from the top
through such nodes, so where the effort suffices to look at all of them the result is the optimum, and says so.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np

from anonymization.risk.search.candidates import Candidate, Standing, candidate
from anonymization.risk.search.classes import Classes
from anonymization.risk.search.metrics import Metric
from anonymization.risk.search.problem import Node, Problem
from anonymization.risk.search.rollup import RollUp


class Anytime:
    """One bounded search. `complete` says whether everything that could be released was looked at."""

    def __init__(self, problem: Problem, metric: Metric, effort: int, rollup: RollUp | None = None) -> None:
        self.metric = metric
        self.rollup = rollup or RollUp(problem)
        self.standing = Standing()
        self.complete = False
        self._effort = effort
        self._top = problem.heights
        self._ruled_out = np.zeros((0, len(self._top)), dtype=np.int64)

    def run(self) -> Standing:
        """Look at nodes until the effort is spent or none is left."""
        waiting: list[tuple[float, Node]] = [(0.0, self._top)]
        seen = {self._top}
        for _ in range(self._effort):
            if not waiting:
                break
            _, node = heapq.heappop(waiting)
            if self._below(node):
                continue
            classes = self.rollup.classes(node)
            if classes.ruled_out:
                self._ruled_out = np.vstack([self._ruled_out, node])
                continue
            cost = self._cost(classes)
            for finer in self._finer(node):
                if finer not in seen:
                    seen.add(finer)
                    heapq.heappush(waiting, (cost, finer))
        self.complete = not waiting
        return self.standing

    def _cost(self, classes: Classes) -> float:
        """What its finer nodes are ranked by: its own cost, or with nobody left out where it cannot be released."""
        found: Candidate | None = candidate(classes, self.metric)
        if found is None:
            return self.metric.bound(classes)
        self.standing.offer(found)
        return found.loss

    def _below(self, node: Node) -> bool:
        return bool((np.array(node) <= self._ruled_out).all(axis=1).any())

    @staticmethod
    def _finer(node: Node) -> Iterator[Node]:
        for column, level in enumerate(node):
            if level:
                yield (*node[:column], level - 1, *node[column + 1 :])
