"""極端な値: numbers of many kinds in one column, each kind capped by what its own people have."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.rules.base import Parameters, Part, Rule, Title
from anonymization.rules.support.domains import Domain, Domains, Unchanged
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose

_LEAST, _MOST = "\x00least", "\x00most"


class ExtremeValues(Rule):
    """Test results and the like (Rules art. 34 item 4: extreme laboratory values; practice: odd values are rounded).

    `top-bottom` for a column that holds one kind of number per row, which `kind` says: the limits of each kind are
    learnt from its own people, so that `share` of them, and never under `least`, have the limit or go beyond. Limits
    have `digits` leading digits, cut towards the middle. Of a kind with too few people for two tails every value
    goes; so does a value of no kind.

    >>> kinds = {"test": ["hba1c"] * 6 + ["rare"], "value": [5.1, 5.2, 5.3, 6.0, 9.91, 14.2, 7.0], "who": range(7)}
    >>> after("extreme-values", kinds, {"column": "value", "kind": "test"}, person="who", least=2)["value"]
    [5.2, 5.2, 5.3, 6.0, 9.9, 9.9, None]
    """

    id = "extreme-values"
    title = Title("極端な値", "Extreme values by kind")
    law = "規則34条4号"
    schema = (
        Option("share", float, "share of a kind's people in each tail", 0.01, least=0.0001, most=0.4),
        Option("least", int, "people in a tail at least", 10, least=2),
        Option("digits", int, "leading digits of a limit", 2, least=1, most=4),
    )
    parts = (Part("column", "the numbers", 1, 1, numbers=True), Part("kind", "what they measure", 1, 1))
    needs_person = True

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Two limits for each kind that has the people for them."""
        (column,), (kind,), person = asked.of("column"), asked.of("kind"), asked.person
        assert person is not None  # the rule needs it, `learn` has checked
        number = pl.col(column).cast(pl.Float64)
        rows = whose(frame, person).filter(number.is_not_null() & pl.col(kind).is_not_null())
        ends = rows.group_by(kind, person).agg(number.min().alias(_LEAST), number.max().alias(_MOST))
        tail = pl.max_horizontal(asked.number("least"), (pl.len() * asked.real("share")).ceil().cast(pl.Int64))
        limits = ends.group_by(kind).agg(
            pl.col(_LEAST).sort().get(tail - 1, null_on_oob=True),
            pl.col(_MOST).sort(descending=True).get(tail - 1, null_on_oob=True),
        )
        cut = limits.with_columns(_up(pl.col(_LEAST), asked), -_up(-pl.col(_MOST), asked)).collect()
        fit = cut.filter(pl.col(_LEAST) < pl.col(_MOST)).sort(kind)
        secret = {"kinds": fit[kind], "low": fit[_LEAST], "high": fit[_MOST]}
        return replace(
            asked, counts={"kinds_kept": fit.height, "kinds_emptied": cut.height - fit.height}, secret=secret
        )

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """The number, the limit it goes beyond, or null."""
        (column,), (kind,) = parameters.of("column"), parameters.of("kind")
        secret, dtype, number = parameters.secret, parameters.kinds[column], pl.col(column).cast(pl.Float64)
        low, high = (pl.col(kind).replace_strict(secret["kinds"], secret[end], default=None) for end in ("low", "high"))
        capped = pl.when(number < low).then(low).when(number > high).then(high).cast(dtype, strict=False)
        inside = pl.when(number.is_between(low, high)).then(pl.col(column))
        return {column: pl.coalesce(inside, capped).alias(column)}

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """What was there: kinds differ, so their limits bound nothing together."""
        (column,) = parameters.of("column")
        return {column: before.get(column, Unchanged())}


def _up(number: pl.Expr, asked: Parameters) -> pl.Expr:
    """The least number of so many leading digits that is not under it; what is under 1e-12 counts as that."""
    size = pl.when(number == 0).then(1.0).otherwise(number.abs()).log10().floor().clip(-12, 15)
    scale = pl.lit(10.0).pow(asked.number("digits") - 1 - size)
    units = (number * scale).round()
    return pl.coalesce(pl.when(one / scale >= number).then(one / scale) for one in (units, units + 1, units + 2))


RULE = ExtremeValues()
