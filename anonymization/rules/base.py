"""The seam of a rule: what is learnt from the data, the expressions that apply it, and what it leaves.

A rule is one module in this package with a module-level ``RULE``. It turns a table and options into `Parameters`
(`learn`), and parameters into polars expressions: for columns (`apply`), for the rows that stay (`keep`), for their
order (`order`). Expressions only, never Python per row, so that the same rule runs over any chunk of any engine.
Counts are over people, never over rows.
"""

from __future__ import annotations

import doctest
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules.support.domains import Domain, Domains, Unchanged
from anonymization.rules.support.options import Option, Single, Value, checked

#: Columns by the part they play for a rule; a name or a list of names is taken for the rule's first part.
Columns = Mapping[str, str | Sequence[str]] | Sequence[str] | str


class Title(NamedTuple):
    """A rule's name for people."""

    ja: str
    en: str


@dataclass(frozen=True)
class Part:
    """A part columns play for a rule: at least `least` of them, at most `most` (None: any number)."""

    name: str
    means: str
    least: int = 1
    most: int | None = None
    #: Whether its columns hold numbers.
    numbers: bool = False


@dataclass(frozen=True)
class Parameters:
    """What a rule was told and has learnt. `secret` is for making only: it is in no text, report or log.

    `kinds` are the types of the columns, `counts` figures of the learning that may be told.
    """

    rule: str
    columns: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Value]
    person: str | None = None
    kinds: Mapping[str, pl.DataType] = field(default_factory=dict)
    counts: Mapping[str, int | float] = field(default_factory=dict)
    secret: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __getstate__(self) -> dict[str, object]:
        """Never written anywhere while it holds secrets: they end with the process that makes (PPC Q&A 15-14)."""
        if self.secret:
            raise TypeError("parameters with secrets are not written")
        return dict(self.__dict__)

    def has(self, option: str) -> bool:
        """Whether an optional option was given."""
        return option in self.options

    def of(self, part: str) -> tuple[str, ...]:
        """The columns that play a part."""
        return self.columns.get(part, ())

    def number(self, option: str) -> int:
        """An option that is a whole number."""
        return int(self._single(option))

    def real(self, option: str) -> float:
        """An option that is a number."""
        return float(self._single(option))

    def text(self, option: str) -> str:
        """An option that is a text."""
        return str(self._single(option))

    def on(self, option: str) -> bool:
        """An option that is true or false."""
        return bool(self._single(option))

    def texts(self, option: str) -> tuple[str, ...]:
        """An option that is a list of texts."""
        return tuple(str(value) for value in self._several(option))

    def reals(self, option: str) -> tuple[float, ...]:
        """An option that is a list of numbers."""
        return tuple(float(value) for value in self._several(option))

    def _single(self, option: str) -> Single:
        value = self.options[option]
        if isinstance(value, tuple):
            raise TypeError(f"option {option} is a list")
        return value

    def _several(self, option: str) -> tuple[Single, ...]:
        value = self.options[option]
        if not isinstance(value, tuple):
            raise TypeError(f"option {option} is no list")
        return value


