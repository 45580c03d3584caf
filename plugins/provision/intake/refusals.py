"""注意: what a run of intake refused although it took in the rest. A run that refused something must not end green."""

from __future__ import annotations

from provision.context import Context
from provision.errors import Quarantined


def attention(ctx: Context, source_id: str, *, actor: str) -> None:
    """Raise `Quarantined` where `actor` (one run) put drops, or files of an accepted batch, into quarantine."""
    kept = [
        entry.subjects["batch"]
        for entry in ctx.ledger.entries(kind="source", subject=source_id)
        if entry.actor == actor and (entry.type == "drop.quarantined" or entry.payload.get("files_quarantined"))
    ]
    if kept:
        raise Quarantined(
            f"{len(kept)} drops or batches hold files that could not be taken; everything else was",
            where=", ".join(kept[:10]),
            rule="intake.attention",
            remedy="read report.json below quarantine/ and ask the sender for these files again",
        )
