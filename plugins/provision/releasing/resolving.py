"""解決: an operator says what became of a delivery whose attempt has no recorded end."""

from __future__ import annotations

from datetime import UTC, datetime

from provision.context import Context
from provision.errors import Refused
from provision.releasing.confirming import ordered


def resolve(ctx: Context, order: str, *, sent: bool, reason: str, actor: str) -> str:
    """Record an unknown delivery as handed over or failed; gives the new state. `Refused` without a reason."""
    if not reason.strip():
        raise Refused("a resolution needs a reason", where=order, rule="delivery.resolve", remedy="say how you know")
    about = ordered(ctx, order)
    state = ctx.ledger.state("delivery", order)
    if state != "unknown":  # an attempt may still be running: only deliver, which holds the lock, can call it dead
        raise Refused(
            f"the delivery is {state}, not unknown", where=order, rule="delivery.resolve",
            remedy="run deliver again: it settles an attempt that died",
        )  # fmt: skip
    subjects = {kind: value for kind, value in about.subjects.items() if kind != "delivery"}
    now = datetime.now(UTC).isoformat()
    receipt = {"order": order, "channel": about.payload["channel"], "handed_over_at": now, "already_there": True,
               "evidence": {"resolved_by": actor, "reason": reason}}  # fmt: skip
    payload = {"receipt": receipt} if sent else {"reason": f"resolved: {reason}"}
    ctx.ledger.transition(
        "delivery", order, "handed_over" if sent else "failed", actor=actor, subjects=subjects, payload=payload
    )
    return ctx.ledger.state("delivery", order)
