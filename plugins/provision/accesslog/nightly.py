"""What happens to the access log every night: digests of past days, then the end of what is over its time."""

from __future__ import annotations

from datetime import UTC, date, datetime

from provision.accesslog import anchoring, anew
from provision.accesslog.anchoring import Anchor
from provision.accesslog.places import opened
from provision.accesslog.visit import TOKYO
from provision.context import Context


def run(ctx: Context, *, actor: str) -> dict[str, int]:
    """Both, then a checkpoint over the new entries. Running it twice changes nothing more. Gives counts."""
    anchored = anchor(ctx, actor=actor)
    gone = expire(ctx, actor=actor)
    ctx.ledger.checkpoint(ctx.signer)
    return {"access_days_anchored": len(anchored), "access_visits_destroyed": gone}


def anchor(ctx: Context, *, actor: str) -> list[Anchor]:
    """Anchor past days, see `anchoring.anchor`."""
    with opened(ctx.zones) as log:
        return anchoring.anchor(ctx.ledger, log, actor=actor, today=_today())


def expire(ctx: Context, *, actor: str) -> int:
    """Destroy what is over its time, see `anchoring.expire`."""
    days = ctx.platform.retention.access_days
    with opened(ctx.zones) as log:
        gone = anchoring.expire(ctx.ledger, log, actor=actor, days=days, today=_today())
    anew.destroy_overdue(ctx, days)
    return gone


def _today() -> date:
    return datetime.now(UTC).astimezone(TOKYO).date()
