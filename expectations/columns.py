"""What the gate wants of one column: nulls, its closed domain, identifiers in what that does not explain, known values.

All distinct values are judged by this module; Great Expectations is asked about the same, or, where a column has very
many, about all that our own count refuses and an even spread of the others (`witnesses`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from expectations.asking import Question
from expectations.chart_forms import chart_questions
from expectations.classes.identifiers import expectation_name
from expectations.contract import CodeList, ColumnContract, Domain, Form, FreeText, NumberRange
from expectations.domains import inside, young_enough
from expectations.identifiers import Identifier, Strength, all_kinds
from expectations.known_values import KnownValues
from expectations.sieve import find_each
from expectations.suite import Wanted

if TYPE_CHECKING:
    import polars as pl

#: Shorter strings (by one for kanji) are no strong value of anybody (see folding); codes are not looked up at all.
_KNOWN_FROM = 4
#: So many distinct values Great Expectations reads itself, of either answer. It reads about 200,000 a second.
WITNESSES = 20_000


def column_questions(
    frame: pl.DataFrame, column: ColumnContract, where: str, known: KnownValues | None, forms: tuple[str, ...] = ()
) -> list[Question]:
    """Questions about one column; none where it holds nothing but nulls (which stops the release).

    `frame` has the distinct values with their rows (`TableText.distinct`), `forms` those of its sources' chart numbers.
    """
    present = frame.drop_nulls("value")
    if not present.height:
        return []
    passed = inside(column.domain, present["value"])
    questions = [judged(present, passed, domain_wanted(column.domain), "domain", where)]
    if column.earliest:
        young = young_enough(present["value"], column.earliest)
        wanted = Wanted("ExpectBirthsToTellNobodyOfGreatAge", {"earliest": column.earliest})
        questions.append(judged(present, young, wanted, "great_age", where))
    closed = not isinstance(column.domain, FreeText)
    unexplained = _spread(present.filter(~passed)) if closed else present
    values, rows = unexplained["value"].to_list(), unexplained["rows"].to_list()
    questions += identifier_questions(values, rows, where, column.name, silent=closed)
    questions += chart_questions(forms, values, rows, where, column.name, known)
    if known is not None:
        looked_up = present.filter(_known_mask(present, column, passed))
        questions += known_questions(looked_up["value"].to_list(), looked_up["rows"].to_list(), where, known)
    return questions


def judged(present: pl.DataFrame, passed: pl.Series, wanted: Wanted, kind: str, where: str) -> Question:
    """The question with our own answer `passed` for every value of `present` (``value``, ``rows``)."""
    shown = witnesses(present, passed)
    failing, rows = int(present.filter(~passed)["rows"].sum()), int(present["rows"].sum())
    return Question(wanted, where, kind, shown["value"].to_list(), int((~shown["passed"]).sum()), failing, rows)


def witnesses(present: pl.DataFrame, passed: pl.Series) -> pl.DataFrame:
    """What Great Expectations is shown of ``value``, with our own answer in ``passed``: everything, or `WITNESSES` of
    those that failed and an even spread, first and last included, of those that passed."""
    import polars as pl

    answered = present.with_columns(passed=passed)
    if present.height <= WITNESSES:
        return answered
    return pl.concat([_spread(part) for part in (answered.filter(~passed), answered.filter(passed))])


def _spread(frame: pl.DataFrame) -> pl.DataFrame:
    """At most `WITNESSES` rows from first to last, evenly apart."""
    if frame.height <= WITNESSES:
        return frame
    return frame[[place * (frame.height - 1) // (WITNESSES - 1) for place in range(WITNESSES)]]


def identifier_questions(
    values: Sequence[str], rows: Sequence[int], where: str, context: str, *, silent: bool
) -> list[Question]:
    """One question per identifier kind about `values`, which stand in `rows` rows each; only failures are reported
    where `silent`."""
    if not values:
        return []
    questions, found = [], dict(find_each(values, context))
    for kind in all_kinds():
        hits = [found.get(place, {}).get(kind.id, Strength.WEAK) >= Strength.LIKELY for place in range(len(values))]
        failing = sum(count for count, hit in zip(rows, hits, strict=True) if hit)
        wanted = identifier_wanted(kind, context, Strength.LIKELY)
        questions.append(Question(wanted, where, kind.id, values, sum(hits), failing, sum(rows), silent))
    return questions


def identifier_wanted(kind: Identifier, context: str, limit: Strength) -> Wanted:
    """The expectation for one kind."""
    return Wanted(expectation_name(kind), {"context": context, "at_least": int(limit)})


def known_questions(values: Sequence[str], rows: Sequence[int], where: str, known: KnownValues) -> list[Question]:
    """One question: whether a value was received as somebody's identifier. Great Expectations sees 0 and 1 only."""
    if not values:
        return []
    hits = [int(found) for found in known.hits(list(values))]
    failing = sum(count for count, found in zip(rows, hits, strict=True) if found)
    wanted = Wanted("ExpectColumnValuesToContainNoKnownValue", {})
    return [Question(wanted, where, "known_value", hits, sum(hits), failing, sum(rows))]


def domain_wanted(domain: Domain) -> Wanted:
    """The expectation for a domain."""
    if isinstance(domain, CodeList):
        return Wanted("ExpectColumnValuesToBeInSet", {"value_set": sorted(domain.codes)})
    if isinstance(domain, Form):
        # \Z, not $: before a line end at the end of the value $ is true as well.
        return Wanted("ExpectColumnValuesToMatchRegex", {"regex": rf"\A(?:{domain.pattern})\Z"})
    if isinstance(domain, NumberRange):
        bounds = {"low": f"{domain.low:f}", "high": f"{domain.high:f}", "step": f"{domain.step:f}"}
        return Wanted("ExpectColumnValuesToLieInDeclaredRange", {**bounds, "shape": domain.shape.pattern})
    return Wanted("ExpectNoFreeTextUnlessThePlanAsksForIt", {"asked_for": domain.asked_for})


def _known_mask(present: pl.DataFrame, column: ColumnContract, passed: pl.Series) -> pl.Series:
    """Which values are looked up: what the domain does not explain, and strings that are no code."""
    if isinstance(column.domain, CodeList) or column.dtype != "string":
        return ~passed
    values = present["value"]
    foreign = values.str.len_bytes() != values.str.len_chars()
    return ~passed | (values.str.len_chars() + foreign.cast(int) >= _KNOWN_FROM)
