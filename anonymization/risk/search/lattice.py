"""The order in which nodes are looked at: by a lower bound of what they cost, so that the search can stop early."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np

from anonymization.risk.groups import Floats
from anonymization.risk.search.metrics import Metric
from anonymization.risk.search.problem import Node, Problem

#: Nodes brought out of numpy at once.
_PARCEL = 10_000


class Lattice:
    """All nodes of a problem, with what is known of them: ruled out, or surely not to be ruled out by a floor."""

    def __init__(self, heights: Sequence[int]) -> None:
        self.heights = tuple(heights)
        shape = tuple(height + 1 for height in heights)
        self.ruled_out = np.zeros(shape, dtype=np.bool_)
        self.open = np.zeros(shape, dtype=np.bool_)

    @property
    def top(self) -> Node:
        """The node that says least."""
        return self.heights

    def rule_out(self, node: Node) -> None:
        """This node and all finer ones cannot be released."""
        self.ruled_out[tuple(slice(0, level + 1) for level in node)] = True

    def keep_open(self, node: Node) -> None:
        """This node and all coarser ones meet the floors."""
        self.open[tuple(slice(level, None) for level in node)] = True

    def above(self, node: Node) -> Iterator[tuple[int, Node]]:
        """The next coarser nodes: column and node."""
        for column, level in enumerate(node):
            if level < self.heights[column]:
                yield column, (*node[:column], level + 1, *node[column + 1 :])


class ByColumns:
    """Bounds of every node at once, from the costs of columns; nodes come in the order of bound, then of number."""

    def __init__(self, problem: Problem, metric: Metric, costs: Sequence[Floats]) -> None:
        shape = tuple(height + 1 for height in problem.heights)
        grid = np.stack(np.meshgrid(*costs, indexing="ij"), axis=-1).reshape(-1, len(costs))
        self._bounds = metric.combine(grid)
        self._shape = shape

    def bound(self, node: Node) -> float:
        """The least a node can cost."""
        return float(self._bounds[np.ravel_multi_index(node, self._shape)])

    def __iter__(self) -> Iterator[tuple[float, Node]]:
        """Every node with its bound."""
        order = np.argsort(self._bounds, kind="stable")
        for start in range(0, order.size, _PARCEL):  # a million nodes at once would be a gigabyte of numbers
            places = order[start : start + _PARCEL]
            nodes = np.stack(np.unravel_index(places, self._shape), axis=-1)
            for bound, node in zip(self._bounds[places].tolist(), nodes.tolist(), strict=True):
                yield bound, tuple(node)


class ByGrowth:
    """Bounds that are known only from finer nodes: nodes come by the largest bound of what they were grown from."""

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._bounds = np.full(lattice.ruled_out.shape, -1.0)
        self._bounds[(0,) * len(lattice.heights)] = 0.0

    def bound(self, node: Node) -> float:
        """The least a node can cost, as far as known."""
        return float(self._bounds[node])

    def learn(self, node: Node, bound: float) -> None:
        """A node was looked at: it, and so all coarser ones, cost at least that."""
        self._bounds[node] = max(self._bounds[node], bound)

    def __iter__(self) -> Iterator[tuple[float, Node]]:
        """Every node, those grown from cheap ones first."""
        waiting: list[tuple[float, Node]] = [(0.0, (0,) * len(self._lattice.heights))]
        while waiting:
            bound, node = heapq.heappop(waiting)
            if self._bounds[node] > bound:  # another finer node has said more since
                heapq.heappush(waiting, (float(self._bounds[node]), node))
                continue
            yield bound, node
            for _, coarser in self._lattice.above(node):
                if self._bounds[coarser] < 0:
                    heapq.heappush(waiting, (float(self._bounds[node]), coarser))
                self._bounds[coarser] = max(self._bounds[coarser], self._bounds[node])
