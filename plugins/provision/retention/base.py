"""The seam of a clock, and what all clocks ask of the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Protocol

from provision.context import Context
from provision.releasing.drafting import TOKYO


@dataclass(frozen=True)
class Due:
    """One thing with a clock: `subject` is an id of ours, `since` when the clock began, `at` when it goes (None: it has
    no clock). `by`: who ends it."""

    zone: str
    subject: str
    source: str
    since: datetime
    at: datetime | None
    by: str = "stewardship"

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.at is not None and self.at < now

    def facts(self, now: datetime) -> dict[str, object]:
        """JSON-ready; days are days in Japan."""
        day = None if self.at is None else self.at.astimezone(TOKYO).date().isoformat()
        return {"zone": self.zone, "subject": self.subject, "source": self.source, "goes": day,
                "over": self.is_over(now), "by": self.by}  # fmt: skip


class Clock(Protocol):
    """One zone. `count` names what `end_overdue` tells of it, "" where it tells nothing."""

    count: str

    def due(self, ctx: Context) -> Iterator[Due]:
        """Everything in the zone that was not ended yet."""

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """End one thing; twice is once. Does nothing where a person has to."""


def attested(ctx: Context, type: str, kind: str) -> set[str]:
    """Subjects of a kind of which the log has an entry of this type."""
    return {entry.subjects[kind] for entry in ctx.ledger.entries(type=type)}


def months_after(day: date, months: int) -> datetime:
    """Midnight in Japan of the same day so many months later, of the last day where the month has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in range(day.day, 27, -1):
        try:
            return midnight(date(year, month + 1, last))
        except ValueError:
            continue
    return midnight(date(year, month + 1, day.day))


def midnight(day: date) -> datetime:
    """The first moment of a day in Japan."""
    return datetime.combine(day, time(), TOKYO)
