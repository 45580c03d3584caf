"""What the gate wants of one column, one text or one grouping: its own count, and the expectation to compare with.

Everything here is counted twice: by this module, and by Great Expectations over the same distinct values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contract import CodeList, ColumnContract, Domain, Form, FreeText, NumberRange
from expectations.identifiers import Identifier, Strength, all_kinds
from expectations.known_values import KnownValues
from expectations.suite import DECLARED_RANGE, Answer, Suite, Wanted, expectation_name
from expectations.verdict import Finding

if TYPE_CHECKING:
    import pandas as pd

KNOWN_VALUES = "ExpectColumnValuesToContainNoKnownValue"
#: Shorter strings (by one for kanji) are no strong value of anybody (see folding); codes are not looked up at all.
_KNOWN_FROM = 4


@dataclass(frozen=True, repr=False)
class Question:
    """One expectation together with our own answer: how many distinct values fail, and in how many rows."""

    wanted: Wanted
    kind: str
    failing_values: int
    failing_rows: int
    silent: bool = False  # reported only where something was found


def ask(suite: Suite, frame: pd.DataFrame, questions: Sequence[Question], where: str) -> list[Finding]:
    """Let Great Expectations answer too. A finding passes where both found nothing; where they differ it fails."""
    if not questions:
        return []
    checked = int(frame["rows"].sum()) if "rows" in frame else len(frame)
    answers = suite.evaluate(frame, [question.wanted for question in questions])
    findings = [_finding(q, a, where, checked) for q, a in zip(questions, answers, strict=True)]
    return [f for f, q in zip(findings, questions, strict=True) if not (q.silent and f.passed)]


def _finding(question: Question, answer: Answer, where: str, checked: int) -> Finding:
    note = ""
    agreed = answer.success == (question.failing_values == 0)
    if question.wanted.counts and answer.failing != question.failing_values:
        agreed = False
    if answer.raised:
        note = "the expectation could not be evaluated"
    elif not agreed:
        note = "Great Expectations and the gate's own count disagree"
    passed = answer.success and agreed and not answer.raised
    failing = question.failing_rows
    return Finding(question.wanted.expectation, where, question.kind, checked, failing, passed, note)


def column_findings(
    suite: Suite, frame: pd.DataFrame, column: ColumnContract, where: str, known: KnownValues | None
) -> list[Finding]:
    """Findings of one column: nulls, closed domain, identifiers in what the domain does not explain, known values.

    `frame` has the distinct values with their rows (`TableText.distinct`).
    """
    present = frame[frame["value"].notna()].reset_index(drop=True)
    findings = ask(suite, frame, _nulls(frame, column), where)
    if not len(present):
        return [*findings, Finding("ExpectColumnToHaveValues", where, "column", int(frame["rows"].sum()), 0, False)]
    inside = [_admits(column.domain, value) for value in present["value"]]
    findings += ask(suite, present, [domain_question(present, column.domain, inside)], where)
    closed = not isinstance(column.domain, FreeText)
    unexplained = present[[not one for one in inside]].reset_index(drop=True) if closed else present
    if len(unexplained):
        findings += identifier_findings(suite, unexplained, where, column.name, silent=closed)
    if known is not None:
        findings += known_findings(suite, present[_known_mask(present, column, inside)], where, known)
    return findings


def identifier_findings(suite: Suite, frame: pd.DataFrame, where: str, context: str, *, silent: bool) -> list[Finding]:
    """One finding per identifier kind over the values of `frame`; only those that failed where `silent`."""
    questions = []
    for kind in all_kinds():
        hits = [hit(kind, value, context, Strength.LIKELY) for value in frame["value"]]
        wanted = identifier_wanted(kind, context, Strength.LIKELY)
        questions.append(Question(wanted, kind.id, sum(hits), int(frame.loc[hits, "rows"].sum()), silent))
    return ask(suite, frame, questions, where)


def hit(kind: Identifier, value: str, context: str, limit: Strength) -> bool:
    """Our own answer for one value: the kind is found, at `limit` or stronger."""
    found = kind.find(value, context)
    return found is not None and found >= limit


def identifier_wanted(kind: Identifier, context: str, limit: Strength) -> Wanted:
    """The expectation for one kind in column ``value``."""
    return Wanted(expectation_name(kind), {"column": "value", "context": context, "at_least": int(limit)})


def known_findings(suite: Suite, frame: pd.DataFrame, where: str, known: KnownValues) -> list[Finding]:
    """One finding: how many rows hold a value that was received as somebody's identifier."""
    if not len(frame):
        return []
    hits = known.hits(list(frame["value"]))
    marked = frame.assign(known=[int(hit) for hit in hits])[["known", "rows"]].reset_index(drop=True)
    rows = int(marked.loc[marked["known"] == 1, "rows"].sum())
    wanted = Wanted("ExpectColumnValuesToBeInSet", {"column": "known", "value_set": [0]})
    findings = ask(suite, marked, [Question(wanted, "known_value", sum(hits), rows)], where)
    return [Finding(KNOWN_VALUES, f.where, f.kind, f.rows_checked, f.rows_failing, f.passed, f.note) for f in findings]


def _nulls(frame: pd.DataFrame, column: ColumnContract) -> list[Question]:
    if column.nullable:
        return []
    missing = frame["value"].isna()
    wanted = Wanted("ExpectColumnValuesToNotBeNull", {"column": "value"})
    return [Question(wanted, "null", int(missing.sum()), int(frame.loc[missing, "rows"].sum()))]


def _admits(domain: Domain, value: str) -> bool:
    return domain.asked_for if isinstance(domain, FreeText) else domain.admits(value)


def domain_question(present: pd.DataFrame, domain: Domain, inside: list[bool]) -> Question:
    """The question whether all of `present` lies in `domain`; `inside` is our own answer value by value."""
    outside = [not one for one in inside]
    return Question(_domain_wanted(domain), "domain", sum(outside), int(present.loc[outside, "rows"].sum()))


def _domain_wanted(domain: Domain) -> Wanted:
    """The expectation for a closed domain; free text that nobody asked for has the empty set."""
    if isinstance(domain, CodeList):
        return Wanted("ExpectColumnValuesToBeInSet", {"column": "value", "value_set": sorted(domain.codes)})
    if isinstance(domain, Form):
        # \Z, not $: before a line end at the end of the value $ is true as well.
        return Wanted("ExpectColumnValuesToMatchRegex", {"column": "value", "regex": rf"\A(?:{domain.pattern})\Z"})
    if isinstance(domain, NumberRange):
        bounds = {"low": f"{domain.low:f}", "high": f"{domain.high:f}", "step": f"{domain.step:f}"}
        return Wanted(DECLARED_RANGE, {"column": "value", **bounds, "shape": domain.shape.pattern})
    if domain.asked_for:
        return Wanted("ExpectColumnValuesToNotBeNull", {"column": "value"})
    return Wanted("ExpectColumnValuesToBeInSet", {"column": "value", "value_set": []})


def _known_mask(present: pd.DataFrame, column: ColumnContract, inside: list[bool]) -> list[bool]:
    """Which values are looked up: what the domain does not explain, and strings that are no code."""
    explained = isinstance(column.domain, CodeList) or column.dtype != "string"
    return [
        not ok or (not explained and len(value) >= (_KNOWN_FROM if value.isascii() else _KNOWN_FROM - 1))
        for value, ok in zip(present["value"], inside, strict=True)
    ]
