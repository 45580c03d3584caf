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

from anonymization.risk import closeness, diversity
from anonymization.risk.groups import Bools, Groups

#: Slack for comparing with a threshold: sums of floating-point numbers of equal groups may differ in the last digits.
SLACK = 1e-9


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


def _at_least(value: float, least: float, name: str) -> None:
    if not (math.isfinite(value) and value >= least):
        raise ValueError(f"{name} must be at least {least:g}")


@dataclass(frozen=True)
class KAnonymity:
    """Groups of at least k people (k-匿名性, Sweeney 2002)."""

    k: int
    steady = True

    def __post_init__(self) -> None:
        """Refuse a k that asks for nothing."""
        _at_least(self.k, 2, "k")

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
        _at_least(self.k, 2, "k of k-map")

    @property
    def floor(self) -> Requirement | None:
        """Itself."""
        return self

    def met(self, groups: Groups) -> Bools:
        """Whether k people of the population look like each group; ValueError without a population."""
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
            raise ValueError("delta-presence needs 0 <= least <= most <= 1")

    def met(self, groups: Groups) -> Bools:
        """Whether the share of each group that is in the table lies in the bounds."""
        share = groups.size / _world(groups)
        return np.asarray((share >= self.least) & (share <= self.most), dtype=np.bool_)

    def words(self) -> str:
        """In words."""
        return f"between {self.least:g} and {self.most:g} of those who look alike are in the table"


def _world(groups: Groups) -> np.typing.NDArray[np.int64]:
    if groups.world is None:
        raise ValueError("k-map and delta-presence need a population")
    return groups.world


@dataclass(frozen=True)
class DistinctL:
    """At least l different sensitive values in every group."""

    column: str
    values: int
    steady = True

    def __post_init__(self) -> None:
        """Refuse an l that asks for nothing."""
        _at_least(self.values, 2, "l")

    @property
    def floor(self) -> Requirement | None:
        """Itself."""
        return self

    def met(self, groups: Groups) -> Bools:
        """Whether each group has l values."""
        found = diversity.distinct(groups.sensitive(self.column), groups.size.size)
        return (found >= self.values) | ~groups.occupied

    def words(self) -> str:
        """In words."""
        return f"at least {self.values} different values of {self.column} in a group"


@dataclass(frozen=True)
class EntropyL:
    """Entropy of the sensitive values of at least log l in every group."""

    column: str
    values: float
    steady = False

    def __post_init__(self) -> None:
        """Refuse an l that asks for nothing."""
        if not self.values > 1:
            raise ValueError("l of entropy diversity must be over 1")

    @property
    def floor(self) -> Requirement | None:
        """n values have an entropy of log n at most."""
        return DistinctL(self.column, math.ceil(self.values - SLACK))

    def met(self, groups: Groups) -> Bools:
        """Whether e to the entropy of each group reaches l."""
        found = diversity.entropy(groups.sensitive(self.column), groups.size.size)
        return (found >= self.values - SLACK) | ~groups.occupied

    def words(self) -> str:
        """In words."""
        return f"values of {self.column} as diverse as {self.values:g} equally frequent ones (entropy) in a group"


@dataclass(frozen=True)
class RecursiveCL:
    """The most frequent sensitive value of a group occurs less than c times as often as the l-th and rarer ones."""

    column: str
    c: float
    values: int
    steady = False

    def __post_init__(self) -> None:
        """Refuse what asks for nothing or cannot be met."""
        _at_least(self.values, 2, "l of recursive diversity")
        if not self.c > 0:
            raise ValueError("c of recursive diversity must be over 0")

    @property
    def floor(self) -> Requirement | None:
        """With under l values there are no rarer ones."""
        return DistinctL(self.column, self.values)

    def met(self, groups: Groups) -> Bools:
        """Whether r1 < c * (rl + ... + rm) in each group."""
        ratio = diversity.recursive(groups.sensitive(self.column), groups.size.size, self.values)
        return (ratio < self.c) | ~groups.occupied

    def words(self) -> str:
        """In words."""
        return f"recursive ({self.c:g},{self.values}) diversity of {self.column} in a group"


@dataclass(frozen=True)
class TCloseness:
    """The sensitive values of every group lie within t of those of the whole table."""

    column: str
    t: float
    distance: str = "equal"
    steady = False
    floor = None

    def __post_init__(self) -> None:
        """Refuse an unknown distance and a t that is none."""
        if self.distance not in {"equal", "ordered"} or not 0 <= self.t < 1:
            raise ValueError("t-closeness needs equal or ordered distance and 0 <= t < 1")

    def met(self, groups: Groups) -> Bools:
        """Whether each group lies within t."""
        measure = closeness.equal if self.distance == "equal" else closeness.ordered
        return measure(groups.sensitive(self.column), groups.size.size) <= self.t + SLACK

    def words(self) -> str:
        """In words."""
        return f"values of {self.column} within {self.t:g} of the whole table ({self.distance} distance)"
