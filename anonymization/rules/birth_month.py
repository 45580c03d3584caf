"""生年月日 → 生年月: the day goes. Anything that is not a whole date YYYYMMDD goes altogether."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from anonymization.rules.base import Parameters


@dataclass(frozen=True)
class BirthMonth:
    """Birth date to birth month (published policy; PPC secretariat report: at least the day is deleted)."""

    id: str = "birth-month"
    law: str = "規則34条1号、公表方針"
    examples: tuple[tuple[str | None, str | None], ...] = (
        ("19560203", "1956-02"),
        ("19561301", None),
        ("昭和31年", None),
        ("1956020", None),
        (None, None),
    )

    def learn(self, frame: pl.LazyFrame, column: str, options: Parameters) -> Parameters:
        """Nothing to learn."""
        return {}

    def apply(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """YYYY-MM, or null where the value is no date."""
        text = pl.col(column)
        month = text.str.slice(0, 4) + "-" + text.str.slice(4, 2)
        return (
            pl.when(text.str.contains(r"^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$")).then(month).alias(column)
        )


RULE = BirthMonth()
