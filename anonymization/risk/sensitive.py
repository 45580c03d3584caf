"""要件 of sensitive values: how different they must be in a group, or how like those of the whole table.

The definitions are those of `diversity` and `closeness`. A group nobody of the table is in meets them all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from anonymization.risk import closeness, diversity
from anonymization.risk.groups import Bools, Groups
from anonymization.risk.requirements import Requirement, at_least
from anonymization.risk.unfit import Unfit

#: Slack for comparing with a threshold: sums of floating-point numbers of equal groups may differ in the last digits.
SLACK = 1e-9


@dataclass(frozen=True)
class DistinctL:
    """At least l different sensitive values in every group."""

    column: str
    values: int
    steady = True

    def __post_init__(self) -> None:
        """Refuse an l that asks for nothing."""
        at_least(self.values, 2, "l")

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
        if not 1 + SLACK < self.values < math.inf:
            raise Unfit("l of entropy diversity must be over 1")

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
        at_least(self.values, 2, "l of recursive diversity")
        if not self.c > 0:
            raise Unfit("c of recursive diversity must be over 0")

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
            raise Unfit("t-closeness needs equal or ordered distance and 0 <= t < 1")

    def met(self, groups: Groups) -> Bools:
        """Whether each group lies within t."""
        measure = closeness.equal if self.distance == "equal" else closeness.ordered
        return measure(groups.sensitive(self.column), groups.size.size) <= self.t + SLACK

    def words(self) -> str:
        """In words."""
        return f"values of {self.column} within {self.t:g} of the whole table ({self.distance} distance)"
