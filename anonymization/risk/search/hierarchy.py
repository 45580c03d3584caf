"""一般化階層: what a value becomes at each level, from itself (level 0) to what says least.

The file form is ARX's: one row per value, one column per level. Levels only ever join labels: two values with one label
keep one label above. That is what makes classes of a coarser node unions of classes of a finer one, and it is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from anonymization.risk.unfit import Unfit


@dataclass(frozen=True)
class Hierarchy:
    """Rows of labels; row r, level n is what value r becomes at level n. Values are unique. Unfit where not."""

    column: str
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Check form and nesting; says rows and levels, never labels."""
        if not self.rows or not self.rows[0]:
            raise Unfit("the hierarchy is empty")
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.rows[0]):
                raise Unfit(f"row {number} has {len(row)} levels, the first has {len(self.rows[0])}")
        if len({row[0] for row in self.rows}) != len(self.rows):
            raise Unfit("a value has two rows")
        for level in range(1, self.height + 1):
            if len({(row[level - 1], row[level]) for row in self.rows}) != len({row[level - 1] for row in self.rows}):
                raise Unfit(f"a label of level {level - 1} has two labels at level {level}")

    @property
    def height(self) -> int:
        """The highest level; the lowest is 0."""
        return len(self.rows[0]) - 1

    @cached_property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The distinct labels of each level, in the order they first occur."""
        return tuple(tuple(dict.fromkeys(row[level] for row in self.rows)) for level in range(self.height + 1))

    @cached_property
    def codes(self) -> tuple[NDArray[np.int64], ...]:
        """For each level the number of the label of each value, values in the order of the rows."""
        found = []
        for level, labels in enumerate(self.labels):
            number = {label: code for code, label in enumerate(labels)}
            found.append(np.array([number[row[level]] for row in self.rows], dtype=np.int64))
        return tuple(found)

    @cached_property
    def domain_shares(self) -> tuple[NDArray[np.float64], ...]:
        """For each level and label the share of the domain's values it covers (what Loss charges for a cell)."""
        return tuple(np.bincount(codes) / len(self.rows) for codes in self.codes)

    def upwards(self, low: int, high: int) -> NDArray[np.int64]:
        """For each label of level `low` the number of its label at level `high`."""
        up = np.zeros(len(self.labels[low]), dtype=np.int64)
        up[self.codes[low]] = self.codes[high]
        return up


def flat(column: str, values: Sequence[str]) -> Hierarchy:
    """A hierarchy of one level: a column that stays as it is."""
    return Hierarchy(column, tuple((value,) for value in dict.fromkeys(values)))
