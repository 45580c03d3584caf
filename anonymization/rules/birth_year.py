"""生年月日・生年月 → 生年."""

from __future__ import annotations

import polars as pl

from anonymization.hierarchies import system
from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain


class BirthYear(ColumnRule):
    """Birth date or month to year (practice of hospitals that publish birth year only).

    Caps no age: `old-age` does, and comes before it.

    >>> after("birth-year", ["19560203", "1956-02", "1956", "56-02", None])
    ['1956', '1956', '1956', None, None]
    """

    id = "birth-year"
    title = Title("生年", "Birth year")
    law = "規則34条1号・5号"

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """YYYY, or null."""
        return pl.coalesce(system("birth").steps(column)[0], pl.col(column).cast(pl.String).str.extract("^([0-9]{4})$"))

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """Four digits, or the very old."""
        return system("birth").domain("year")


RULE = BirthYear()
