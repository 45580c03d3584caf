"""受領側の時計: sealed batches that wait, and quarantine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta

from provision.context import Context
from provision.intake.quarantine import key_name
from provision.intake.refusals import in_quarantine
from provision.ledger.entry import Entry
from provision.retention.base import Due


class Landing:
    """Batches that nobody took in: counted, never destroyed unread."""

    count = "landing_waiting_too_long"

    def due(self, ctx: Context) -> Iterator[Due]:
        """Batches that were received and nothing more."""
        span = timedelta(days=ctx.platform.retention.landing_days)
        for entry in ctx.ledger.entries(type="batch.received"):
            batch = entry.subjects["batch"]
            if ctx.ledger.state("batch", batch) == "received":
                yield Due("landing", batch, entry.subjects["source"], entry.when, entry.when + span, "a person")

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """A person takes it in, or finds out why it cannot be."""


class Quarantine:
    """Files and records that were not taken."""

    count = "quarantine_destroyed"

    def due(self, ctx: Context) -> Iterator[Due]:
        """Whole batches, drops, and batches with parts in quarantine."""
        span = timedelta(days=ctx.platform.retention.quarantine_days)
        for batch, entry in _first(ctx).items():
            yield Due("quarantine", batch, entry.subjects["source"], entry.when, entry.when + span)

    def end(self, ctx: Context, due: Due, actor: str) -> None:
        """Key first: what it encrypted is noise from then on."""
        ctx.keys.destroy(key_name(due.subject))
        shutil.rmtree(ctx.zones.quarantine() / due.subject, ignore_errors=True)
        began = _first(ctx)[due.subject].seq
        ctx.ledger.append(
            "quarantine.destroyed", actor=actor, key=f"quarantine-destroyed:{due.subject}:{began}",
            subjects={"batch": due.subject, "source": due.source}, payload={"what": "quarantine key and files"},
        )  # fmt: skip


def _first(ctx: Context) -> dict[str, Entry]:
    """The entry that began the clock of each that is there: the first after it was destroyed, where the same drop came
    and was turned away again."""
    gone = {e.subjects["batch"]: e.seq for e in ctx.ledger.entries(type="quarantine.destroyed")}
    whole = list(ctx.ledger.entries(type="batch.quarantined"))
    parts = [e for e in ctx.ledger.entries(type="batch.accepted") if in_quarantine(e)]
    found: dict[str, Entry] = {}
    for entry in [*whole, *parts, *ctx.ledger.entries(type="drop.quarantined")]:
        if entry.seq > gone.get(entry.subjects["batch"], -1):
            found.setdefault(entry.subjects["batch"], entry)
    return found
