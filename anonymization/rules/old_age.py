"""超高齢の一括: whoever is 90 or more looks like everybody who is, in births, ages and dates together."""

from __future__ import annotations

import re

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules.base import Parameters, Part, Rule, Title
from anonymization.rules.support.domains import Domain, Domains, Form, Labels, Numbers, Unchanged
from anonymization.rules.support.months import MONTH, born, month_number, months
from anonymization.rules.support.options import Option

#: Age of the last legal event that tells a birth: 後期高齢者医療 begins on the 75th birthday (高齢者医療確保法50条).
_LAST_EVENT = 75


class OldAge(Rule):
    """One joint rule over a record: what tells the age of the very old goes from all of its columns at once.

    Who is `top` or more at `month`, the last of the release, is very old in every record, also in one of years ago.
    Their birth becomes the latest birth there is among them, their ages `top`, and of their dates only those from
    `since` on stay: an admission of long ago, or the day insurance for the late elderly began, would tell the birth.
    What has not changed holds nothing of it, whatever is combined. Where the birth is not known an age counts as if
    its birthday had been the next day, from the record's earliest date on; an age with neither goes. A table without
    births wants those of its people joined to it before.

    Rules art. 34 item 4; PPC secretariat's report: very old dates are deleted or become "100歳以上"; practice: 90.

    >>> stays = {"born": ["1930-05", "1936-05"], "age": [90, 84], "came": ["2020-06-01", "2020-06-01"]}
    >>> after("old-age", stays, {"birth": "born", "age": "age", "date": "came"}, month="2025-03", since="2024-04")
    {'born': ['<=1935-03', '1936-05'], 'age': [90, 84], 'came': [None, '2020-06-01']}
    >>> unknown = {"age": [86, 84, 20], "came": ["2020-06-01", "2020-06-01", None]}
    >>> after("old-age", unknown, {"age": "age", "date": "came"}, month="2025-03", since="2024-04")
    {'age': [90, 84, None], 'came': [None, '2020-06-01', None]}
    """

    id = "old-age"
    title = Title("超高齢の一括", "Very old people together")
    law = "規則34条4号"
    schema = (
        Option("month", str, "the last month of the release, YYYY-MM", form=MONTH),
        Option("since", str, "its first month, YYYY-MM: older dates of the very old go", form=MONTH),
        Option("top", int, "age from which people are very old", 90, least=80, most=100),
    )
    parts = (
        Part("birth", "birth date or month", 0, 1),
        Part("age", "ages in years or bands", 0),
        Part("date", "dates and months of the record", 0),
    )

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse what cannot be made safe."""
        years = asked.number("top") - _LAST_EVENT
        if not 0 <= month_number(asked.text("month")) - month_number(asked.text("since")) < years * 12:
            raise self.unfit("since", f"lies in the {years} years before month")
        if not asked.of("birth") and not (asked.of("age") and asked.of("date")):
            raise Unfit(f"{self.id}: needs a birth, or an age and a date")
        return asked

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """The record with the very old made alike."""
        old, since = _very_old(parameters), month_number(parameters.text("since"))
        births = {
            n: pl.when(old).then(pl.lit(_eldest(parameters))).otherwise(pl.col(n)) for n in parameters.of("birth")
        }
        ages = {n: _age(n, old, parameters) for n in parameters.of("age")}
        dates = {n: pl.when(~old | (months(n) >= since)).then(pl.col(n)) for n in parameters.of("date")}
        return {name: made.alias(name) for name, made in {**births, **ages, **dates}.items()}

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """Births with one label more, ages up to the top, dates as before."""
        made = {name: before.get(name, Unchanged()) for names in parameters.columns.values() for name in names}
        made |= {name: _with(made[name], _eldest(parameters)) for name in parameters.of("birth")}
        made |= {name: _with(made[name], _band(parameters)) for name in parameters.of("age")}
        top = parameters.number("top")
        for name in (name for name in parameters.of("age") if parameters.kinds[name].is_numeric()):
            was = before.get(name, Numbers(0, top, 1))
            made[name] = Numbers(was.least, min(was.most, top), was.step) if isinstance(was, Numbers) else was
        return made


def _eldest(parameters: Parameters) -> str:
    """What a birth becomes: in or before the latest month in which somebody very old was born."""
    return "<=" + f"{_latest(parameters) // 12:04d}-{_latest(parameters) % 12 + 1:02d}"


def _latest(parameters: Parameters) -> int:
    return month_number(parameters.text("month")) - parameters.number("top") * 12


def _band(parameters: Parameters) -> str:
    return f"{parameters.number('top')}+"


def _years(column: str) -> pl.Expr:
    """The lowest age a number or band says."""
    return pl.col(column).cast(pl.String).str.extract("^([0-9]{1,3})").cast(pl.Int32, strict=False)


def _very_old(parameters: Parameters) -> pl.Expr:
    """Whether anything in the record says or allows that somebody is very old at the last month; never null."""
    birth = [born(name) <= _latest(parameters) for name in parameters.of("birth")]
    said = [_years(name) >= parameters.number("top") for name in parameters.of("age")]
    passed = (month_number(parameters.text("month")) - _earliest(parameters)).floordiv(12)
    oldest = [_years(name) + 1 + passed >= parameters.number("top") for name in parameters.of("age")]
    allowed = [~_birth_known(parameters) & age for age in oldest]
    return pl.any_horizontal([one.fill_null(False) for one in (*birth, *said, *allowed)])


def _earliest(parameters: Parameters) -> pl.Expr:
    dates = [months(name) for name in parameters.of("date")]
    return pl.min_horizontal(dates) if dates else pl.lit(None, pl.Int32)


def _birth_known(parameters: Parameters) -> pl.Expr:
    known = [born(name).is_not_null() for name in parameters.of("birth")]
    return known[0] if known else pl.lit(False)


def _age(column: str, old: pl.Expr, parameters: Parameters) -> pl.Expr:
    kind = parameters.kinds[column]
    top = pl.lit(parameters.number("top")).cast(kind) if kind.is_numeric() else pl.lit(_band(parameters))
    known = _birth_known(parameters) | _earliest(parameters).is_not_null()
    return pl.when(old & pl.col(column).is_not_null()).then(top).when(known).then(pl.col(column))


def _with(before: Domain, label: str) -> Domain:
    if isinstance(before, Labels):
        return Labels(before.labels | {label})
    return Form(rf"{before.pattern}|{re.escape(label)}") if isinstance(before, Form) else before


RULE = OldAge()
