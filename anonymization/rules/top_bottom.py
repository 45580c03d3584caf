"""トップ・ボトムコーディング: extreme numbers become a limit, given or learnt from the share of people beyond it."""

from __future__ import annotations

import math
from dataclasses import replace

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules.base import Parameters, Part, Rule, Title
from anonymization.rules.support.domains import Domain, Domains, Numbers
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose

_GIVEN = ("low", "high", "step")


class TopBottom(Rule):
    """Very high and very low numbers (Rules art. 34 item 4; guideline table 1 トップ(ボトム)コーディング).

    Afterwards `high` means "this or more", `low` "this or less". A limit that is not given is learnt where `share` is:
    the multiple of `step` that this share of people, and never under `least`, reach with their highest (lowest) number.
    A given limit that somebody, but under `least` people, go beyond is refused: they would stand alone at it.

    >>> bills = {"points": [100, 200, 300, 400, 9000, 8000], "who": [1, 2, 3, 4, 5, 6]}
    >>> after("top-bottom", bills, "points", person="who", high=400, least=2)["points"]
    [100, 200, 300, 400, 400, 400]
    >>> after("top-bottom", bills, "points", person="who", share=0.3, tails="top", step=1000, least=2)["points"]
    [100, 200, 300, 400, 8000, 8000]
    """

    id = "top-bottom"
    title = Title("トップ・ボトムコーディング", "Top and bottom coding")
    law = "規則34条4号"
    schema = (
        Option("low", float, "the lowest number that stays", optional=True),
        Option("high", float, "the highest number that stays", optional=True),
        Option(
            "share", float, "share of people in each tail where limits are learnt", optional=True, least=0, most=0.5
        ),
        Option("tails", str, "which limits are learnt", "both", among=("top", "bottom", "both")),
        Option("step", float, "learnt limits are multiples of it", 1, least=1e-6),
        Option("least", int, "people in a tail at least", 10, least=2),
    )
    parts = (Part("column", "the numbers", 1, 1, numbers=True),)
    needs_person = True
    shared = True

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Find the limits, and check that nobody stands alone at them."""
        (column,), person = asked.of("column"), asked.person
        assert person is not None  # the rule needs it, `learn` has checked
        if not (asked.has("low") or asked.has("high") or asked.has("share")):
            raise Unfit(f"{self.id}: needs option low, high or share")
        number = pl.col(column).cast(pl.Float64, strict=False)
        people = whose(frame, person).group_by(person).agg(number.min().alias("least"), number.max().alias("most"))
        ends = people.drop_nulls("most").select("least", "most").collect()
        broken = [one for one in _GIVEN if asked.has(one) and not asked.real(one).is_integer()]
        if broken and asked.kinds[column].is_integer():
            raise self.unfit(broken[0], "is whole for whole numbers")
        limits = self._given(asked, ends)
        if asked.has("share") and ends.height:
            limits = {**self._learnt(asked, ends), **limits}
        if limits.get("low", -math.inf) > limits.get("high", math.inf):
            raise Unfit(f"{self.id}: the lower limit lies above the upper one")
        return replace(asked, counts=limits)

    def _given(self, asked: Parameters, ends: pl.DataFrame) -> dict[str, float]:
        limits = {name: asked.real(name) for name in ("low", "high") if asked.has(name)}
        for name, limit in limits.items():
            beyond = ends.filter(pl.col("least") < limit if name == "low" else pl.col("most") > limit).height
            at_it = ends.filter(pl.col("least") <= limit if name == "low" else pl.col("most") >= limit).height
            if beyond and at_it < asked.number("least"):
                raise self.unfit(name, f"leaves {at_it} people in its tail, under least")
        return limits

    def _learnt(self, asked: Parameters, ends: pl.DataFrame) -> dict[str, float]:
        tail = max(asked.number("least"), math.ceil(asked.real("share") * ends.height))
        if tail >= ends.height:
            raise Unfit(f"{self.id}: {ends.height} people are too few for tails of {tail}")
        step, tails = asked.real("step"), asked.text("tails")
        high = math.floor(ends["most"].sort(descending=True)[tail - 1] / step) * step
        low = math.ceil(ends["least"].sort()[tail - 1] / step) * step
        found = {"low": low} if tails in ("bottom", "both") else {}
        return found | ({"high": high} if tails in ("top", "both") else {})

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """The number, or the limit it goes beyond."""
        (column,) = parameters.of("column")
        made, kind = pl.col(column), parameters.kinds[column]
        number = made.cast(pl.Float64)
        if (high := parameters.counts.get("high")) is not None:
            made = pl.when(number > high).then(pl.lit(high).cast(kind)).otherwise(made)
        if (low := parameters.counts.get("low")) is not None:
            made = pl.when(number < low).then(pl.lit(low).cast(kind)).otherwise(made)
        return {column: made.alias(column)}

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """The range between the limits."""
        (column,), limits = parameters.of("column"), parameters.counts
        was = before.get(column, Numbers(-math.inf, math.inf))
        if not isinstance(was, Numbers):
            return {column: was}
        low, high = limits.get("low", -math.inf), limits.get("high", math.inf)
        return {column: Numbers(max(was.least, low), min(was.most, high), was.step)}


RULE = TopBottom()
