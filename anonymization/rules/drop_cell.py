"""セル削除: single cells are emptied, by code, size or form."""

from __future__ import annotations

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.conditions import CONDITIONS, check, meant
from anonymization.rules.support.domains import Domain, Form, Labels, Numbers


class DropCell(ColumnRule):
    """Empty the cells that are meant (guideline table 1 セル削除; Rules art. 34 items 1, 4).

    >>> after("drop-cell", ["9999", "100", None], codes=["9999"])
    [None, '100', None]
    >>> after("drop-cell", [3, 250], above=200)
    [3, None]
    >>> after("drop-cell", ["E119", "糖尿病"], unless="[A-Z][0-9]{2,4}")
    ['E119', None]
    """

    id = "drop-cell"
    title = Title("セル削除", "Cells emptied")
    law = "規則34条1号・4号"
    schema = CONDITIONS

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse to do nothing."""
        return check(asked)

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The cell, or null where it is meant or an empty text."""
        filled = pl.col(column).cast(pl.String) != ""
        return pl.when(filled & ~meant(column, parameters)).then(pl.col(column))

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """What was there, less what is meant."""
        if parameters.has("unless"):
            return Form(parameters.text("unless"))
        if isinstance(before, Labels) and parameters.has("codes"):
            return Labels(before.labels - set(parameters.texts("codes")))
        if isinstance(before, Numbers):
            low = max(before.least, parameters.real("below")) if parameters.has("below") else before.least
            high = min(before.most, parameters.real("above")) if parameters.has("above") else before.most
            return Numbers(low, high, before.step)
        return before


RULE = DropCell()
