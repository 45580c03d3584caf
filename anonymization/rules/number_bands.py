"""数値の区分: numbers to bands between given edges."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.bands import band_labels, banded_by
from anonymization.rules.support.domains import Domain, Labels
from anonymization.rules.support.options import Option


class NumberBands(ColumnRule):
    """A number to the band that holds it; the first and last band are open (guideline table 1 一般化).

    The NDB guideline groups birth weights so: 100 g bands, up to 300 g and from 4,000 g on one each. `labels` names the
    bands otherwise than by their edges; a band holds its lower edge.

    >>> after("number-bands", [0, 499, 500, 4999, 5000, None], edges=[500, 5000])
    ['<500', '<500', '500..<5000', '500..<5000', '5000+', None]
    >>> after("number-bands", [499, 1000], edges=[500], labels=["少額", "多額"])
    ['少額', '多額']
    """

    id = "number-bands"
    title = Title("数値の区分", "Numbers in bands")
    law = "規則34条4号・5号"
    schema = (
        Option("edges", float, "ascending edges between the bands", many=True),
        Option("labels", str, "names of the bands, one more than edges", many=True, optional=True),
    )
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse edges that do not ascend, and labels that are not one more."""
        edges = asked.reals("edges")
        if not edges or any(high <= low for low, high in pairwise(edges)):
            raise self.unfit("edges", "is a list that ascends")
        if asked.has("labels") and len(set(asked.texts("labels"))) != len(edges) + 1:
            raise self.unfit("labels", "holds one more than edges, each once")
        return asked

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The label of the band."""
        number = pl.col(column).cast(pl.Float64, strict=False)
        return banded_by(number, parameters.reals("edges"), self._labels(parameters))

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """The labels."""
        return Labels(frozenset(self._labels(parameters)))

    @staticmethod
    def _labels(parameters: Parameters) -> tuple[str, ...]:
        return parameters.texts("labels") if parameters.has("labels") else band_labels(parameters.reals("edges"))


RULE = NumberBands()
