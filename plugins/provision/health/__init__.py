"""見張り: what somebody has to look at now, from the log and the configuration alone, so that pages may ask, too.

`doctor` says whether the platform can run; this says how the work stands: senders that are late, what lies in
quarantine, releases and whom they wait for, deliveries in doubt, requests of persons, keys and agreements that end,
entries that nobody signed or witnessed. Ids, counts and days; the same on the command line, as metrics and as alerts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from provision.context import Context
from provision.errors import TokumeiError
from provision.health import arriving, keeping, leaving
from provision.health.sign import LEVELS, Sign, day

__all__ = ["KINDS", "Sign", "counts", "signs"]

#: Every question by the kind of its signs; a kind nobody has is a gauge of 0, and that is said, too.
QUESTIONS: dict[str, Callable[[Context, datetime], Iterator[Sign]]] = {
    "source_late": arriving.late,
    "landing": arriving.waiting,
    "quarantine": arriving.quarantined,
    "release_waiting": leaving.releases,
    "delivery": leaving.deliveries,
    "request": keeping.requests,
    "period": keeping.periods,
    "ending": keeping.ending,
    "unsigned": keeping.unsigned,
    "unwitnessed": keeping.unwitnessed,
}
KINDS = tuple(QUESTIONS)


def signs(ctx: Context, now: datetime | None = None) -> list[Sign]:
    """Everything, the most urgent first."""
    at = now or datetime.now(UTC)
    found = [sign for kind in QUESTIONS for sign in _answers(ctx, kind, at)]
    return sorted(found, key=lambda sign: (-LEVELS.index(sign.level), sign.kind, sign.since, sign.subject))


def _answers(ctx: Context, kind: str, now: datetime) -> list[Sign]:
    """A question that cannot be answered is a sign, and never hides the others."""
    try:
        return list(QUESTIONS[kind](ctx, now))
    except TokumeiError as error:
        ja, remedy = f"確かめられません（{error.rule}）", "tokumei doctor で設定と場所を確かめてください"
        return [Sign(kind, "act", "unanswered", day(now), ja, error.what, remedy, error.remedy)]


def counts(found: list[Sign]) -> dict[tuple[str, str], int]:
    """How many signs of every kind at every level, zeros too."""
    there = Counter((sign.kind, sign.level) for sign in found)
    return {(kind, level): there[kind, level] for kind in KINDS for level in LEVELS}
