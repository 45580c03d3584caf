"""The exact optimum: every node is looked at, ruled out by a coarser one, or shown to cost too much.

Nodes come by a lower bound of their cost; when the bound passes what has been found, the rest cannot be better. Where a
node breaks a floor, so does every finer one: a chain upwards from the node is bisected for the highest such node, and
all below it is ruled out at once. Global recoding only. Deterministic: of nodes of equal cost the one with fewer people
left out wins, then the lower, then the first.
"""

from __future__ import annotations

from anonymization.risk.search.candidates import Standing, candidate
from anonymization.risk.search.classes import Classes
from anonymization.risk.search.lattice import ByColumns, ByGrowth, Lattice
from anonymization.risk.search.metrics import Metric
from anonymization.risk.search.problem import Node, Problem
from anonymization.risk.search.rollup import RollUp


class Exact:
    """One exact search. `standing` holds optimum and runner-up; `rollup.made` says how many nodes were looked at."""

    def __init__(self, problem: Problem, metric: Metric, rollup: RollUp | None = None) -> None:
        self.metric = metric
        self.rollup = rollup or RollUp(problem)
        self.lattice = Lattice(problem.heights)
        self.standing = Standing()
        costs = metric.columns(problem)
        self._bounds = ByGrowth(self.lattice) if costs is None else ByColumns(problem, metric, costs)

    def run(self) -> Standing:
        """Look at everything that could be the optimum or the runner-up."""
        if self._look(self.lattice.top).ruled_out:
            return self.standing
        for bound, node in self._bounds:
            if self.standing.beaten(bound):
                break
            if not self.lattice.open[node] and not self.lattice.ruled_out[node]:
                self._bisect(node)
            if not self.lattice.ruled_out[node]:
                self._evaluate(self._look(node))
        return self.standing

    def _look(self, node: Node) -> Classes:
        classes = self.rollup.classes(node)
        if classes.ruled_out:
            self.lattice.rule_out(node)
        else:
            self.lattice.keep_open(node)
        return classes

    def _bisect(self, node: Node) -> None:
        """Find where on a chain from `node` upwards the floors begin to be met; learn what that says of others."""
        chain = self._chain(node)
        low, high = -1, len(chain)  # chain[low] is ruled out, chain[high] is open
        while high - low > 1:
            middle = (low + high) // 2
            if self._look(chain[middle]).ruled_out:
                low = middle
            else:
                high = middle

    def _chain(self, node: Node) -> list[Node]:
        """`node` and ever coarser ones, each the cheapest next, up to one that is open or costs too much."""
        chain = [node]
        while True:
            coarser = [(self._bounds.bound(above), above) for _, above in self.lattice.above(chain[-1])]
            if not coarser:
                return chain
            bound, cheapest = min(coarser)
            if self.lattice.open[cheapest] or self.standing.beaten(bound):
                return chain
            chain.append(cheapest)

    def _evaluate(self, classes: Classes) -> None:
        if isinstance(self._bounds, ByGrowth):
            self._bounds.learn(classes.node, self.metric.bound(classes))
        found = candidate(classes, self.metric)
        if found is not None:
            self.standing.offer(found)
