"""提供側の兆候: releases and whom they wait for, deliveries that bounced, are in doubt, or that nobody confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from provision.context import Context
from provision.health.sign import Level, Sign, day
from provision.ledger.entry import Entry
from provision.releasing.chasing import REASONS

#: State -> what is waited for, and who: a run of the platform, or (of `gated`) the plan's officers.
_STEPS = {
    "drafted": ("作成を待っています", "waits to be made", "make"),
    "made": ("検査を待っています", "waits for the gate", "gate"),
    "approved": ("公表を待っています", "waits to be announced", "publish"),
    "published": ("引渡しを待っています", "waits to be delivered", "deliver"),
}
#: A step of the platform that takes longer than this needs somebody.
_SLOW = timedelta(hours=24)


def releases(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Every release that is not over."""
    for drafted in ctx.ledger.entries(type="release.drafted"):
        release = drafted.subjects["release"]
        state = ctx.ledger.state("release", release)
        if state != "gated" and state not in _STEPS:
            continue
        entry = next(iter(ctx.ledger.entries(type=f"release.{state}", kind="release", subject=release)))
        yield _for_officers(ctx, drafted, entry, now) if state == "gated" else _for_a_run(entry, state, now)


def _for_officers(ctx: Context, drafted: Entry, gated: Entry, now: datetime) -> Sign:
    release = drafted.subjects["release"]
    given = {e.actor.removeprefix("officer:")
             for e in ctx.ledger.entries(type="release.approval", kind="release", subject=release)}  # fmt: skip
    left = [officer for officer in drafted.payload["approvers"] if officer not in given]
    plan = ctx.plans.get(drafted.subjects["plan"])
    deadline = gated.when + timedelta(hours=plan.deadline_hours if plan else 72)
    level: Level = "act" if now > deadline - timedelta(hours=24) else "wait"
    return Sign(
        "release_waiting", level, release, day(gated), f"承認を待っています（期限 {day(deadline)}）",
        f"waits for officers until {day(deadline)}", "承認のページで決定してください",
        "they decide on the approval page", ", ".join(left), release,
    )  # fmt: skip


def _for_a_run(entry: Entry, state: str, now: datetime) -> Sign:
    ja, en, step = _STEPS[state]
    release = entry.subjects["release"]
    slow = now - entry.when > _SLOW
    return Sign("release_waiting", "act" if slow else "wait", release, day(entry), ja, en,
                f"Airflow で実行の様子を確かめるか、tokumei run {step} {release} を実行してください",
                f"look at the run in Airflow, or tokumei run {step} {release}", "airflow", release)  # fmt: skip


def deliveries(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Deliveries that somebody has to look at, as the alerts name them, and attempts without an end."""
    late = timedelta(days=ctx.platform.unconfirmed_days)
    for ordered in ctx.ledger.entries(type="delivery.ordered"):
        order, release = ordered.subjects["delivery"], ordered.subjects["release"]
        state = ctx.ledger.state("delivery", order)
        entry = max(ctx.ledger.entries(type=f"delivery.{state}", kind="delivery", subject=order), key=lambda e: e.seq)
        reason = state
        if state == "handed_over" and now - entry.when > late:
            reason = "unconfirmed"
        if state == "attempting" and now - entry.when > _SLOW:
            reason = "unknown"
        if reason in REASONS and ctx.ledger.state("release", release) != "recalled":
            level: Level = "look" if reason == "unconfirmed" else "act"
            whom = ordered.subjects["recipient"]
            yield Sign("delivery", level, order, day(entry), *REASONS[reason], whom, release)
