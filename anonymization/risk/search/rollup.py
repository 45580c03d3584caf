"""Classes of a node, made from the classes of a finer node that is already known: never from the rows again.

The classes of a coarser node are unions of those of any finer one (`Hierarchy` checks that), so the smallest known
finer table will do. Tables are kept within a budget of cells, the oldest go first; the bottom always stays.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from anonymization.risk.search.classes import Classes
from anonymization.risk.search.keys import grouped, keyed
from anonymization.risk.search.problem import Node, Problem, Table

#: Numbers kept in tables at once (8 bytes each).
BUDGET = 40_000_000


class RollUp:
    """Gives the classes of any node. `made` counts those that were made; the same node twice in a row costs once."""

    def __init__(self, problem: Problem, budget: int = BUDGET) -> None:
        self.problem = problem
        self.made = 0
        self._budget = budget
        self._last: Classes | None = None
        self._tables: list[Table] = [problem.bottom]
        self._nodes = np.array([problem.bottom.node])
        self._rows = np.array([problem.bottom.rows])
        self._upwards = cache(lambda column, low, high: problem.hierarchies[column].upwards(low, high))

    def classes(self, node: Node) -> Classes:
        """The classes of `node`, from the smallest known finer table."""
        if self._last is not None and self._last.node == node:
            return self._last
        self.made += 1
        source = self._source(node)
        codes = tuple(
            code if low == high else self._upwards(column, low, high)[code]
            for column, (code, low, high) in enumerate(zip(source.codes, source.node, node, strict=True))
        )
        sizes = [len(h.labels[level]) for h, level in zip(self.problem.hierarchies, node, strict=True)]
        order, starts = grouped(*keyed(zip(codes, sizes, strict=True), source.rows))
        self._last = Classes(self.problem, node, source, codes, order, starts)
        if _worth(starts.size, source.rows):
            self._keep(self._last.table(), source.rows)
        return self._last

    def _source(self, node: Node) -> Table:
        finer = (self._nodes <= np.array(node)).all(axis=1)
        return self._tables[int(np.flatnonzero(finer)[np.argmin(self._rows[finer])])]

    def _keep(self, table: Table, instead_of: int) -> None:
        if not _worth(table.rows, instead_of):  # with sensitive values a table has more rows than groups
            return
        self._tables.append(table)
        width = len(table.codes) + len(table.sensitive) + 2
        while len(self._tables) > 2 and sum(t.rows for t in self._tables[1:]) * width > self._budget:
            del self._tables[1]
        self._nodes = np.array([t.node for t in self._tables])
        self._rows = np.array([t.rows for t in self._tables])


def _worth(rows: int, instead_of: int) -> bool:
    """Whether a table is enough smaller than the one it comes from to be kept."""
    return rows * 5 < instead_of * 4
