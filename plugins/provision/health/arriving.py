"""受領側の兆候: senders that are late, batches that wait, quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from provision.context import Context
from provision.health.sign import Sign, day
from provision.releasing.drafting import TOKYO
from provision.retention.received import Landing, Quarantine


def late(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Sources with a `due_day` whose last month is not there, and those that never sent anything."""
    today = now.astimezone(TOKYO).date()
    year, month = divmod(today.year * 12 + today.month - 2, 12)
    wanted = f"{year}-{month + 1:02d}"
    periods: dict[str, set[str]] = {}
    for entry in ctx.ledger.entries(type="batch.received"):
        periods.setdefault(entry.subjects["source"], set()).add(str(entry.payload["period"]))
    for source in ctx.sources.values():
        if source.due_day is None or today.day <= source.due_day or wanted in periods.get(source.id, set()):
            continue
        since = today.replace(day=source.due_day).isoformat()
        yield Sign("source_late", "look", source.id, since, f"{wanted} 分が届いていません",
                   f"{wanted} has not come", "送付元に確認してください。届く場所は tokumei doctor で確かめられます",
                   "ask the sender; tokumei doctor looks at its landing")  # fmt: skip


def waiting(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Sealed batches that were not taken in yet."""
    for due in Landing().due(ctx):
        over = due.is_over(now)
        yield Sign(
            "landing", "act" if over else "wait", due.subject, day(due.since),
            "受領した束が取り込まれないままです" if over else "取込みを待っています",
            "nobody has taken it in for too long" if over else "waits to be taken in",
            f"{due.source} の受領 DAG を実行するか、tokumei run take-in {due.subject} を実行してください",
            f"run the intake DAG of {due.source}, or tokumei run take-in {due.subject}",
        )  # fmt: skip


def quarantined(ctx: Context, now: datetime) -> Iterator[Sign]:
    """What lies in quarantine, until its day."""
    for due in Quarantine().due(ctx):
        assert due.at is not None  # quarantine has a clock whatever is configured
        goes = day(due.at)
        yield Sign(
            "quarantine", "look", due.subject, day(due.since), f"{due.source} から。{goes} に消去されます",
            f"from {due.source}, destroyed on {goes}",
            f"tokumei quarantine report {due.subject} で理由を確かめ、送付元に再送を求めてください",
            f"tokumei quarantine report {due.subject}, then ask the sender for the files again",
        )  # fmt: skip
