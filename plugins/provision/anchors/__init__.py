"""固定: carrying signed checkpoints to where our own administrators cannot change them: witnesses, auditors' mail, a
locked bucket. What is already there is compared first, so an old copy of the log that was put back is found here.

Every night after everything else (`stewardship`), or by hand with `tokumei ledger anchor`. Repeating it is harmless.
"""

from __future__ import annotations

from provision.anchors import bucket, mail, witnesses
from provision.context import Context
from provision.ledger import notes

ANCHORED = "ledger.anchored"


def anchor(ctx: Context, *, actor: str) -> dict[str, int]:
    """Make a checkpoint and carry it everywhere; the entry ``ledger.anchored`` says where to. Gives counts.

    Raises `LedgerBroken` where somebody elsewhere knows more, or other, entries than the log has: nothing more is sent
    then. `RetryLater` and `FixConfiguration` where a place cannot be reached; the others have it all the same.
    """
    settings = ctx.platform.anchors
    ctx.ledger.checkpoint(ctx.signer)
    note = ctx.ledger.last_note() or ""
    if settings.bucket:
        bucket.compare(ctx, settings.bucket)
    reachable = [witness for witness in settings.witnesses if witness.url]
    for witness in reachable:
        note = witnesses.cosigned(ctx.ledger, note, witness)
    if _nothing_new(ctx):
        return {"anchored": 0}
    places = [f"witness {w.verifier.name}" for w in reachable]
    if settings.bucket:
        bucket.put(ctx, settings.bucket, note)
        places.append("bucket")
    if settings.auditors:
        mail.send(ctx, settings.auditors, note)
        places.append("auditors' mail")
    if places:
        _record(ctx, note, places, actor)
    return {"anchored": len(places)}


def _nothing_new(ctx: Context) -> bool:
    """Where the last entry is the last anchor, all that was anchored is there already."""
    size = ctx.ledger.size
    return size == 0 or ctx.ledger.entry(size - 1).type == ANCHORED


def _record(ctx: Context, note: str, places: list[str], actor: str) -> None:
    signed = notes.parse(note)
    payload = {"size": signed.size, "root": signed.root.hex(), "places": places}
    ctx.ledger.append(ANCHORED, actor=actor, subjects={}, payload=payload, key=f"anchored:{signed.size}")
