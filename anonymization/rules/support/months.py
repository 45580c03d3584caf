"""Dates as they stand in the store, counted in months: YYYY-MM-DD, YYYY-MM or YYYYMMDD, anything else is no date."""

from __future__ import annotations

import re

import polars as pl

from anonymization.risk.unfit import Unfit

#: A month as an option.
MONTH = r"[0-9]{4}-(?:0[1-9]|1[0-2])"
#: What the birth of the very old becomes (rule `old-age`).
ELDEST = rf"<={MONTH}"
_DATE = r"^([0-9]{4})-?(0[1-9]|1[0-2])(?:-?(0[1-9]|[12][0-9]|3[01]))?$"


def months(column: str) -> pl.Expr:
    """Months since year 0 of a date or month; null for anything else."""
    return months_of(pl.col(column).cast(pl.String))


def months_of(text: pl.Expr) -> pl.Expr:
    """The same, of a text."""
    parts = text.str.extract_groups(_DATE).struct
    return parts[0].cast(pl.Int32, strict=False) * 12 + parts[1].cast(pl.Int32, strict=False) - 1


def born(column: str) -> pl.Expr:
    """Months of a birth; of one that the rule `old-age` has made ``<=1935-03`` the month it says."""
    return pl.coalesce(months(column), months_of(pl.col(column).cast(pl.String).str.extract(r"^<=(.*)$")))


def month_number(text: str) -> int:
    """Months since year 0 of YYYY-MM. Unfit where it is none."""
    if not re.fullmatch(MONTH, text):
        raise Unfit("a month has the form YYYY-MM")
    return int(text[:4]) * 12 + int(text[5:]) - 1


def day(column: str) -> pl.Expr:
    """A date; null for a month alone and for what is no date."""
    text = pl.col(column).cast(pl.String).str.replace_all("-", "")
    return text.str.to_date("%Y%m%d", strict=False)


def month_text(number: pl.Expr) -> pl.Expr:
    """YYYY-MM of months since year 0."""
    year, month = number.floordiv(12), number.mod(12) + 1
    return year.cast(pl.String).str.zfill(4) + "-" + month.cast(pl.String).str.zfill(2)
