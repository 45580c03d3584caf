"""サンプリング: a random part of the people goes out."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules.base import Parameters, Part, Rule, Title
from anonymization.rules.support.chance import generator
from anonymization.rules.support.domains import Domain, Domains
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose


class Sampling(Rule):
    """A share of the people, with all of their records; who, is drawn anew in every release (guideline: サンプリング).

    Nobody knows then whether somebody is in the data. Two releases of the same people to one recipient undo that.

    >>> len(after("sampling", {"x": range(1000), "who": range(1000)}, {}, person="who", share=0.1)["x"])
    100
    """

    id = "sampling"
    title = Title("サンプリング", "Sampled")
    law = "規則34条5号"
    schema = (Option("share", float, "share of the people who go out", least=0.0001, most=0.9999),)
    parts = (Part("column", "none is treated", 0),)
    needs_person = True
    shared = True

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Draw who goes out."""
        assert asked.person is not None  # the rule needs it, `learn` has checked
        people = whose(frame, asked.person).select(pl.col(asked.person).unique().sort()).collect().to_series()
        chosen = people[generator().permutation(people.len())[: round(asked.real("share") * people.len())]]
        if not chosen.len():
            raise Unfit(f"{self.id}: of {people.len()} people nobody would be left")
        counts = {"people_before": people.len(), "people": chosen.len()}
        return replace(asked, counts=counts, secret={"people": chosen})

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """No column changes."""
        return {}

    def keep(self, parameters: Parameters) -> pl.Expr | None:
        """Records of those who were drawn."""
        assert parameters.person is not None
        return pl.col(parameters.person).is_in(parameters.secret["people"].to_list()).fill_null(False)

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """Nothing new."""
        return {}


RULE = Sampling()
