"""受領分の終了: one batch leaves the store for good. Whoever calls has the store alone."""

from __future__ import annotations

from provision.context import Context
from provision.intake.fingerprints import index_path
from provision.releasing.batches import ENDED
from provision.releasing.earlier import remember_all

DESTROYED = "store.destroyed"


def end_batch(ctx: Context, batch: str, source: str, actor: str) -> None:
    """Who was in releases is remembered first. Then the entry from which on nobody looks for the batch, then its rows
    and fingerprints go, then the entry that says so. Twice is once; a run that died is finished by the next."""
    remember_all(ctx, [source])
    about = {"batch": batch, "source": source}
    ctx.ledger.append(
        ENDED, actor=actor, key=f"store-ended:{batch}", subjects=about, payload={"what": "de-identified tables"}
    )
    ctx.store.remove(source, batch)
    index_path(ctx, batch).unlink(missing_ok=True)
    ctx.ledger.append(
        DESTROYED, actor=actor, key=f"store-destroyed:{batch}", subjects=about,
        payload={"what": "de-identified tables and known values"},
    )  # fmt: skip
