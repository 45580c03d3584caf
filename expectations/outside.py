"""Everything in a payload that is no table cell: documents, headers, metadata, names of files. Looked at in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from expectations.columns import Question, ask, hit, identifier_wanted, known_findings
from expectations.identifiers import all_kinds
from expectations.known_values import KnownValues
from expectations.suite import Suite
from expectations.verdict import Finding

if TYPE_CHECKING:
    import pandas as pd

CLEAN = "ExpectTextToContainNoIdentifier"


def outside_findings(suite: Suite, texts: Mapping[str, Sequence[str]], known: KnownValues | None) -> list[Finding]:
    """For every place one finding if it is clean, else one per kind found; and known values where they are given.

    All places are one frame for Great Expectations (a validation costs a quarter of a second), so a disagreement
    about a kind fails that kind in every place.
    """
    frame = _frame(texts)
    if not len(frame):
        return []
    failed = _identifiers(suite, frame, texts)
    dirty = {finding.where for finding in failed}
    clean = [Finding(CLEAN, where, "identifiers", len(t), 0, True) for where, t in texts.items() if where not in dirty]
    if known is not None:
        for where, part in frame.groupby("where", sort=False):
            failed += known_findings(suite, part.reset_index(drop=True), str(where), known)
    return failed + clean


def _frame(texts: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    import pandas as pd

    rows = [(where, text, 1) for where, found in texts.items() for text in dict.fromkeys(found) if text]
    return pd.DataFrame(rows, columns=["where", "value", "rows"]).astype({"value": object})


def _identifiers(suite: Suite, frame: pd.DataFrame, texts: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Failing findings by kind and place; what could not be evaluated, or is disagreed about, fails in every place."""
    questions, places = [], []
    for kind in all_kinds():
        hits = [hit(kind, text, "", kind.documents_at) for text in frame["value"]]
        questions.append(Question(identifier_wanted(kind, "", kind.documents_at), kind.id, sum(hits), sum(hits)))
        places.append(Counter(frame.loc[hits, "where"]))
    failed = []
    for finding, counted in zip(ask(suite, frame, questions, "texts"), places, strict=True):
        if not finding.passed:
            where = texts if finding.note else counted
            failed += [
                replace(finding, where=place, rows_checked=len(texts[place]), rows_failing=counted[place])
                for place in where
            ]
    return failed
