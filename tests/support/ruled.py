"""Small tables and options for every anonymisation rule: the contract test walks them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from anonymization.rules.base import Columns
from anonymization.rules.support.domains import Domain, Form, Labels, Numbers


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
    """A case of one column ``x`` and people ``who``, two rows each."""
    return Case(
        rule, {"x": values, "who": [900_001 + number // 2 for number in range(len(values))]}, "x", options, "who"
    )


BIRTHS = ["19560203", "1956-02", "1956-02", "1956-03", "1956-11", "1957-01", "1917-01", "<=1935-03", "x", None]
CODES = ["E119", "E119", "E110", "E119", "I10", "D66", "E119", "x", "", None]
DATES = ["2025-04-03", "2025-05-13", "20250601", "2025-13-01", "2025-04", None]
STAYS: dict[str, Sequence[object]] = {
    "born": ["1930-05", "1936-05", "x", None, "1990-01"],
    "age": [90, 84, 88, 70, None],
    "band": ["90-94", "80-84", "85-89", "70-74", None],
    "came": ["2020-06-01", "2020-06-01", "2020-06", None, "x"],
}
CLAIMS = {"born": BIRTHS, "month": ["2025-04"] * 8 + ["x", None]}
SIX, EIGHT = range(900_001, 900_007), range(900_001, 900_009)
MONTHS = {"month": "2025-03", "since": "2024-04"}
AGES: dict[str, Domain] = {
    "born": Form(".*"), "age": Numbers(0, 120, 1), "band": Form("[0-9]{2,3}-[0-9]{2,3}"), "came": Form(".*"),
}  # fmt: skip

CASES: tuple[Case, ...] = (
    one("drop-column", ["架空　太郎", None]),
    one("birth-month", BIRTHS),
    one("birth-year", BIRTHS),
    one("rare-birth", BIRTHS, least=2),
    one("zip3", ["105-0011", "港区", None]),
    one("insurer-number", ["138057", "06132013", "x", None]),
    one("age-band", BIRTHS, month="2025-09"),
    one("generalise", CODES, system="icd10", level="block"),
    one("generalise", DATES, system="date-fiscal", level="fiscal-year"),
    Case("generalise", {"x": ["1", None]}, "x", {"system": "plain", "level": "all"}, filled="x"),
    one("rare-code", CODES, least=2),
    one("rare-code", CODES, least=3, system="icd10"),
    Case("old-age", STAYS, {"birth": "born", "age": ["age", "band"], "date": "came"}, MONTHS, before=AGES),
    Case("old-age", STAYS, {"age": "age", "date": "came"}, MONTHS, before=AGES),
    Case("age-at-service", CLAIMS, {"birth": "born", "month": "month"}, {"month": "2025-09"}),
    Case("age-at-service", CLAIMS, {"birth": "born", "month": "month"},
         {"month": "2025-09", "counted": "month", "width": 5}),
    Case("birthday-dates", {"born": ["1950-06", "x", None, "2025-05"], "at": ["2025-06-14", "2025-06", "x", None]},
         {"birth": "born", "date": "at"}, before={"at": Form(".*")}),
    Case("geography", {"zip": ["105", "083", "498", "x", None], "ins": ["138057", "01130012", "39131008", "x", None],
         "at": ["1312345678", "1234567", "9912345678", "x", None]}, {"zip": "zip", "insurer": "ins", "facility": "at"}),
    Case("geography", {"zip": ["105", None], "ins": ["138057", "01130012"]}, {"zip": "zip", "insurer": "ins"},
         {"finest": "prefecture", "insurer": "large"}),
    Case("top-bottom", {"x": [1, 2, 3, 40, 50, None], "who": SIX}, "x",
         {"high": 3, "least": 2}, "who", {"x": Numbers(0, 99, 1)}),
    Case("top-bottom", {"x": [1.5, 2.5, 3.5, 40.0, 50.0, None], "who": SIX}, "x",
         {"share": 0.3, "least": 2, "step": 0.5}, "who", {"x": Numbers(0, 99)}),
    Case("extreme-values", {"x": [1, 2, 3, 4, 5, 900, 7, None], "kind": ["a"] * 6 + ["b", "a"], "who": EIGHT},
         {"column": "x", "kind": "kind"}, {"least": 2}, "who", {"x": Numbers(0, 999, 1)}),
    Case("round-number", {"x": [1, 5, -5, 14, None]}, "x", {"step": 10}, before={"x": Numbers(-9, 19, 1)}),
    Case("round-number", {"x": [1.25, 5.1, -5.0, None]}, "x", {"step": 0.1, "to": "below"},
         before={"x": Numbers(-9, 19)}),
    one("number-bands", [1, 500, 4999, 5000, None], edges=[500, 5000]),
    one("time-bins", ["2026-03-17 19:30:28", "2026-03-17T07:09", "2026-03-17", None], minutes=30),
    one("days-since-first", DATES),
    one("date-shift", DATES, days=50),
    one("date-shift", DATES, whole_weeks=True),
    Case("drop-cell", {"x": CODES}, "x", {"codes": ["E119"], "unless": "[A-Z][0-9]{2,4}"}),
    Case("drop-cell", {"x": [1, 5, 99, None]}, "x", {"above": 50.0, "below": 2}, before={"x": Numbers(0, 99, 1)}),
    Case("drop-cell", {"x": ["a", "b", None]}, "x", {"codes": ["a"]}, before={"x": Labels(frozenset("ab"))}),
    one("drop-record", CODES, codes=["E119"], missing=True),
    one("drop-record", CODES, codes=["D66"], whole="person"),
    Case("sampling", {"x": range(20), "who": range(900_000, 900_020)}, {}, {"share": 0.5}, "who"),
    one("renumber", ["M1", "M2", "M1", None]),
    one("renumber", ["M1", "M2", "M1", None], prefix="A", digits=6),
    Case("shuffle", {"x": range(20)}, {}),
    one("relabel", ["さば", "限定品", "", None], pairs=["さば=鮮魚"], other="その他"),
    one("address-area", ["東京都架空区1-2", "東京都架空区3", "東京都別区", "大阪府某市某区1", "x", None], least=1),
    one("facility-size", ["1312345678"] * 6 + ["2712345678", None], edges=[2, 100]),
)  # fmt: skip
