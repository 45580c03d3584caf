"""Everything in a payload that is no table cell: documents, headers, metadata, names of files. Looked at in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from expectations.asking import Question, ask
from expectations.columns import identifier_wanted, known_questions
from expectations.identifiers import all_kinds
from expectations.known_values import KnownValues
from expectations.sieve import find_each
from expectations.suite import Suite
from expectations.verdict import Finding

CLEAN = "ExpectTextToContainNoIdentifier"


def outside_findings(suite: Suite, texts: Mapping[str, Sequence[str]], known: KnownValues | None) -> list[Finding]:
    """For every place one finding if it is clean, else one per kind found; and known values where they are given.

    All places are one list for Great Expectations (a validation costs a quarter of a second), so a disagreement
    about a kind fails that kind in every place.
    """
    pieces = {where: list(dict.fromkeys(text for text in found if text)) for where, found in texts.items()}
    places = [where for where, found in pieces.items() for _ in found]
    values = [text for found in pieces.values() for text in found]
    if not values:
        return []
    failed = _identifiers(suite, values, places, texts)
    dirty = {finding.where for finding in failed}
    clean = [Finding(CLEAN, where, "identifiers", len(t), 0, True) for where, t in texts.items() if where not in dirty]
    asked = [q for where, f in pieces.items() if known for q in known_questions(f, [1] * len(f), where, known)]
    return failed + ask(suite, asked) + clean


def _identifiers(
    suite: Suite, values: list[str], places: list[str], texts: Mapping[str, Sequence[str]]
) -> list[Finding]:
    """Failing findings by kind and place; what could not be evaluated, or is disagreed about, fails in every place."""
    questions, counts, kinds = [], [], dict(find_each(values))
    for kind in all_kinds():
        hits = [(kinds.get(place, {}).get(kind.id) or 0) >= kind.documents_at for place in range(len(values))]
        wanted = identifier_wanted(kind, "", kind.documents_at)
        questions.append(Question(wanted, "texts", kind.id, values, sum(hits), sum(hits), len(values)))
        counts.append(Counter(place for place, found in zip(places, hits, strict=True) if found))
    failed = []
    for finding, counted in zip(ask(suite, questions), counts, strict=True):
        if not finding.passed:
            where = texts if finding.note else counted
            failed += [
                replace(finding, where=place, rows_checked=len(texts[place]), rows_failing=counted[place])
                for place in where
            ]
    return failed
