"""Groups of people who look alike (同値類): what every model of privacy is counted on.

A `Groups` is what is left of a table once its quasi-identifiers are nothing but a group number. Sizes count **people**.
A sensitive column is kept as cells: so many people of this group have this value. Three makers of groups share the
models: `tables` (a table as it is), `larger` (one that does not fit) and `search.rollup` (one at a node).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anonymization.risk.unfit import Unfit

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """One sensitive column: `count` people of group `group` have the value of rank `value`.

    Each pair stands once, by group and then by value.

    Values are numbered in their order (numbers by size, text by code point), missing first. `overall` counts the people
    of the whole table by value, so its length is the number of values.
    """

    group: Ints
    value: Ints
    count: Ints
    overall: Ints

    @property
    def shares(self) -> Floats:
        """The distribution of the whole table, by value."""
        return np.asarray(self.overall / self.overall.sum(), dtype=np.float64)


@dataclass(frozen=True)
class Groups:
    """`size` people in each group; `world`, where a population is known, those of the population that look the same.

    A group nobody of the table is in has size 0: it is there because somebody of the population is.
    """

    size: Ints
    world: Ints | None = None
    cells: Mapping[str, Cells] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """People of all groups; somebody who is in two groups counts in both."""
        return int(self.size.sum())

    @property
    def occupied(self) -> Bools:
        """Groups that hold somebody."""
        return self.size > 0

    def sensitive(self, column: str) -> Cells:
        """The cells of one sensitive column; Unfit where it was not declared."""
        if column not in self.cells:
            raise Unfit("a requirement names a column that is not among the sensitive ones")
        return self.cells[column]
