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
    """One column. `dtype` is ``string`` or ``integer`` or ``decimal`` and must be the Parquet column's type."""

    name: str
    dtype: str
    domain: Domain
    nullable: bool = True


@dataclass(frozen=True)
class TableContract:
    """One table, exactly these columns in this order, exactly `rows` rows, in each of `formats` (parquet, csv)."""

    name: str
    columns: tuple[ColumnContract, ...]
    rows: int
    formats: tuple[str, ...]


@dataclass(frozen=True)
class PeopleContract:
    """匿名性: groups of equal `quasi` values in `table` hold at least `k` people (`person` column) or rows (none)."""

    table: str
    quasi: tuple[str, ...]
    person: str | None
    k: int


@dataclass(frozen=True)
class Contract:
    """Everything a payload may contain. `documents` are the other files, by path relative to the payload.

    `allowed_texts` are the only identifying values that may stand in documents, because the operator publishes
    them (complaints contact, recipient's name); they are removed before detectors read the documents.
    """

    version: str
    tables: tuple[TableContract, ...]
    documents: tuple[str, ...]
    people: PeopleContract | None
    allowed_texts: tuple[str, ...] = ()