class Rule(ABC):
    """One way of making a table say less. Subclasses have no state; what they know is in `Parameters`."""

    #: Stable name used in profiles and reports, such as ``birth-month``.
    id: ClassVar[str]
    #: Name for people.
    title: ClassVar[Title]
    #: The item of Enforcement Rules art. 34 (or the published policy) this rule serves.
    law: ClassVar[str]
    #: The options there are.
    schema: ClassVar[tuple[Option, ...]] = ()
    #: The parts columns play.
    parts: ClassVar[tuple[Part, ...]] = (Part("column", "the column that is treated"),)
    #: Whether `learn` and `apply` need the column that says whose a row is.
    needs_person: ClassVar[bool] = False
    #: Whether what is learnt is of the people or codes of a whole release: its tables then learn together
    #: (`applying.together`). Such a rule has one part, and treats its columns alike.
    shared: ClassVar[bool] = False
    #: Whether applying it again changes nothing (with the same parameters).
    idempotent: ClassVar[bool] = True

    def learn(
        self, frame: pl.LazyFrame, columns: Columns, options: Mapping[str, object], *, person: str | None = None
    ) -> Parameters:
        """Parameters for these columns. Unfit where options, columns or the data do not allow the rule."""
        placed = self.placed(columns)
        if self.needs_person and person is None:
            raise Unfit(f"{self.id}: needs the column that says whose a row is")
        made = Parameters(self.id, placed, checked(self.id, self.schema, options), person, self.kinds(frame, placed))
        return self.look(frame, made)

    def kinds(self, frame: pl.LazyFrame, placed: Mapping[str, Sequence[str]]) -> dict[str, pl.DataType]:
        """The types of the columns. Unfit where one is not there, or holds no numbers where it must."""
        schema = frame.collect_schema()
        numeric = {name for part in self.parts if part.numbers for name in placed.get(part.name, ())}
        for name in (name for names in placed.values() for name in names):
            if name not in schema or (name in numeric and not schema[name].is_numeric()):
                raise Unfit(f"{self.id}: column {name} {'holds no numbers' if name in schema else 'is not there'}")
        return {name: schema[name] for names in placed.values() for name in names}

    def look(self, frame: pl.LazyFrame, asked: Parameters) -> Parameters:
        """Look at the data: here nothing is learnt."""
        return asked

    @abstractmethod
    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """Each treated column afterwards, under its name; None where it goes altogether."""

    def keep(self, parameters: Parameters) -> pl.Expr | None:
        """Whether a row stays (true or false, never null), worked out on the columns before; None: every row stays."""
        return None

    def order(self, parameters: Parameters) -> pl.Expr | None:
        """What to sort rows by; None: the order stays."""
        return None

    @abstractmethod
    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """The domain each treated column has afterwards, given the domains before."""

    def told(self, parameters: Parameters) -> dict[str, Value]:
        """What reports may say: options and counts. Nothing learnt is among them."""
        return {**parameters.options, **parameters.counts}

    def unfit(self, option: str, why: str) -> Unfit:
        """The error for an option that does not fit; `why` begins with a verb."""
        return Unfit(f"{self.id}: option {option} {why}")

    @property
    def examples(self) -> list[doctest.Example]:
        """Before and after, from the class's docstring; a test runs them."""
        return doctest.DocTestParser().get_examples(type(self).__doc__ or "")

    def placed(self, columns: Columns) -> dict[str, tuple[str, ...]]:
        """Columns by part. Unfit where a part is unknown, has too few or too many, or a column stands twice."""
        given = columns if isinstance(columns, Mapping) else {self.parts[0].name: columns}
        made = {part: (names,) if isinstance(names, str) else tuple(names) for part, names in given.items()}
        known = {part.name: part for part in self.parts}
        if made.keys() - known.keys():
            raise Unfit(f"{self.id}: columns play the parts {', '.join(known)}")
        every = [name for names in made.values() for name in names]
        if len(set(every)) < len(every):
            raise Unfit(f"{self.id}: a column stands twice")
        for part in self.parts:
            here = len(made.get(part.name, ()))
            if here < part.least or (part.most is not None and here > part.most):
                raise Unfit(f"{self.id}: {part.name} is {part.least} to {part.most or 'any'} columns: {part.means}")
        return made


class ColumnRule(Rule):
    """A rule that does the same to each of its columns by itself."""

    def apply(self, parameters: Parameters) -> dict[str, pl.Expr | None]:
        """`after` for each column."""
        made = {name: self.after(name, parameters) for name in parameters.of("column")}
        return {name: None if after is None else after.alias(name) for name, after in made.items()}

    def leaves(self, parameters: Parameters, before: Domains) -> dict[str, Domain]:
        """`domain` for each column."""
        return {name: self.domain(name, parameters, before.get(name, Unchanged())) for name in parameters.of("column")}

    @abstractmethod
    def after(self, column: str, parameters: Parameters) -> pl.Expr | None:
        """The column afterwards; None where it goes."""

    @abstractmethod
    def domain(self, column: str, parameters: Parameters, before: Domain) -> Domain:
        """The domain the column has afterwards."""
