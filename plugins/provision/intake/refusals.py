"""注意: what a run of intake refused although it took in the rest. A run that refused something must not end green."""

from __future__ import annotations

from provision.context import Context
from provision.errors import Quarantined
from provision.ledger.entry import Entry


def attention(ctx: Context, source_id: str, *, actor: str) -> None:
    """Raise `Quarantined` where `actor` (one run) put drops, or parts of an accepted batch, into quarantine."""
    kept = [
        entry.subjects["batch"]
        for entry in ctx.ledger.entries(kind="source", subject=source_id)
        if entry.actor == actor and (entry.type == "drop.quarantined" or in_quarantine(entry))
    ]
    if kept:
        raise Quarantined(
            f"{len(kept)} drops or batches hold files or records that could not be taken; the rest was",
            where=", ".join(kept[:10]),
            rule="intake.attention",
            remedy="read report.json below quarantine/ and ask the sender for these again",
        )


def in_quarantine(entry: Entry) -> bool:
    """Whether files or records of an accepted batch lie in quarantine."""
    return bool(entry.payload.get("files_quarantined") or entry.payload.get("records_quarantined"))
