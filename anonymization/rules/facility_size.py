"""医療機関 → 規模: a facility's number becomes the class of its size."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import polars as pl

from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.bands import band_labels, banded_by
from anonymization.rules.support.domains import Domain, Labels
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose


class FacilitySize(ColumnRule):
    """A facility to the number of its people in this release, in classes (practice: beds in five classes).

    Claims carry no number of beds, so its people here are counted; the prefecture comes from `geography` or
    `generalise`. A facility that turns up later has no size.

    >>> visits = {"at": ["1312345678"] * 3 + ["2712345678"], "who": [1, 2, 3, 1]}
    >>> after("facility-size", visits, "at", person="who", edges=[2, 100])["at"]
    ['2..<100', '2..<100', '2..<100', '<2']
    """

    id = "facility-size"
    title = Title("医療機関の規模", "Size of the facility")
    law = "規則34条5号"
    schema = (Option("edges", float, "people at which a class begins, ascending", (100.0, 1000.0), least=1, many=True),)
    needs_person = True
    shared = True
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Count people by facility, over all columns together."""
        assert asked.person is not None  # the rule needs it, `learn` has checked
        edges = asked.reals("edges")
        if not edges or any(high <= low for low, high in pairwise(edges)):
            raise self.unfit("edges", "is a list that ascends")
        person = pl.col(asked.person).alias("who")
        parts = [
            whose(frame, asked.person).select(pl.col(n).cast(pl.String).alias("at"), person) for n in asked.of("column")
        ]
        found = pl.concat(parts).drop_nulls("at").unique().group_by("at").agg(pl.len().alias("people"))
        sized = found.select("at", banded_by(pl.col("people"), edges, band_labels(edges)).alias("size")).collect()
        return replace(asked, counts={"facilities": sized.height}, secret={"at": sized["at"], "size": sized["size"]})

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The class."""
        secret = parameters.secret
        return pl.col(column).cast(pl.String).replace_strict(secret["at"], secret["size"], default=None)

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """The classes."""
        return Labels(frozenset(band_labels(parameters.reals("edges"))))


RULE = FacilitySize()
