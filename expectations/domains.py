"""The gate's own answer to "does every value lie in its domain?": all values of a column at once.

`Domain.admits` says what a domain means, value by value; this says the same with Polars (a test holds them together).
Great Expectations is asked the same with Python's engines, so that a mistake in one of them is a disagreement.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from expectations.classes.old_age import everybody_before
from expectations.contract import CodeList, Domain, Form, NumberRange

if TYPE_CHECKING:
    import polars as pl

#: 15 digits before the point and these behind it are a 64-bit number.
_MOST_PLACES = 3


def inside(domain: Domain, values: pl.Series) -> pl.Series:
    """Boolean series: which of `values` (text, no nulls) lie in `domain`; all of free text that is asked for."""
    import polars as pl

    if isinstance(domain, CodeList):
        return values.is_in(sorted(domain.codes)) if domain.codes else pl.repeat(False, values.len(), eager=True)
    if isinstance(domain, Form):
        return values.str.contains(rf"\A(?:{domain.pattern})\z")
    if isinstance(domain, NumberRange):
        return _in_range(domain, values)
    return pl.repeat(domain.asked_for, values.len(), eager=True, dtype=pl.Boolean)


def _in_range(domain: NumberRange, values: pl.Series) -> pl.Series:
    """Plainly written, between the bounds and on a step, as whole numbers of the last place."""
    import polars as pl

    places = max(-int(part.as_tuple().exponent) for part in (domain.low, domain.high, domain.step, Decimal(0)))
    if places > _MOST_PLACES:
        return pl.Series([domain.admits(value) for value in values], dtype=pl.Boolean)
    plain = values.str.contains(rf"\A(?:{domain.shape.pattern})\z")
    low, high, step = (int(part.scaleb(places)) for part in (domain.low, domain.high, domain.step))
    number = pl.col("value") if not places else _scaled(places)
    frame = pl.select(value=values.set(~plain, None))
    counted = frame.select(number=number.cast(pl.Int64))["number"]
    fits = (counted >= low) & (counted <= high)
    if step != 1:
        fits &= ((counted - low) % step) == 0
    return (fits & plain).fill_null(False)


def _scaled(places: int) -> pl.Expr:
    """``18.5`` with two places is ``1850``."""
    import polars as pl

    whole = pl.col("value").str.extract(r"^(-?[0-9]+)")
    rest = pl.col("value").str.extract(r"\.([0-9]+)$").fill_null("")
    return whole + rest.str.pad_end(places, "0")


def young_enough(births: pl.Series, earliest: str) -> pl.Series:
    """Boolean series: births (months, days, years, years from-to) from `earliest` on, or the label of all before it."""
    month = births.str.extract(r"\A([0-9]{4}-(?:0[1-9]|1[0-2]))(?:-(?:0[1-9]|[12][0-9]|3[01]))?\z")
    year = births.str.extract(r"\A(?:[0-9]{4}-)?([0-9]{4})\z")
    return (month >= earliest).fill_null(year >= earliest[:4]).fill_null(births == everybody_before(earliest))
