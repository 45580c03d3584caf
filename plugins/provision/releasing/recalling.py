"""回収: a release that went out is taken back as far as it can be, and whoever has it is told to destroy it.

The log comes first: from the moment it says `recalled`, nothing of the release is delivered any more. Then every
delivery is recalled through its channel, one entry each; a run that died goes on where it was.
"""

from __future__ import annotations

import shutil

from provision import approvals, channels
from provision.context import Context
from provision.errors import Refused
from provision.releasing.consigning import recalled

#: States of a delivery in which the recipient has it, or may have.
OUT = frozenset({"attempting", "unknown", "handed_over", "received", "failed", "bounced"})


def recall(ctx: Context, release: str, *, reason: str, actor: str) -> dict[str, str]:
    """Recall a release; gives what was done for each order. Raises as channels do: run it again to go on."""
    if not reason.strip():
        raise Refused(
            "a recall needs a reason", where=release, rule="recall.reason", remedy="say why: recipients read it"
        )
    asked = approvals.request(ctx, release)
    if ctx.ledger.state("release", release) != "recalled":
        about = {"plan": asked.plan, "recipient": asked.recipient}
        ctx.ledger.transition(
            "release", release, "recalled", actor=actor, subjects=about, payload={"reason": reason}
        )  # fmt: skip
    done: dict[str, str] = {}
    for entry in ctx.ledger.entries(type="delivery.ordered", kind="release", subject=release):
        order = entry.subjects["delivery"]
        if ctx.ledger.state("delivery", order) in OUT:
            done[order] = _one(ctx, release, order, reason, actor)
        shutil.rmtree(ctx.zones.home / "outbox" / order, ignore_errors=True)
    ctx.ledger.checkpoint(ctx.signer)
    return done


def _one(ctx: Context, release: str, order: str, reason: str, actor: str) -> str:
    """Recall one order unless the log says that it was."""
    for _ in ctx.ledger.entries(type="delivery.recalled", kind="delivery", subject=order, limit=1):
        return "recalled before"
    asked = approvals.request(ctx, release)
    made = recalled(ctx, asked, order)
    evidence = channels.get(asked.channel).recall(made, ctx.resolver, reason)
    about = {"delivery": order, "release": release, "recipient": asked.recipient}
    payload = {"evidence": dict(evidence)}
    ctx.ledger.append("delivery.recalled", actor=actor, key=f"recalled:{order}", subjects=about, payload=payload)
    return "recalled"
