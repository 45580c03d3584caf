"""One small table and its options for every anonymisation rule: the contract test walks them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from anonymization.rules.base import Columns
from anonymization.rules.support.domains import Domain


@dataclass(frozen=True)
class Case:
    """A rule on a table. `filled`: columns that the rule fills even where they were empty."""

    rule: str
    table: Mapping[str, Sequence[object]]
    columns: Columns
    options: Mapping[str, object] = field(default_factory=dict)
    person: str | None = None
    before: Mapping[str, Domain] = field(default_factory=dict)
    filled: Sequence[str] = ()

    def __str__(self) -> str:
        return "-".join([self.rule, *(str(value) for value in self.options.values() if isinstance(value, str | int))])


def one(rule: str, values: Sequence[object], **options: object) -> Case:
    """A case of one column."""
    return Case(rule, {"x": values}, "x", options)


CASES: tuple[Case, ...] = (
    one("drop-column", ["架空　太郎", None]),
    one("birth-month", ["19560203", "1956-02", "x", None]),
    one("zip3", ["105-0011", "港区", None]),
    one("insurer-number", ["138057", "06132013", "x", None]),
    one("age-band", ["1956-02", "1917-01", "x", None], month="2025-09"),
)
