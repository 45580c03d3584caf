"""地域の一括処理: ZIP district, insurer and facility of a record, made coarser together."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import polars as pl

from anonymization.data import rows
from anonymization.hierarchies import system
from anonymization.risk.unfit import Unfit
from anonymization.rules.base import Parameters, Part, Rule, Title
from anonymization.rules.support.domains import Domain, Domains, Form, Labels
from anonymization.rules.support.options import Option

#: Insurers that need not be a town's: 協会けんぽ (01) and the mutual aid of the state and of schools.
_NO_TOWN = r"^(?:01|31|34)[0-9]{6}$"
_MASKED = r"(?:[0-9]{2})?[0-9]{2}\*{4}"
_NUMBER = rf"^(?:[0-9]{{6}}|[0-9]{{8}}|{_MASKED})$"


class Geography(Rule):
    """The finest of ZIP-3, insurer and facility says where a person lives, so the floor is for all of them together.

    `finest` is ``zip3`` or ``prefecture``. A ZIP district stays where at least `floor` people live in it, in each of
    its parts where prefectures cut it (the rest of the record says which), and otherwise becomes ``pref-13``.
    Figures: 2020 census by municipality, spread over Japan Post's codes (`anonymization/data/zip3_population.tsv`);
    of a municipality that districts cut, half of the estimate counts. An official floor for ZIP-3 does not exist in
    Japan: 20,000 is that of HIPAA (45 CFR 164.514(b)(2)(i)(B)), 25,000 the higher tier of the NDB guideline.

    Municipal insurers (six digits, 39 and 67) name the town, unions the employer, and nobody publishes how many
    people a number has: numbers are masked behind the prefecture, unless `insurer` is ``large`` and it is one of a
    whole prefecture (01) or of mutual aid that has no town (31, 34). A facility is an address: its number becomes
    the prefecture, or nothing where it has none in it. A missing value says no place.

    >>> place = {"zip": ["105", "083", "x"], "insurer": ["138057", "01130012", "39131008"]}
    >>> after("geography", place, {"zip": "zip", "insurer": "insurer"})
    {'zip': ['105', 'pref-01', None], 'insurer': ['13****', '0113****', '3913****']}
    >>> after("geography", place, {"zip": "zip", "insurer": "insurer"}, finest="prefecture", insurer="large")
    {'zip': ['pref-13', 'pref-01', None], 'insurer': ['13****', '01130012', '3913****']}
    >>> after("geography", {"at": ["1312345678", "1234567"]}, {"facility": "at"})["at"]
    ['pref-13', None]
    """

    id = "geography"
    title = Title("地域の一括処理", "Places together")
    law = "規則34条5号"
    schema = (
        Option("finest", str, "the finest place that may stay", "zip3", among=("zip3", "prefecture")),
        Option("floor", int, "people who live in a district that stays", 20_000, least=2_000),
        Option("insurer", str, "which insurers keep their number", "none", among=("none", "large")),
    )
    parts = (
        Part("zip", "three-digit ZIP", 0),
        Part("insurer", "insurer's number", 0),
        Part("facility", "facility's number", 0),
    )

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse nothing to do; count the districts that are large enough."""
        if not any(asked.columns.values()):
            raise Unfit(f"{self.id}: needs a column that says a place")
        return replace(asked, counts={"districts_kept": len(_kept(asked))})

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """Every column of the place."""
        made = {name: _zip(name, parameters) for name in parameters.of("zip")}
        made |= {name: _insurer(name, parameters) for name in parameters.of("insurer")}
        made |= {name: _prefecture(name, "facility") for name in parameters.of("facility")}
        return {name: expression.alias(name) for name, expression in made.items()}

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """Closed lists of districts and prefectures, a form for masked numbers."""
        prefectures = frozenset(f"pref-{row['code']}" for row in rows("prefecture"))
        number = _MASKED if parameters.text("insurer") == "none" else rf"{_MASKED}|(?:01|31|34)[0-9]{{6}}"
        made: dict[str, Domain] = dict.fromkeys(parameters.of("zip"), Labels(prefectures | _kept(parameters)))
        made |= dict.fromkeys(parameters.of("insurer"), Form(number))
        return made | dict.fromkeys(parameters.of("facility"), Labels(prefectures))


@cache
def _large(floor: int) -> frozenset[str]:
    """Districts with at least `floor` people in each prefecture they lie in, half of what is estimated counted."""
    smallest: dict[str, int] = {}
    for row in rows("zip3_population"):
        people = int(row["certain"]) + int(row["split"]) // 2
        smallest[row["zip3"]] = min(people, smallest.get(row["zip3"], people))
    return frozenset(zip3 for zip3, people in smallest.items() if people >= floor)


def _kept(parameters: Parameters) -> frozenset[str]:
    return _large(parameters.number("floor")) if parameters.text("finest") == "zip3" else frozenset()


def _prefecture(column: str, codes: str) -> pl.Expr:
    """``pref-13`` of a place, or of what has become one already."""
    code = pl.coalesce(system(codes).steps(column)[0], pl.col(column).str.extract(r"^pref-([0-9]{2})$"))
    return "pref-" + code


def _zip(column: str, parameters: Parameters) -> pl.Expr:
    large = pl.col(column).is_in(sorted(_kept(parameters)))
    return pl.when(large).then(pl.col(column)).otherwise(_prefecture(column, "zip3"))


def _insurer(column: str, parameters: Parameters) -> pl.Expr:
    number = pl.col(column)
    masked = number.str.replace(r"[0-9]{4}$", "****")
    whole = number.str.contains(_NO_TOWN) if parameters.text("insurer") == "large" else pl.lit(False)
    return pl.when(whole).then(number).when(number.str.contains(_NUMBER)).then(masked)


RULE = Geography()
