"""What is searched: people as rows of codes, their hierarchies, the requirements, how many people may be left out.

One row is one person. Rows that are equal in everything that counts are kept once, with their number: all later work is
on these classes (the idea of ARX). A `population` marks rows that are of the population only: `count` 0, `world` 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from anonymization.risk.groups import Ints
from anonymization.risk.requirements import Requirement
from anonymization.risk.search.hierarchy import Hierarchy

#: A level for each column.
Node = tuple[int, ...]


@dataclass(frozen=True)
class Table:
    """Classes at one node: codes of quasi-identifiers at their levels and of sensitive columns, people, population."""

    node: Node
    codes: tuple[Ints, ...]
    sensitive: tuple[Ints, ...]
    count: Ints
    world: Ints

    @property
    def rows(self) -> int:
        """Number of classes (with sensitive values: of cells)."""
        return int(self.count.size)


@dataclass(frozen=True)
class Problem:
    """A table to generalise. `limit` is the share of people that may be left out, 0 to under 1."""

    hierarchies: tuple[Hierarchy, ...]
    requirements: tuple[Requirement, ...]
    limit: Fraction
    bottom: Table
    sensitive: tuple[str, ...]
    values: tuple[int, ...]
    has_population: bool

    @property
    def people(self) -> int:
        """People who would be released."""
        return int(self.bottom.count.sum())

    @property
    def spare(self) -> int:
        """People who may be left out."""
        return math.floor(self.limit * self.people)

    @property
    def heights(self) -> tuple[int, ...]:
        """The highest level of each column."""
        return tuple(h.height for h in self.hierarchies)

    @property
    def nodes(self) -> int:
        """Number of nodes of the lattice."""
        return math.prod(h + 1 for h in self.heights)

    @cached_property
    def floors(self) -> tuple[Requirement, ...]:
        """Steady requirements that all others imply."""
        return tuple(dict.fromkeys(r.floor for r in self.requirements if r.floor is not None))

    @property
    def steady(self) -> bool:
        """Whether who is left out can only become fewer by generalising."""
        return all(r.steady for r in self.requirements) or (self.spare == 0)

    @cached_property
    def marginals(self) -> tuple[tuple[Ints, ...], ...]:
        """For each column and level the people of each label."""
        bottom = [
            np.bincount(codes, weights=self.bottom.count, minlength=len(h.rows)).astype(np.int64)
            for codes, h in zip(self.bottom.codes, self.hierarchies, strict=True)
        ]
        return tuple(
            tuple(np.bincount(codes, weights=people).astype(np.int64) for codes in h.codes)
            for people, h in zip(bottom, self.hierarchies, strict=True)
        )

    @cached_property
    def overall(self) -> tuple[Ints, ...]:
        """For each sensitive column the people by value."""
        return tuple(
            np.bincount(codes, weights=self.bottom.count, minlength=size).astype(np.int64)
            for codes, size in zip(self.bottom.sensitive, self.values, strict=True)
        )
