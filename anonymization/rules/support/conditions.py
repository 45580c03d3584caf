"""Which cells are meant: codes, the empty, numbers beyond limits, texts without a form. Shared by what is dropped."""

from __future__ import annotations

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules.base import Parameters
from anonymization.rules.support.options import Option

CONDITIONS = (
    Option("codes", str, "cells with one of these", many=True, optional=True),
    Option("missing", bool, "empty cells", False),
    Option("below", float, "numbers under it", optional=True),
    Option("above", float, "numbers over it", optional=True),
    Option("unless", str, "filled cells without this form (RE2, whole)", optional=True),
)


def check(parameters: Parameters) -> Parameters:
    """The parameters again. Unfit where nothing is asked, or the form is no pattern."""
    if not any(map(parameters.has, ("codes", "below", "above", "unless"))) and not parameters.on("missing"):
        raise Unfit(f"{parameters.rule}: needs option codes, missing, below, above or unless")
    try:
        pl.select(pl.lit("").str.contains(parameters.text("unless") if parameters.has("unless") else ""))
    except pl.exceptions.PolarsError:
        raise Unfit(f"{parameters.rule}: option unless is no pattern") from None
    return parameters


def meant(column: str, parameters: Parameters) -> pl.Expr:
    """Whether a cell is meant; never null."""
    text = pl.col(column).cast(pl.String)
    number = text.cast(pl.Float64, strict=False)
    empty = text.is_null() | (text == "")
    found = [empty] if parameters.on("missing") else []
    if parameters.has("codes"):
        found.append(text.is_in(list(parameters.texts("codes"))))
    if parameters.has("below"):
        found.append(number < parameters.real("below"))
    if parameters.has("above"):
        found.append(number > parameters.real("above"))
    if parameters.has("unless"):
        found.append(~empty & ~text.str.contains(rf"^(?:{parameters.text('unless')})$"))
    return pl.any_horizontal([one.fill_null(False) for one in found])
