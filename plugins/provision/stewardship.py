"""管理: every zone's clock, expiry, and the ledger's checkpoint. Runs daily; running it twice changes nothing more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from provision import retention
from provision.acknowledging import catch_up
from provision.context import Context
from provision.ledger.entry import Entry
from provision.notices.making import announce_makings
from provision.persons import erasing, register
from provision.releasing.chasing import chase
from provision.releasing.drafting import today
from provision.releasing.returns import read_returns


def run(ctx: Context, *, actor: str) -> dict[str, int]:
    """Destroy what is over its time, expire what may no longer be approved, sign a checkpoint. Gives counts."""
    expired = {"releases_expired": _expire(ctx, actor), "erasures_settled": register.tidy(ctx)}
    counts = {**retention.end_overdue(ctx, actor=actor), "rows_erased": erasing.catch_up(ctx, actor=actor), **expired}
    ctx.ledger.checkpoint(ctx.signer)
    return {**counts, "ledger_size": ctx.ledger.size}


def follow_up(ctx: Context, *, actor: str) -> dict[str, int]:
    """追跡: read what came back about deliveries and what recipients said, then alert where somebody must look. Gives
    counts.

    A mailbox that cannot be read must not keep the operators from hearing of the rest.
    """
    try:
        notes = read_returns(ctx, actor=actor)
    finally:
        acknowledged = catch_up(ctx, actor=actor)
        alerts = chase(ctx, actor=actor)
        ctx.ledger.checkpoint(ctx.signer)
    return {**notes, "acknowledged": acknowledged, **alerts}


def announce(ctx: Context, *, actor: str) -> dict[str, int]:
    """公表: the items of what was made and waits long for officers (APPI art. 43(3)). Gives counts."""
    return {"makings_announced": announce_makings(ctx, actor=actor)}


def _older(entry: Entry, span: timedelta) -> bool:
    return datetime.now(UTC) - entry.when > span


def _expire(ctx: Context, actor: str) -> int:
    """Releases that wait although their agreement ended, or longer than the plan's deadline.

    A plan or recipient whose file does not hold today says nothing: without it nobody can approve, and a slip of the
    keyboard must not end a release for good.
    """
    done = 0
    for entry in ctx.ledger.entries(type="release.gated"):
        release, named = entry.subjects["release"], entry.subjects
        plan, recipient = ctx.plans.get(named["plan"]), ctx.recipients.get(named["recipient"])
        if plan is None or recipient is None or ctx.ledger.state("release", release) != "gated":
            continue
        if recipient.agreement.ends < today() or _older(entry, timedelta(hours=plan.deadline_hours)):
            ctx.ledger.transition(
                "release", release, "expired", actor=actor, key=f"expired:{release}",
                subjects={"plan": plan.id, "recipient": recipient.id}, payload={"reason": "not approved in time"},
            )  # fmt: skip
            done += 1
    return done
