"""生年月 → 年齢階級: bands of `width` years at the end of a month, from `top` on one band."""

from __future__ import annotations

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Labels
from anonymization.rules.support.months import MONTH, born, month_number
from anonymization.rules.support.options import Option


class AgeBand(ColumnRule):
    """Birth month to age band at `month` (YYYY-MM). `width` years, everybody of `top` or more together.

    Rules art. 34 item 4: very old people are 特異な記述; hospitals' published practice groups 90 and over. Null for the
    unborn and where the month is missing.

    >>> after("age-band", ["1956-02", "2025-09", "1935-10", "1935-09", "1917-01", "2025-10", None], month="2025-09")
    ['65-69', '00-04', '85-89', '90+', '90+', None, None]
    >>> after("age-band", ["1956-02", "2020-09", "1917-01"], month="2025-09", width=1)
    ['69', '05', '90+']
    """

    id = "age-band"
    title = Title("年齢階級", "Age band")
    law = "規則34条4号・5号"
    schema = (
        Option("month", str, "the month ages are counted at, YYYY-MM", form=MONTH),
        Option("width", int, "years per band", 5, least=1, most=20),
        Option("top", int, "everybody of this age or more in one band, a multiple of width", 90, least=20, most=120),
    )
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse bands that do not meet the top."""
        return whole_bands(asked)

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The band's label."""
        age = (month_number(parameters.text("month")) - born(column)).floordiv(12)
        return banded(age, parameters.number("width"), parameters.number("top"))

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """Every band there is."""
        return Labels(frozenset(labels(parameters.number("width"), parameters.number("top"))))


def whole_bands(asked: Parameters) -> Parameters:
    """The parameters again. Unfit where the last band would reach beyond the top."""
    if asked.number("top") % asked.number("width"):
        raise Unfit(f"{asked.rule}: option top is a multiple of width")
    return asked


def banded(age: pl.Expr, width: int, top: int) -> pl.Expr:
    """The label of an age in whole years, of two digits where `width` is 1; null for less than 0."""
    low = age.floordiv(width) * width
    label = low.cast(pl.String).str.zfill(2)
    if width > 1:
        label = label + "-" + (low + width - 1).cast(pl.String).str.zfill(2)
    return pl.when(age >= top).then(pl.lit(f"{top}+")).when(age >= 0).then(label)


def labels(width: int = 5, top: int = 90) -> tuple[str, ...]:
    """Every label the rule can give: the closed domain of the column."""
    bands = (f"{low:02d}-{low + width - 1:02d}" if width > 1 else f"{low:02d}" for low in range(0, top, width))
    return (*bands, f"{top}+")


RULE = AgeBand()
