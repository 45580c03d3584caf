"""管理: every zone's clock, expiry, and the ledger's checkpoint. Runs daily; running it twice changes nothing more."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

from provision.context import Context
from provision.intake.quarantine import key_name
from provision.intake.refusals import in_quarantine
from provision.ledger.entry import Entry
from provision.notices.making import announce_makings
from provision.releasing.chasing import chase
from provision.releasing.drafting import today
from provision.releasing.returns import read_returns


def run(ctx: Context, *, actor: str) -> dict[str, int]:
    """Destroy what is over its time, expire what may no longer be approved, sign a checkpoint. Gives counts."""
    counts = {
        "quarantine_destroyed": _quarantine(ctx, actor),
        "landing_waiting_too_long": _landing(ctx),
        "outbox_emptied": _outbox(ctx, actor),
        "releases_expired": _expire(ctx, actor),
    }
    ctx.ledger.checkpoint(ctx.signer)
    return {**counts, "ledger_size": ctx.ledger.size}


def follow_up(ctx: Context, *, actor: str) -> dict[str, int]:
    """追跡: read what came back about deliveries, then alert where somebody must look. Gives counts.

    A mailbox that cannot be read must not keep the operators from hearing of the rest.
    """
    try:
        notes = read_returns(ctx, actor=actor)
    finally:
        alerts = chase(ctx, actor=actor)
        ctx.ledger.checkpoint(ctx.signer)
    return {**notes, **alerts}


def announce(ctx: Context, *, actor: str) -> dict[str, int]:
    """公表: the items of what was made and waits long for officers (APPI art. 43(3)). Gives counts."""
    return {"makings_announced": announce_makings(ctx, actor=actor)}


def _older(entry: Entry, span: timedelta) -> bool:
    return datetime.now(UTC) - entry.when > span


def _attested(ctx: Context, type: str, kind: str, subject: str) -> bool:
    return any(True for _ in ctx.ledger.entries(type=type, kind=kind, subject=subject, limit=1))


def _quarantine(ctx: Context, actor: str) -> int:
    """Key first: what it encrypted is noise from then on. What a dead run destroyed is attested by the next one."""
    done, span = 0, timedelta(days=ctx.platform.retention.quarantine_days)
    whole = list(ctx.ledger.entries(type="batch.quarantined"))
    parts = [e for e in ctx.ledger.entries(type="batch.accepted") if in_quarantine(e)]
    for entry in [*whole, *parts, *ctx.ledger.entries(type="drop.quarantined")]:
        batch = entry.subjects["batch"]
        if not _older(entry, span) or _attested(ctx, "quarantine.destroyed", "batch", batch):
            continue
        ctx.keys.destroy(key_name(batch))
        shutil.rmtree(ctx.zones.quarantine() / batch, ignore_errors=True)
        ctx.ledger.append(
            "quarantine.destroyed", actor=actor, key=f"quarantine-destroyed:{batch}",
            subjects={"batch": batch, "source": entry.subjects["source"]}, payload={"what": "quarantine key and files"},
        )  # fmt: skip
        done += 1
    return done


def _landing(ctx: Context) -> int:
    """Batches that nobody took in: counted, never destroyed unread."""
    span = timedelta(days=ctx.platform.retention.landing_days)
    received = ctx.ledger.entries(type="batch.received")
    waiting = [entry for entry in received if ctx.ledger.state("batch", entry.subjects["batch"]) == "received"]
    return sum(_older(entry, span) for entry in waiting)


def _outbox(ctx: Context, actor: str) -> int:
    """Ciphertext and envelope of what was handed over long ago."""
    done, span = 0, timedelta(days=ctx.platform.retention.outbox_days)
    for entry in ctx.ledger.entries(type="delivery.handed_over"):
        order = entry.subjects["delivery"]
        if _older(entry, span) and not _attested(ctx, "outbox.emptied", "delivery", order):
            shutil.rmtree(ctx.zones.home / "outbox" / order, ignore_errors=True)
            ctx.ledger.append(
                "outbox.emptied", actor=actor, key=f"outbox:{order}",
                subjects={"delivery": order}, payload={"what": "ciphertext and envelope"},
            )  # fmt: skip
            done += 1
    return done


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
