"""要件: what every group must meet to be released, each as one small class. The search and the reports share them.

`met` gives one answer per group; groups that hold nobody are released to nobody, and only delta-presence looks at them.
`steady` says that a group that meets it still does after being merged with any other, so that the people left out never
become more by generalising (k, k-map, distinct). `floor` is a steady requirement that is implied: a group that misses
it cannot meet this one. A search rules out whole parts of a lattice by it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from anonymization.risk.groups import Bools, Groups
from anonymization.risk.unfit import Unfit


class Requirement(Protocol):
    """One condition every released group meets."""

    @property
    def steady(self) -> bool:
        """Whether merging with any group keeps it met."""

    @property
    def floor(self) -> Requirement | None:
        """A steady requirement that is implied; itself where it is steady; None where there is none."""

    def met(self, groups: Groups) -> Bools:
        """Whether each group meets it."""

    def words(self) -> str:
        """What it asks for, for people."""


def at_least(value: float, least: float, name: str) -> None:
    """Unfit where a threshold asks for nothing or is no number."""
    if not (math.isfinite(value) and value >= least):
        raise Unfit(f"{name} must be at least {least:g}")


@dataclass(frozen=True)
class KAnonymity:
    """Groups of at least k people (k-匿名性, Sweeney 2002)."""

    k: int
    steady = True

    def __post_init__(self) -> None:
        """Refuse a k that asks for nothing."""
        at_least(self.k, 2, "k")

    @property
    def floor(self) -> Requirement | None:
        """Itself."""
        return self

    def met(self, groups: Groups) -> Bools:
        """Whether each group has k people."""
        return (groups.size >= self.k) | ~groups.occupied

    def words(self) -> str:
        """In words."""
        return f"groups of at least {self.k} people"


@dataclass(frozen=True)
class KMap:
    """Groups that at least k people of the population look like (k-写像, El Emam 2008)."""

    k: int
    steady = True

    def __post_init__(self) -> None:
        """Refuse a k that asks for nothing."""
        at_least(self.k, 2, "k of k-map")

    @property
    def floor(self) -> Requirement | None:
        """Itself."""
        return self

    def met(self, groups: Groups) -> Bools:
        """Whether k people of the population look like each group; Unfit without a population."""
        return (_world(groups) >= self.k) | ~groups.occupied

    def words(self) -> str:
        """In words."""
        return f"groups that at least {self.k} people of the population look like"


@dataclass(frozen=True)
class DeltaPresence:
    """Nobody of the population is known to be in the table with a likelihood outside [least, most] (δ-存在性).

    Nergiz et al. 2007. A group nobody of the table is in has likelihood 0 and cannot be left out: where that is under
    `least`, nothing can be released.
    """

    least: float
    most: float
    steady = False
    floor = None

    def __post_init__(self) -> None:
        """Refuse bounds that are no shares."""
        if not 0 <= self.least <= self.most <= 1:
            raise Unfit("delta-presence needs 0 <= least <= most <= 1")

    def met(self, groups: Groups) -> Bools:
        """Whether the share of each group that is in the table lies in the bounds."""
        share = groups.size / _world(groups)
        return np.asarray((share >= self.least) & (share <= self.most), dtype=np.bool_)

    def words(self) -> str:
        """In words."""
        return f"between {self.least:g} and {self.most:g} of those who look alike are in the table"


def _world(groups: Groups) -> np.typing.NDArray[np.int64]:
    if groups.world is None:
        raise Unfit("k-map and delta-presence need a population")
    return groups.world
