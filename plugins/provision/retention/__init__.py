"""保存期間: every zone's clock: what goes when, and the one step that ends what is over its time.

A clock says of everything its zone holds when it goes, and ends it: first whatever makes the rest unreadable or unseen,
then the rest, last the entry. So a run that died is finished by the next one, and running twice changes nothing more.
Where ending is a decision (an accumulation period, a batch that nobody took in) the clock only says that it is time.
"""

from __future__ import annotations

from datetime import UTC, datetime

from provision.context import Context
from provision.errors import TokumeiError
from provision.retention import kept, leaving, received
from provision.retention.base import Clock, Due

__all__ = ["CLOCKS", "Due", "end_overdue", "schedule"]

#: Every zone that holds anything of persons or of releases, in the order in which data walk through the house.
CLOCKS: tuple[Clock, ...] = (
    received.Landing(),
    received.Quarantine(),
    kept.Batches(),
    kept.Periods(),
    leaving.Payloads(),
    leaving.Outbox(),
    leaving.Staging(),
    kept.Visits(),
    kept.Log(),
)


def schedule(ctx: Context) -> list[Due]:
    """Everything that has a clock, the first to go first; what has none stands last."""
    found = [due for clock in CLOCKS for due in clock.due(ctx)]
    return sorted(found, key=lambda due: (due.at is None, due.at or due.since, due.zone, due.subject))


def end_overdue(ctx: Context, *, actor: str) -> dict[str, int]:
    """End what is over its time; gives how many were ended, or wait for a person, by the clocks' own names.

    Raises after all clocks were asked where one of them could not end everything: `RetryLater` while the store is in
    use, for instance.
    """
    counts: dict[str, int] = {}
    stopped: TokumeiError | None = None
    for clock in CLOCKS:
        over = [due for due in clock.due(ctx) if due.is_over(datetime.now(UTC))]
        try:
            for due in over:
                clock.end(ctx, due, actor)
        except TokumeiError as error:
            stopped = error
        if clock.count:
            counts[clock.count] = len(over)
    if stopped is not None:
        raise stopped
    return counts
