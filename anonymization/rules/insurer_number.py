"""保険者番号: of an insurance card only the insurer's number remains, and only if it is one."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from anonymization.rules.base import Parameters


@dataclass(frozen=True)
class InsurerNumber:
    """Keep an insurer number of 6 or 8 digits, drop everything else that stands in its place (Rules art. 4(1):
    the code is insurer number *and* symbol and number; the published policy keeps the first)."""

    id: str = "insurer-number"
    law: str = "規則34条2号、規則4条1号、公表方針"
    examples: tuple[tuple[str | None, str | None], ...] = (
        ("138057", "138057"),
        ("06132013", "06132013"),
        ("１２・３４５６７", None),
        ("0613201", None),
    )

    def learn(self, frame: pl.LazyFrame, column: str, options: Parameters) -> Parameters:
        """Nothing to learn."""
        return {}

    def apply(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The number, or null."""
        text = pl.col(column)
        return pl.when(text.str.contains(r"^([0-9]{6}|[0-9]{8})$")).then(text).alias(column)


RULE = InsurerNumber()
