"""レコード削除: records go, or everything of the people who have one."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules.base import Parameters, Rule, Title
from anonymization.rules.support.conditions import CONDITIONS, check, meant
from anonymization.rules.support.domains import Domain, Domains
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose


class DropRecord(Rule):
    """Leave out records of which a cell is meant (guideline table 1 レコード削除; Rules art. 34 item 4).

    Sampling data of the NDB leaves out very expensive claims so. With `whole` ``person`` everything of whoever has
    such a record goes: what remains of a singular person can be singular too.

    >>> claims = {"points": [100, 900000, 50], "who": ["a", "a", "b"]}
    >>> after("drop-record", claims, "points", above=500000)["points"]
    [100, 50]
    >>> after("drop-record", claims, "points", person="who", above=500000, whole="person")["points"]
    [50]
    """

    id = "drop-record"
    title = Title("レコード削除", "Records left out")
    law = "規則34条4号"
    schema = (*CONDITIONS, Option("whole", str, "the record or everything of the person", "record",
                                  among=("record", "person")))  # fmt: skip
    shared = True

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Find the people, where everything of theirs goes."""
        check(asked)
        if asked.text("whole") == "record":
            return asked
        if asked.person is None:
            raise Unfit(f"{self.id}: whole people need the column that says whose a row is")
        gone = (
            whose(frame, asked.person).filter(_any(asked)).select(pl.col(asked.person).unique()).collect().to_series()
        )
        return replace(asked, counts={"people": gone.len()}, secret={"people": gone})

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """No column changes."""
        return {}

    def keep(self, parameters: Parameters) -> pl.Expr | None:
        """Records of which nothing is meant."""
        stays = ~_any(parameters)
        if parameters.person is None or "people" not in parameters.secret:
            return stays
        return stays & ~pl.col(parameters.person).is_in(parameters.secret["people"].to_list()).fill_null(False)

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """Nothing new."""
        return {}


def _any(parameters: Parameters) -> pl.Expr:
    return pl.any_horizontal([meant(name, parameters) for name in parameters.of("column")])


RULE = DropRecord()
