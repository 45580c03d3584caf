"""一般化: codes, dates, ages and places to a coarser level of their code system."""

from __future__ import annotations

import polars as pl

from anonymization.hierarchies import system, systems
from anonymization.rules.base import ColumnRule, Parameters, Title
from anonymization.rules.support.domains import Domain
from anonymization.rules.support.options import Option


class Generalise(ColumnRule):
    """A column at one level of a system of `anonymization.hierarchies` (guideline table 1 一般化).

    Global: every value at the same level. What is no code of the system goes. Which level is a matter of the
    profile, or of the search for the generalisation with the least loss.

    >>> after("generalise", ["E119", "E11.9", "J459", "x", None], system="icd10", level="block")
    ['E10-E14', 'E10-E14', 'J40-J47', None, None]
    >>> after("generalise", ["1124017F2135", "2171014F1020"], system="drug", level="class2")
    ['11', '21']
    >>> after("generalise", ["160008010", "112007410"], system="procedure", level="chapter")
    ['160', '111-112']
    >>> after("generalise", ["2025-05-14", "20250514"], system="date", level="quarter")
    ['2025-Q2', '2025-Q2']
    >>> after("generalise", ["1312345678", "1234567"], system="facility", level="prefecture")
    ['13', None]
    >>> after("generalise", ["1", "2"], system="plain", level="all")
    ['*', '*']
    """

    id = "generalise"
    title = Title("一般化", "Generalised")
    law = "規則34条5号"
    schema = (
        Option("system", str, "the code system", form=r"[a-z0-9\-]+"),
        Option("level", str, "the level of it, by name; all for *", form=r"[a-z0-9\-]+"),
    )
    idempotent = False

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Refuse a system or level there is not."""
        if asked.text("system") not in systems():
            raise self.unfit("system", f"is one of {', '.join(sorted(systems()))}")
        if asked.text("level") not in system(asked.text("system")).names:
            raise self.unfit("level", f"is one of {', '.join(system(asked.text('system')).names)}")
        return asked

    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The label at the level, or null."""
        return system(parameters.text("system")).at(column, parameters.text("level"))

    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """What the level holds."""
        return system(parameters.text("system")).domain(parameters.text("level"), before)


RULE = Generalise()
