"""生年月 → 診療年月の年齢: the age a person had in the month of the record."""

from __future__ import annotations

import polars as pl

from anonymization.rules.age_band import banded, labels, whole_bands
from anonymization.rules.base import Parameters, Part, Rule, Title
from anonymization.rules.support.domains import Domain, Domains, Labels
from anonymization.rules.support.months import MONTH, born, month_number, months
from anonymization.rules.support.options import Option


class AgeAtService(Rule):
    """Birth month to the age in the month of service, in the birth's place.

    Of somebody with claims in every month the month in which the age changes is the birth month. With `counted` by
    the fiscal year everybody's age changes in April (年度末年齢, as of 31 March, the way 特定健診 counts ages),
    which tells no month. By the service month only bands of five years or more go out, and whoever passes from one
    to the next still shows it. Whoever is `top` at `month`, the last of the release, is ``90+`` in every record:
    else the age in an early one would tell it. A record without a month has no age.

    >>> claims = {"born": ["1956-05", "1956-05", "1931-01"], "month": ["2025-04", "2025-05", "2020-04"]}
    >>> place = {"birth": "born", "month": "month"}
    >>> after("age-at-service", claims, place, month="2025-09")["born"]
    ['69', '69', '90+']
    >>> after("age-at-service", claims, place, month="2025-09", width=5, counted="month")["born"]
    ['65-69', '65-69', '90+']
    """

    id = "age-at-service"
    title = Title("診療年月の年齢", "Age at the month of service")
    law = "規則34条1号・4号・5号"
    schema = (
        Option("month", str, "the last month of the release, YYYY-MM", form=MONTH),
        Option("counted", str, "at the end of the fiscal year or of the month", "fiscal-year",
               among=("fiscal-year", "month")),
        Option("width", int, "years per band; 1 for single years", 1, least=1, most=20),
        Option("top", int, "everybody of this age or more together, a multiple of width", 90, least=20, most=120),
    )  # fmt: skip
    parts = (Part("birth", "birth date or month", 1, 1), Part("month", "month of service", 1, 1))
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse bands that do not meet the top, and ages that tell the month of birth."""
        if asked.text("counted") == "month" and asked.number("width") < 5:
            raise self.unfit("width", "is 5 or more where ages are counted by the month")
        return whole_bands(asked)

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """The age or its band; null for the unborn."""
        (birth,), (service,) = parameters.of("birth"), parameters.of("month")
        width, top = parameters.number("width"), parameters.number("top")
        birth_month, at = born(birth), months(service)
        if parameters.text("counted") == "fiscal-year":
            at = (at - 3).floordiv(12) * 12 + 14  # March of the fiscal year that holds the month
        age, last = (at - birth_month).floordiv(12), (month_number(parameters.text("month")) - birth_month).floordiv(12)
        label = banded(age, width, top)
        made = pl.when(at.is_null()).then(None).when((last >= top) | (age >= top)).then(pl.lit(f"{top}+"))
        return {birth: made.when(age >= 0).then(label).alias(birth)}

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """Every age or band there is."""
        every = labels(parameters.number("width"), parameters.number("top"))
        return {parameters.of("birth")[0]: Labels(frozenset(every))}


RULE = AgeAtService()
