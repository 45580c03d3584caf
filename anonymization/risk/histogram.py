"""How many groups there are of each size: all that k, the attackers' risks and population uniqueness depend on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from anonymization.risk.groups import Ints


@dataclass(frozen=True)
class Histogram:
    """`groups[i]` groups of `sizes[i]` people, sizes rising. Empty groups do not count."""

    sizes: Ints
    groups: Ints

    @property
    def people(self) -> int:
        """People in all groups."""
        return int(self.sizes @ self.groups)

    @property
    def number(self) -> int:
        """Number of groups."""
        return int(self.groups.sum())

    @property
    def smallest(self) -> int:
        """Size of the smallest group: k. 0 where there is nobody."""
        return int(self.sizes[0]) if self.sizes.size else 0

    def of_size(self, size: int) -> int:
        """Number of groups of that size."""
        return int(self.groups[self.sizes == size].sum())

    def people_under(self, k: int) -> int:
        """People in groups of under k people."""
        small = self.sizes < k
        return int(self.sizes[small] @ self.groups[small])


def histogram(sizes: Ints) -> Histogram:
    """Count groups by size."""
    found, groups = np.unique(sizes[sizes > 0], return_counts=True)
    return Histogram(found.astype(np.int64), groups.astype(np.int64))


def from_pairs(pairs: Iterable[tuple[int, int]]) -> Histogram:
    """From (size, number of groups of that size)."""
    known = sorted((size, number) for size, number in pairs if size > 0 and number > 0)
    return Histogram(np.array([s for s, _ in known], dtype=np.int64), np.array([g for _, g in known], dtype=np.int64))
