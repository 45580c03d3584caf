"""Columns with nothing between the value and everything: sex, relation, and what has no order of its own."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from anonymization.hierarchies.base import CodeSystem, Level
from anonymization.rules.support.domains import Domain, Unchanged


class Plain(CodeSystem):
    """A value, or `*`."""

    id = "plain"
    ja = "そのまま／削除"
    en = "As it is, or nothing"
    source = "階層なし"
    own: ClassVar[tuple[Level, ...]] = ()

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """None."""
        return ()

    def holds(self, level: str) -> Domain:
        """There is no level to ask for."""
        return Unchanged()


SYSTEMS = (Plain(),)
