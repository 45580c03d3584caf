"""誕生日に当たる日付の削除: dates that fall on a birthday with a consequence would give back the day of birth."""

from __future__ import annotations

import polars as pl

from anonymization.rules.base import Parameters, Part, Rule, Title
from anonymization.rules.support.domains import Domain, Domains, Unchanged
from anonymization.rules.support.months import months
from anonymization.rules.support.options import Option


class BirthdayDates(Rule):
    """Of a birth date only the month is kept; a date beside it can bring the day back, so it goes.

    A newborn is admitted on the day of birth; long-term care insurance begins on the 65th birthday
    (介護保険法9条1号), that of the late elderly on the 75th (高齢者医療確保法50条1号). Dates in the month in which a
    person reaches one of `ages` are emptied. It wants births still in months: it comes before every rule that makes
    them coarser.

    >>> cards = {"born": ["1950-06", "1950-06", "2025-05"], "since": ["2025-06-14", "2025-07-01", "2025-05-02"]}
    >>> after("birthday-dates", cards, {"birth": "born", "date": "since"})["since"]
    [None, '2025-07-01', None]
    >>> after("birthday-dates", cards, {"birth": "born", "date": "since"}, ages=[65])["since"]
    ['2025-06-14', '2025-07-01', '2025-05-02']
    """

    id = "birthday-dates"
    title = Title("誕生日に当たる日付の削除", "Dates on birthdays deleted")
    law = "規則34条1号・4号"
    schema = (Option("ages", int, "ages whose birthday has a consequence", (0, 65, 75), least=0, most=120, many=True),)
    parts = (Part("birth", "birth date or month", 1, 1), Part("date", "dates and months of the record"))

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse to do nothing."""
        if not asked.reals("ages"):
            raise self.unfit("ages", "names at least one")
        return asked

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """The date, or null; the birth stays."""
        (birth,) = parameters.of("birth")
        ages = [int(age) * 12 for age in parameters.reals("ages")]
        since = {name: months(name) - months(birth) for name in parameters.of("date")}
        stays = {name: ~age.is_in(ages).fill_null(False) for name, age in since.items()}
        return {name: pl.when(stay).then(pl.col(name)).alias(name) for name, stay in stays.items()}

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """What was there."""
        return {name: before.get(name, Unchanged()) for name in parameters.of("date")}


RULE = BirthdayDates()
