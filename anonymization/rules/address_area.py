"""住所 → 市区郡: of an address in words only the municipality remains, or the prefecture where few live there."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.data import rows
from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Labels
from anonymization.rules.support.ladder import Steps, climbed, placed
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose

_PREFECTURES = "|".join(row["ja"] for row in rows("prefecture"))


class AddressArea(ColumnRule):
    """An address to prefecture and municipality (市区郡), for data that still has one: health data has none left.

    PPC secretariat's report: what is below city, ward or county goes, more where few people live. A municipality
    that under `least` people of the data live in becomes its prefecture, and that, where too few are left, nothing.
    What does not begin with a prefecture goes. Wards of designated cities stay with their city; towns of counties
    become the county.

    >>> home = {"at": ["東京都架空区1-2", "東京都架空区3", "東京都別区9", "不明"], "who": [1, 2, 3, 4]}
    >>> after("address-area", home, "at", person="who", least=2)["at"]
    ['東京都架空区', '東京都架空区', None, None]
    >>> after("address-area", {"at": ["大阪府某市某区1"], "who": [1]}, "at", person="who", least=1)["at"]
    ['大阪府某市某区']
    """

    id = "address-area"
    title = Title("住所の丸め", "Address to municipality")
    law = "規則34条1号・5号"
    schema = (
        Option("least", int, "people who live in what stays", 10, least=1),
        Option("level", str, "the finest that stays", "municipality", among=("municipality", "prefecture")),
    )
    needs_person = True
    shared = True

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Count who lives where."""
        assert asked.person is not None  # the rule needs it, `learn` has checked
        people = whose(frame, asked.person)
        kept = climbed(people, asked.of("column"), _steps(asked), asked.person, asked.number("least"))
        return replace(asked, counts={"areas": sum(map(len, kept.labels))}, secret={"kept": kept})

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The area enough people live in."""
        return placed(column, _steps(parameters), parameters.secret["kept"])

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """The areas that stay, each the home of `least` people."""
        return Labels(frozenset(label for step in parameters.secret["kept"].labels for label in step))


def _steps(parameters: Parameters) -> Steps:
    return _prefecture if parameters.text("level") == "prefecture" else _both


def _prefecture(column: str) -> list[pl.Expr]:
    return [pl.col(column).cast(pl.String).str.extract(f"^({_PREFECTURES})")]


def _both(column: str) -> list[pl.Expr]:
    place = "[^0-9０-９]{1,6}?"
    area = rf"^((?:{_PREFECTURES})(?:{place}市{place}区|{place}[区郡]|{place}市))"
    return [pl.col(column).cast(pl.String).str.extract(area), *_prefecture(column)]


RULE = AddressArea()
