"""生年月 → 生年・生年階級, where few people share the month."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from anonymization.hierarchies import system
from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain, Form
from anonymization.rules.support.ladder import climbed, placed
from anonymization.rules.support.months import ELDEST, MONTH, month_text, months
from anonymization.rules.support.options import Option
from anonymization.rules.support.people import whose


class RareBirth(ColumnRule):
    """Birth month where at least `least` people share it, else year, else five or ten years, else nothing.

    The PPC secretariat's report: at least the day goes, and more where few people share the month. People on a coarser
    step are counted without those whose month is released. Caps no age: `old-age` comes before it.

    >>> born = {"birth": ["1956-02", "1956-02", "1956-03", "1956-04", "1957-01", "1931-05"], "who": [1, 2, 3, 4, 5, 6]}
    >>> after("rare-birth", born, "birth", person="who", least=2)["birth"]
    ['1956-02', '1956-02', '1956', '1956', None, None]
    """

    id = "rare-birth"
    title = Title("希少な生年月の丸め", "Rare birth months coarsened")
    law = "規則34条4号・5号"
    schema = (Option("least", int, "people who share what stays", 10, least=2),)
    needs_person = True
    shared = True
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Count births."""
        assert asked.person is not None  # the rule needs it, `learn` has checked
        people = whose(frame, asked.person)
        kept = climbed(people, asked.of("column"), _steps, asked.person, asked.number("least"))
        counts = {"people_with_month": kept.people[0], "people_coarsened": sum(kept.people[1:-1]),
                  "people_emptied": kept.people[-1]}  # fmt: skip
        return replace(asked, counts=counts, secret={"kept": kept})

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The birth at the step that enough people share."""
        return placed(column, _steps, parameters.secret["kept"])

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """Month, year or cohort."""
        return Form(rf"{MONTH}|{ELDEST}|[0-9]{{4}}|[0-9]{{4}}-[0-9]{{4}}")


def _steps(column: str) -> list[pl.Expr]:
    month = pl.coalesce(month_text(months(column)), pl.col(column).cast(pl.String).str.extract(f"^({ELDEST})$"))
    return [month, *system("birth").steps(column)]


RULE = RareBirth()
