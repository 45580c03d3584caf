"""The seam of a rule: what is learnt from the data, and the expression that applies it.

A rule is one module in this package with a module-level ``RULE``. Its parameters never hold a value of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import polars as pl

Parameters = Mapping[str, str | int | float]


class Rule(Protocol):
    """One way of making a column say less."""

    @property
    def id(self) -> str:
        """Stable name used in profiles and reports, such as ``birth-month``."""

    @property
    def law(self) -> str:
        """The item of Enforcement Rules art. 34 (or the published policy) this rule serves."""

    @property
    def examples(self) -> tuple[tuple[str | None, str | None], ...]:
        """Values before and after; a test runs every pair."""

    def learn(self, frame: pl.LazyFrame, column: str, options: Parameters) -> Parameters:
        """Parameters from the data where the rule must look at it, else from `options`; ValueError where wrong."""

    def apply(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The column afterwards, same name; None where the column goes altogether."""
