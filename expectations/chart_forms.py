"""提供元ごとのカルテ番号の形: numbers with the form of a source's chart numbers, looked for in free texts.

A chart number has no form of its own, so anybody's would be found only beside a label. The hospital knows its form, and
configuration may give it. A number of that form alone proves nothing (weak, counted in a remark); beside a label, or
where a batch with this number was received, it is a chart number (certain). APPI Enforcement Rules art. 34 item 3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from expectations.asking import Question
from expectations.folding import fold
from expectations.identifiers import Strength
from expectations.identifiers.base import Labelled
from expectations.identifiers.chart_number import LABELS
from expectations.known_values import KnownValues
from expectations.suite import Wanted
from expectations.text import normal

EXPECTATION = "ExpectTextsToContainNoChartNumberOfTheirSources"


class ChartForms:
    """Patterns as `chart_grammar.problem_of` admits them, compiled once."""

    def __init__(self, forms: Sequence[str]) -> None:
        """Compile; an empty list finds nothing."""
        value = "|".join(f"(?:{form})" for form in forms) or "(?!)"
        self._alone = re.compile(rf"(?<![0-9A-Za-z-])(?:{value})(?![0-9A-Za-z-])", re.IGNORECASE)
        self._labelled = Labelled(LABELS, value)

    def strength(self, value: str, context: str, known: KnownValues | None) -> int:
        """0 where nothing in `value` has a form, else a `Strength`. `context`: the name of its column."""
        text = normal(value)
        found = self._alone.findall(text)
        if not found:
            return 0
        if self._labelled(text, normal(context).lower()):
            return Strength.CERTAIN
        folded = [fold("own_chart", one) for one in found]
        return Strength.CERTAIN if known is not None and known.holds_any(folded) else Strength.WEAK


@lru_cache(maxsize=16)
def _compiled(forms: tuple[str, ...]) -> ChartForms:
    return ChartForms(forms)


def chart_questions(
    forms: tuple[str, ...],
    values: Sequence[str],
    rows: Sequence[int],
    where: str,
    context: str,
    known: KnownValues | None,
) -> list[Question]:
    """One question about `values`, which stand in `rows` rows each. Great Expectations sees the strengths only.

    What has the form and nothing else is remarked on; where nothing has it there is no finding.
    """
    if not forms or not values:
        return []
    found = [_compiled(forms).strength(value, context, known) for value in values]
    hits = [one >= Strength.LIKELY for one in found]
    failing = sum(count for count, hit in zip(rows, hits, strict=True) if hit)
    alone = sum(count for count, one in zip(rows, found, strict=True) if one == Strength.WEAK)
    remark = f"{alone} rows hold a number of the form alone" if alone else ""
    wanted = Wanted(EXPECTATION, {})
    return [
        Question(wanted, where, "chart_number", found, sum(hits), failing, sum(rows), silent=not alone, remark=remark)
    ]
