"""What a payload must be: its tables, columns, types and the closed domain of every value.

The contract is filled in by `provision` from dataset, codes, profile and plan; the gate believes nothing else.
Numbers are compared as text exactly as they stand in the payload, so ``123456789012.0`` is not an integer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property


@dataclass(frozen=True)
class CodeList:
    """値はコード表の中だけ: the value is one of `codes`."""

    name: str
    codes: frozenset[str]

    def admits(self, value: str) -> bool:
        """True where `value` is one of the codes."""
        return value in self.codes


@dataclass(frozen=True)
class NumberRange:
    """A whole or decimal number from `low` to `high`, in steps of `step`, written plainly (no sign +, no exponent)."""

    low: Decimal
    high: Decimal
    step: Decimal = Decimal(1)

    @cached_property
    def shape(self) -> re.Pattern[str]:
        """The only way such a number may be written: ASCII digits, at most as many decimals as `step` has."""
        places = max(0, -int(self.step.as_tuple().exponent))
        return re.compile(r"-?[0-9]{1,15}" + (rf"(\.[0-9]{{1,{places}}})?" if places else ""))

    def admits(self, value: str) -> bool:
        """True where `value` is written plainly, lies in the range and on a step."""
        if not self.shape.fullmatch(value):
            return False
        number = Decimal(value)
        return self.low <= number <= self.high and (number - self.low) % self.step == 0


@dataclass(frozen=True)
class Form:
    """A fixed form, matched whole: ``[0-9]{3}`` for a ZIP of three digits. Write ``[0-9]``, never ``\\d``."""

    name: str
    pattern: str

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, ASCII only: full-width digits are not digits here."""
        return re.compile(self.pattern, re.ASCII)

    def admits(self, value: str) -> bool:
        """True where the whole of `value` has the form."""
        return self.compiled.fullmatch(value) is not None

    @property
    def is_closed(self) -> bool:
        """Whether every engine reads the pattern alike: no class of characters that is wider in one than in another."""
        return not re.search(r"\\[dDwWsSbB]", self.pattern)


@dataclass(frozen=True)
class FreeText:
    """自由記載: no closed domain. Stops the release unless the plan asked for free text in this column."""

    asked_for: bool = False

    def admits(self, value: str) -> bool:
        """Free text admits everything; the gate decides by `asked_for` and the detectors."""
        return True


Domain = CodeList | NumberRange | Form | FreeText


@dataclass(frozen=True)
class ColumnContract:
    """One column. `dtype` is ``string`` or ``integer`` or ``decimal`` and must be the Parquet column's type.

    `earliest` is the earliest month of birth (``YYYY-MM``) that may stand here alone, where the profile puts everybody
    of 90 and more into one class; "" where the column says nothing of births or the profile does not ask.
    """

    name: str
    dtype: str
    domain: Domain
    nullable: bool = True
    earliest: str = ""


@dataclass(frozen=True)
class TableContract:
    """One table, exactly these columns in this order, exactly `rows` rows, in each of `formats`: parquet, csv, xlsx."""

    name: str
    columns: tuple[ColumnContract, ...]
    rows: int
    formats: tuple[str, ...]


@dataclass(frozen=True)
class RareCodes:
    """稀なコード: every value of `column` (``table.column``) is carried by at least `people` people."""

    column: str
    people: int


@dataclass(frozen=True)
class Diversity:
    """l-多様性 of `column` (``table.column``) in every group, by `kind`.

    ``distinct``: at least `least` values. ``entropy``: e to their entropy is at least `least`. ``recursive``: the most
    frequent value stands less than `times` as often as the `least`-th and all rarer ones together.
    `of_people`: shares are those of people with one value each, so it is counted only where nobody shows several.
    """

    column: str
    least: Decimal
    kind: str = "distinct"
    times: Decimal = Decimal(0)
    of_people: bool = False


@dataclass(frozen=True)
class Closeness:
    """t-近接性: `column` (``table.column``) is distributed in every group as among all, at most `most` (0-1) apart.

    `kind` ``equal``: half the sum of differences of shares; ``ordered``: earth mover's distance over the ranks of the
    distinct values, divided by their number less one (numbers by size, other texts in the order of their characters).
    `of_people` as in `Diversity`.
    """

    column: str
    most: Decimal
    kind: str = "equal"
    of_people: bool = False


@dataclass(frozen=True)
class PeopleContract:
    """匿名性: groups of equal `quasi` values in `table` hold at least `k` people (`person` column) or rows (none).

    `table` is "" where no single table carries them all: then every table that has `person` is joined over it, as
    whoever holds the payload can do. Groups are then those of the combinations that a person shows.
    """

    table: str
    quasi: tuple[str, ...]
    person: str | None
    k: int
    rare_codes: tuple[RareCodes, ...] = ()
    diversity: tuple[Diversity, ...] = ()
    closeness: tuple[Closeness, ...] = ()


@dataclass(frozen=True)
class AllowedText:
    """公表された連絡先等: a text the operator publishes itself, at the one place where a template puts it.

    It may stand in `document` only, and there only between `before` and `after`, which are the template's own words.
    """

    document: str
    text: str
    before: str
    after: str = ""


@dataclass(frozen=True)
class Contract:
    """Everything a payload may contain. `documents` are the other files, by path relative to the payload.

    `allowed_texts` are the only identifying values that may stand in documents, because configuration or the agreement
    publishes them (complaints contact, recipient's name), each at its place only: there they are removed before
    detectors read the document. In tables, headers and names of files nothing is allowed. `manifest` is the
    document that says tables and rows to programs (Frictionless data package), "" for none. `attested` names what the
    maker has to prove beside the payload (``row_order``, ``canaries``): missing evidence fails. `uncounted` says in
    words which requirements of people nobody can count in this payload, and why: the verdict repeats it.
    `chart_numbers` are the forms (`chart_grammar`) of the chart numbers of its sources.
    """

    version: str
    tables: tuple[TableContract, ...]
    documents: tuple[str, ...]
    people: PeopleContract | None
    allowed_texts: tuple[AllowedText, ...] = ()
    manifest: str = ""
    attested: frozenset[str] = frozenset()
    uncounted: tuple[str, ...] = ()
    chart_numbers: tuple[str, ...] = ()
