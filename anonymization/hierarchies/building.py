"""From a code system and the values there are to a `Hierarchy` the search takes: one row per value present.

Rows are for exactly the values of the data, so the metric Loss counts shares of them. A missing value is a row of its
own (the empty text, as in `risk.search.coding`); a value that is no code of the system joins it from level 1 on, as in
the rule `generalise`.
"""

from __future__ import annotations

import polars as pl

from anonymization.hierarchies import system
from anonymization.hierarchies.base import ALL, EVERYTHING, CodeSystem
from anonymization.risk.search.hierarchy import Hierarchy
from anonymization.risk.tables import as_values
from anonymization.risk.unfit import Unfit


def hierarchy(column: str, values: pl.Series, codes: CodeSystem | str, *, highest: str = ALL) -> Hierarchy:
    """The hierarchy of a column's values up to the level `highest`. Unfit where there is no value or no such level."""
    made = system(codes) if isinstance(codes, str) else codes
    levels = made.number(highest)
    if not values.len():
        raise Unfit(f"column {column} has no value to make a hierarchy of")
    present = pl.DataFrame({"x": values.cast(pl.String)}).select(as_values("x")).unique().sort("x", nulls_last=True)
    own = [step.alias(f"{number}") for number, step in enumerate(made.steps("x")[:levels], 1)]
    table = present.select("x", *own).with_columns(pl.all().fill_null(""))
    if highest == ALL:
        table = table.with_columns(pl.lit(EVERYTHING).alias("all"))
    return Hierarchy(column, tuple(table.rows()))
