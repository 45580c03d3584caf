"""丸め: numbers to multiples of a step."""

from __future__ import annotations

import math

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Part, Title
from anonymization.rules.support.domains import Domain, Numbers
from anonymization.rules.support.options import Option

#: What a multiple may miss itself by in floating point.
_CLOSE = 1e-9


class RoundNumber(ColumnRule):
    """A number to the nearest multiple of `step`, halves up, or to the one below (guideline table 1 丸め).

    The column keeps its type, so whole numbers want a whole step. Counts in publications are rounded so; amounts and
    odd laboratory values too, by the practice hospitals publish.

    >>> after("round-number", [0, 4, 5, 14, -5, None], step=10)
    [0, 0, 10, 10, 0, None]
    >>> after("round-number", [36.64, 36.65], step=0.5)
    [36.5, 36.5]
    >>> after("round-number", [19, 20], step=10, to="below")
    [10, 20]
    """

    id = "round-number"
    title = Title("丸め", "Rounded")
    law = "規則34条5号"
    schema = (
        Option("step", float, "numbers become multiples of it", least=1e-6),
        Option("to", str, "the nearest multiple or the one below", "nearest", among=("nearest", "below")),
    )
    parts = (Part("column", "the numbers", numbers=True),)

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse steps that whole numbers cannot take."""
        if not asked.real("step").is_integer() and any(asked.kinds[name].is_integer() for name in asked.of("column")):
            raise self.unfit("step", "is whole for whole numbers")
        return asked

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The multiple."""
        step, half = parameters.real("step"), 0.5 if parameters.text("to") == "nearest" else 0.0
        times = (pl.col(column).cast(pl.Float64) / step + half + _CLOSE).floor()
        return (times * step).round(_decimals(step)).cast(parameters.kinds[column], strict=False)

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """Multiples between the rounded bounds."""
        step = parameters.real("step")
        if not isinstance(before, Numbers):
            return before
        return Numbers(math.floor(before.least / step) * step, math.ceil(before.most / step) * step, step)


def _decimals(step: float) -> int:
    return len(f"{step:.6f}".rstrip("0").partition(".")[2])


RULE = RoundNumber()
