"""項目削除: the column goes, whatever is in it."""

from __future__ import annotations

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Gone


class DropColumn(ColumnRule):
    """Delete the whole item (Rules art. 34 items 1-3; guideline table 1 項目削除).

    >>> after("drop-column", {"name": ["架空　太郎", ""], "sex": ["1", "2"]}, "name")
    {'sex': ['1', '2']}
    """

    id = "drop-column"
    title = Title("項目削除", "Column deleted")
    law = "規則34条1号・2号・3号"

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """None: the column is not there afterwards."""
        return None

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """Gone."""
        return Gone()


RULE = DropColumn()
