"""The seam of a code system: what a code becomes at each coarser level, as polars expressions, and what that can be.

Level 0 is the value itself, the highest level, ``all``, is ``*`` for everybody; between them lie the system's own. What
is no code of the system becomes null. Levels only join: two codes with one label have one label at every higher level.
One system serves the rule `generalise`, the rule `rare-code` and, through `building`, the search.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules.support.domains import Domain, Labels, Unchanged

#: Names of the lowest and the highest level of every system.
VALUE, ALL = "value", "all"
#: The label of the highest level.
EVERYTHING = "*"


class Level(NamedTuple):
    """One level between the value and everything."""

    name: str
    ja: str
    en: str


class CodeSystem(ABC):
    """A way of making codes coarser."""

    #: Stable name, such as ``icd10``.
    id: ClassVar[str]
    ja: ClassVar[str]
    en: ClassVar[str]
    #: Where the levels come from.
    source: ClassVar[str]
    #: Levels from fine to coarse.
    own: ClassVar[tuple[Level, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all levels; a level's number is its place."""
        return (VALUE, *(level.name for level in self.own), ALL)

    def number(self, level: str) -> int:
        """The number of a level. Unfit where there is none of that name."""
        if level not in self.names:
            raise Unfit(f"{self.id} has no such level; there are {', '.join(self.names)}")
        return self.names.index(level)

    def at(self, column: str, level: str) -> pl.Expr:
        """The column at a level, under its name."""
        number = self.number(level)
        if number == 0:
            return pl.col(column)
        if level == ALL:
            return pl.lit(EVERYTHING).alias(column)
        return self.steps(column)[number - 1].alias(column)

    @abstractmethod
    def steps(self, column: str) -> tuple[pl.Expr, ...]:
        """The column at each of its own levels; null for what is no code."""

    def domain(self, level: str, before: Domain | None = None) -> Domain:
        """What a column holds at a level, `before` being what it held."""
        number = self.number(level)
        if number == 0:
            return before or Unchanged()
        return Labels(frozenset({EVERYTHING})) if level == ALL else self.holds(level)

    @abstractmethod
    def holds(self, level: str) -> Domain:
        """What one of its own levels can hold."""

    def words(self, level: str) -> Mapping[str, tuple[str, str]]:
        """Labels of a level with their names (ja, en), where the system has them."""
        return {}


def looked_up(key: pl.Expr, table: Mapping[str, str]) -> pl.Expr:
    """What the table says of each key; null where it does not know it."""
    return key.replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.String)
