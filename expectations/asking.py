"""Asking twice: the gate's own count beside the answer of Great Expectations, in one validation for many columns.

A validation of Great Expectations costs a quarter of a second whatever it holds, so questions about columns of
different lengths go into one frame; missing cells are no values to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from expectations.suite import NOT_NULL, Answer, Suite, Wanted
from expectations.verdict import Finding

if TYPE_CHECKING:
    import pandas as pd

DISAGREE = "Great Expectations and the gate's own count disagree"
NOT_EVALUATED = "the expectation could not be evaluated"


@dataclass(frozen=True, repr=False, eq=False)
class Question:
    """One expectation about `values` (no nulls), with our own answer: how many of them fail, and in how many rows.

    `wanted` names no column. `rows` is how many rows our own count looked at.
    """

    wanted: Wanted
    where: str
    kind: str
    values: Sequence[object] = field(repr=False)
    failing_values: int
    failing_rows: int
    rows: int
    silent: bool = False  # reported only where something was found
    remark: str = ""  # what else there is to say, in numbers

    @property
    def of_nulls(self) -> bool:
        """Whether missing values are what it is about; such questions are asked apart from others."""
        return self.wanted.expectation == NOT_NULL


def ask(suite: Suite, questions: Sequence[Question]) -> list[Finding]:
    """Let Great Expectations answer too. A finding passes where both found nothing; where they differ it fails.

    A question without values is answered by us alone with "could not be evaluated": nothing was looked at.
    """
    if not questions:
        return []
    frame, named = _frame(questions)
    answers = suite.evaluate(frame, named)
    findings = [finding(question, answer) for question, answer in zip(questions, answers, strict=True)]
    return [f for f, question in zip(findings, questions, strict=True) if not (question.silent and f.passed)]


def _frame(questions: Sequence[Question]) -> tuple[pd.DataFrame, list[Wanted]]:
    """One column for every list of values that is asked about, padded to the longest, and what is wanted of it."""
    import pandas as pd

    columns: dict[int, str] = {}
    values: dict[str, pd.Series] = {}
    wanted = []
    for question in questions:
        name = columns.setdefault(id(question.values), f"values {len(columns)}")
        if name not in values:
            values[name] = pd.Series(list(question.values), dtype=object)
        wanted.append(replace(question.wanted, arguments={**question.wanted.arguments, "column": name}))
    return pd.DataFrame(values), wanted


def finding(question: Question, answer: Answer) -> Finding:
    """Both answers in one finding."""
    agreed = answer.success == (question.failing_values == 0)
    if question.wanted.counts and answer.failing != question.failing_values:
        agreed = False
    looked = not answer.raised and len(question.values) > 0
    note = NOT_EVALUATED if not looked else question.remark if agreed else DISAGREE
    passed = looked and agreed and answer.success and not question.failing_rows
    return Finding(
        question.wanted.expectation, question.where, question.kind, question.rows, question.failing_rows, passed, note
    )
