"""管理: every zone's clock, expiry, and the ledger's checkpoint. Runs daily; running it twice changes nothing more."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

from provision.context import Context
from provision.intake.quarantine import key_name
from provision.ledger.entry import Entry
from provision.releasing.drafting import today


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


def _older(entry: Entry, days: int) -> bool:
    return datetime.now(UTC) - entry.when > timedelta(days=days)


def _quarantine(ctx: Context, actor: str) -> int:
    """Key first: what it encrypted is noise from then on."""
    done = 0
    kept = [*ctx.ledger.entries(type="batch.quarantined"), *ctx.ledger.entries(type="batch.accepted"),
            *ctx.ledger.entries(type="drop.quarantined")]  # fmt: skip
    for entry in kept:
        batch = entry.subjects["batch"]
        if not _older(entry, ctx.platform.retention.quarantine_days) or not ctx.keys.exists(key_name(batch)):
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
    waiting = [
        e
        for e in ctx.ledger.entries(type="batch.received")
        if ctx.ledger.state("batch", e.subjects["batch"]) == "received"
    ]
    return sum(_older(entry, ctx.platform.retention.landing_days) for entry in waiting)


def _outbox(ctx: Context, actor: str) -> int:
    done = 0
    for entry in ctx.ledger.entries(type="delivery.handed_over"):
        folder = ctx.zones.home / "outbox" / entry.subjects["delivery"]
        if _older(entry, ctx.platform.retention.outbox_days) and folder.is_dir():
            shutil.rmtree(folder)
            ctx.ledger.append(
                "outbox.emptied", actor=actor, key=f"outbox:{entry.subjects['delivery']}",
                subjects={"delivery": entry.subjects["delivery"]}, payload={"what": "ciphertext and envelope"},
            )  # fmt: skip
            done += 1
    return done


def _expire(ctx: Context, actor: str) -> int:
    """Releases that wait although their agreement ended, or longer than the plan's deadline."""
    done = 0
    for entry in ctx.ledger.entries(type="release.gated"):
        release = entry.subjects["release"]
        if ctx.ledger.state("release", release) != "gated":
            continue
        plan = ctx.plans.get(entry.subjects["plan"])
        recipient = ctx.recipients.get(entry.subjects["recipient"])
        over = plan is None or recipient is None or recipient.agreement.ends < today()
        if over or _older(entry, -(-plan.deadline_hours // 24) if plan else 0):
            ctx.ledger.transition(
                "release", release, "expired", actor=actor, key=f"expired:{release}", payload={"reason": "not approved in time"},
                subjects={"plan": entry.subjects["plan"], "recipient": entry.subjects["recipient"]},
            )  # fmt: skip
            done += 1
    return done
