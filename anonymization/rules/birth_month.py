"""生年月日 → 生年月: the day goes. Anything that is no whole date goes altogether."""

from __future__ import annotations

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Form
from anonymization.rules.support.months import MONTH


class BirthMonth(ColumnRule):
    """Birth date YYYYMMDD to birth month (published policy; PPC secretariat report: at least the day is deleted).

    >>> after("birth-month", ["19560203", "1956-02", "19561301", "昭和31年", "1956020", None])
    ['1956-02', '1956-02', None, None, None, None]
    """

    id = "birth-month"
    title = Title("生年月", "Birth month")
    law = "規則34条1号、公表方針"

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """YYYY-MM, or null where the value is no date."""
        text = pl.col(column)
        month = text.str.slice(0, 4) + "-" + text.str.slice(4, 2)
        whole = text.str.contains(r"^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$")
        return pl.when(whole).then(month).when(text.str.contains(f"^{MONTH}$")).then(text)

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """YYYY-MM."""
        return Form(MONTH)


RULE = BirthMonth()
