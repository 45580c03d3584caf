"""日付 → 初回からの日数: dates of a person as days since the person's first."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.rules.base import Parameters, Rule, Title
from anonymization.rules.support.domains import Domain, Domains, Numbers
from anonymization.rules.support.months import day
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose


class DaysSinceFirst(Rule):
    """Intervals stay, the calendar goes (Rules art. 34 item 5). The first of all columns given together is day 0.

    Days over `most` become it. A month alone is no date and goes. The sequence of intervals of one person can still be
    unique: that is for trail risk to count.

    >>> visits = {"came": ["2025-04-03", "2025-05-03", "2025-04-30"], "who": ["a", "a", "b"]}
    >>> after("days-since-first", visits, "came", person="who")["came"]
    [0, 30, 0]
    """

    id = "days-since-first"
    title = Title("初回からの日数", "Days since the first event")
    law = "規則34条5号"
    schema = (Option("most", int, "days that are told apart", 3650, least=1),)
    needs_person = True
    shared = True
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Each person's first date: in memory only."""
        assert asked.person is not None  # the rule needs it, `learn` has checked
        first = pl.min_horizontal(day(name) for name in asked.of("column")).min().alias("first")
        found = whose(frame, asked.person).group_by(asked.person).agg(first).drop_nulls("first").collect()
        secret = {"person": found[asked.person], "first": found["first"]}
        return replace(asked, counts={"people": found.height}, secret=secret)

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """Whole days."""
        assert parameters.person is not None
        secret = parameters.secret
        first = pl.col(parameters.person).replace_strict(secret["person"], secret["first"], default=None)
        return {
            name: (day(name) - first).dt.total_days().clip(0, parameters.number("most")).alias(name)
            for name in parameters.of("column")
        }

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """0 to the most."""
        return dict.fromkeys(parameters.of("column"), Numbers(0, parameters.number("most"), 1))


RULE = DaysSinceFirst()
