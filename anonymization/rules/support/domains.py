"""値域: what a column can hold, in terms that neither a file format nor the gate owns. Null always belongs to it.

A rule says which domain it leaves, given the one before. The gate's contract is filled from that, so a column whose
rule cannot say it does not go out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Labels:
    """A closed list of texts."""

    labels: frozenset[str]

    def allows(self, column: str) -> pl.Expr:
        """Whether a cell belongs."""
        return pl.col(column).is_null() | pl.col(column).cast(pl.String).is_in(sorted(self.labels))


@dataclass(frozen=True)
class Form:
    """Texts that a pattern (RE2, without anchors) matches as a whole."""

    pattern: str

    def allows(self, column: str) -> pl.Expr:
        """Whether a cell belongs."""
        return pl.col(column).is_null() | pl.col(column).cast(pl.String).str.contains(rf"^(?:{self.pattern})$")


@dataclass(frozen=True)
class Numbers:
    """Numbers of `least` to `most`, both included; where `step` is not 0, whole multiples of it and the two ends."""

    least: float
    most: float
    step: float = 0

    def allows(self, column: str) -> pl.Expr:
        """Whether a cell belongs."""
        number = pl.col(column).cast(pl.Float64)
        inside = number.is_between(self.least, self.most)
        if self.step:
            times = number / self.step
            inside &= ((times - times.round()).abs() < 1e-6) | (number == self.least) | (number == self.most)
        return number.is_null() | inside.fill_null(False)


@dataclass(frozen=True)
class Unchanged:
    """Whatever it was before, and nobody said what that is."""

    def allows(self, column: str) -> pl.Expr:
        """Everything."""
        return pl.lit(True)


@dataclass(frozen=True)
class Gone:
    """The column is not there any more."""

    def allows(self, column: str) -> pl.Expr:
        """Nothing but null."""
        return pl.col(column).is_null()


Domain = Labels | Form | Numbers | Unchanged | Gone
Domains = Mapping[str, Domain]


def labels(texts: Iterable[str]) -> Labels:
    """A closed list from any texts."""
    return Labels(frozenset(texts))
