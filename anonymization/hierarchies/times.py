"""日付: a date or month → month → quarter → calendar or fiscal year (年度, from April)."""

from __future__ import annotations

import polars as pl

from anonymization.hierarchies.base import CodeSystem, Level
from anonymization.rules.support.domains import Domain, Form
from anonymization.rules.support.months import MONTH, month_text, months

_YEAR = r"[0-9]{4}"


class Dates(CodeSystem):
    """Dates by the calendar."""

    id = "date"
    ja = "日付"
    en = "Dates"
    source = "暦年"
    own = (Level("month", "年月", "month"), Level("quarter", "四半期", "quarter"), Level("year", "年", "year"))

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """2025-05, 2025-Q2, 2025."""
        number = months(column)
        return month_text(number), _quarter(number), number.floordiv(12).cast(pl.String).str.zfill(4)

    def holds(self, level: str) -> Domain:
        """The form of each."""
        return Form({"month": MONTH, "quarter": rf"{_YEAR}-Q[1-4]"}.get(level, _YEAR))


class FiscalDates(Dates):
    """Dates by the fiscal year, which begins in April: FY2025 is April 2025 to March 2026."""

    id = "date-fiscal"
    ja = "日付（年度）"
    en = "Dates (fiscal year)"
    source = "会計年度（4月から翌年3月、財政法11条）"
    own = (Level("month", "年月", "month"), Level("quarter", "四半期", "quarter"), Level("fiscal-year", "年度", "FY"))

    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """2025-05, 2025-Q2, FY2025."""
        year = (months(column) - 3).floordiv(12).cast(pl.String).str.zfill(4)
        return (*super().steps(column)[:2], "FY" + year)

    def holds(self, level: str) -> Domain:
        """The form of each."""
        return Form(rf"FY{_YEAR}") if level == "fiscal-year" else super().holds(level)


def _quarter(number: pl.Expr) -> pl.Expr:
    year, quarter = number.floordiv(12), number.mod(12).floordiv(3) + 1
    return year.cast(pl.String).str.zfill(4) + "-Q" + quarter.cast(pl.String)


SYSTEMS = (Dates(), FiscalDates())
