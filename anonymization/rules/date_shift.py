"""日付のずらし: all dates of a person by one random number of days, so that intervals stay."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.rules.base import Parameters, Rule, Title
from anonymization.rules.support.chance import generator
from anonymization.rules.support.domains import Domain, Domains, Form
from anonymization.rules.support.months import day
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose

_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


class DateShift(Rule):
    """One offset per person and release, drawn between -`days` and `days`, for all columns given together.

    Noise on dates (guideline table 1 ノイズ付加; Rules art. 34 item 5). Offsets are random, not made from a number
    of the person, exist in memory only and are drawn anew in the next release (PPC Q&A 15-14: no table may outlive
    the making). With `whole_weeks` days of the week stay. A month alone cannot be shifted by days and goes. Seasons
    blur, and whoever knows one date of a person knows all: the offset hides dates from those who know none.

    >>> stay = {"came": ["2025-04-03"], "left": ["2025-04-10"], "who": ["a"]}
    >>> moved = after("date-shift", stay, ["came", "left"], person="who", days=50)
    >>> int(moved["left"][0][-2:]) - int(moved["came"][0][-2:]) in (7, 7 - 30, 7 - 31, 7 - 28)
    True
    """

    id = "date-shift"
    title = Title("日付のずらし", "Dates shifted")
    law = "規則34条5号"
    schema = (
        Option("days", int, "the largest offset", 50, least=7, most=365),
        Option("whole_weeks", bool, "whether days of the week stay", False),
    )
    needs_person = True
    shared = True
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Draw an offset for everybody."""
        assert asked.person is not None  # the rule needs it, `learn` has checked
        people = whose(frame, asked.person).select(pl.col(asked.person).unique().sort()).collect().to_series()
        unit = 7 if asked.on("whole_weeks") else 1
        most = asked.number("days") // unit
        offsets = pl.Series(generator().integers(-most, most, people.len(), endpoint=True) * unit)
        return replace(asked, counts={"people": people.len()}, secret={"person": people, "offset": offsets})

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """YYYY-MM-DD."""
        assert parameters.person is not None
        secret = parameters.secret
        offset = pl.col(parameters.person).replace_strict(secret["person"], secret["offset"], default=None)
        return {
            name: (day(name) + pl.duration(days=offset)).dt.to_string("%Y-%m-%d").alias(name)
            for name in parameters.of("column")
        }

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """A date."""
        return dict.fromkeys(parameters.of("column"), Form(_DAY))


RULE = DateShift()
