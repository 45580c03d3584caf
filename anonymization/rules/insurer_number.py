"""保険者番号: of an insurance card only the insurer's number remains, and only if it is one."""

from __future__ import annotations

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Form

_NUMBER = r"[0-9]{6}|[0-9]{8}"


class InsurerNumber(ColumnRule):
    """Keep an insurer number of 6 or 8 digits, drop everything else that stands in its place (Rules art. 4(1):
    the code is insurer number *and* symbol and number; the published policy keeps the first).

    >>> after("insurer-number", ["138057", "06132013", "１２・３４５６７", "0613201"])
    ['138057', '06132013', None, None]
    """

    id = "insurer-number"
    title = Title("保険者番号", "Insurer number")
    law = "規則34条2号、規則4条1号、公表方針"

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The number, or null."""
        text = pl.col(column)
        return pl.when(text.str.contains(f"^({_NUMBER})$")).then(text)

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """6 or 8 digits."""
        return Form(_NUMBER)


RULE = InsurerNumber()
