"""生年月 → 年齢階級: five-year bands at the end of a month, from `top` on one band."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from anonymization.rules.base import Parameters


@dataclass(frozen=True)
class AgeBand:
    """Birth month to age band at `month` (YYYY-MM). `width` years, everybody of `top` or more together.

    Rules art. 34 item 4: very old people are 特異な記述; hospitals' published practice groups 90 and over.
    """

    id: str = "age-band"
    law: str = "規則34条4号・5号"
    examples: tuple[tuple[str | None, str | None], ...] = (
        ("1956-02", "65-69"),
        ("2025-09", "00-04"),
        ("1935-10", "85-89"),
        ("1935-09", "90+"),
        ("1917-01", "90+"),
        ("2025-10", None),
        (None, None),
    )

    def learn(self, frame: pl.LazyFrame, column: str, options: Parameters) -> Parameters:
        """Check width, top and month."""
        width, top, month = int(options.get("width", 5)), int(options.get("top", 90)), str(options.get("month", ""))
        if not 1 <= width <= 20 or top % width or not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
            raise ValueError("age-band: width 1-20, top a multiple of it, month YYYY-MM")
        return {"width": width, "top": top, "month": month}

    def apply(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The band's label; null for the unborn and where the month is missing."""
        width, top, month = int(parameters["width"]), int(parameters["top"]), str(parameters["month"])
        text = pl.col(column)
        months = text.str.slice(0, 4).cast(pl.Int32, strict=False) * 12 + text.str.slice(5, 2).cast(
            pl.Int32, strict=False
        )
        age = (int(month[:4]) * 12 + int(month[5:]) - months).floordiv(12)
        low = age.floordiv(width) * width
        label = low.cast(pl.String).str.zfill(2) + "-" + (low + width - 1).cast(pl.String).str.zfill(2)
        banded = pl.when(age >= top).then(pl.lit(f"{top}+")).when(age >= 0).then(label)
        return banded.alias(column)


def labels(width: int = 5, top: int = 90) -> tuple[str, ...]:
    """Every label the rule can give: the closed domain of the column."""
    return (*(f"{low:02d}-{low + width - 1:02d}" for low in range(0, top, width)), f"{top}+")


RULE = AgeBand()
