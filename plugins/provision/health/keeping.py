"""保管側の兆候: requests of persons, periods, keys and agreements that end, entries nobody signed or witnessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice

from provision.anchors import ANCHORED
from provision.context import Context
from provision.health.sign import Sign, day
from provision.ledger import notes
from provision.model import OpenPgpKey
from provision.packaging.encryption.openpgp import end_of
from provision.persons.requests import waiting
from provision.releasing.drafting import TOKYO
from provision.retention.kept import Periods

#: A request of a person is to be carried out without delay (個人情報保護法35条).
_REQUEST = timedelta(days=14)
#: Days before an end that make a sign.
_AHEAD = 45
#: Checkpoints are made every night and after every delivery.
_SIGNED = timedelta(hours=30)


def requests(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Requests that nobody agreed to, or that were not carried out to the end."""
    for one in waiting(ctx):
        since = datetime.fromisoformat(str(one["at"]))
        begun = one["state"] == "agreed"
        yield Sign(
            "request", "act" if begun or now - since > _REQUEST else "look", str(one["request"]), day(since),
            "実施の途中です" if begun else "二人目の承認を待っています",
            "was begun and is not done" if begun else "waits for a second person",
            f"tokumei person agree {one['request']}", "" if begun else f"≠ {one['actor']}",
        )  # fmt: skip


def periods(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Accumulation periods over their time."""
    for due in Periods().due(ctx):
        if due.is_over(now):
            yield Sign(
                "period", "look", due.subject, day(due.since), "蓄積期間が終わっています",
                "its accumulation period is over", f"tokumei retention end-period {due.subject} --reason …",
            )  # fmt: skip


def ending(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Partners' OpenPGP keys and agreements that end within the next weeks, or have ended."""
    for subject, end, ja, en, remedy in _ends(ctx):
        if end - now < timedelta(days=_AHEAD):
            yield Sign("ending", "act" if end < now else "look", subject, day(end), f"{ja}が {day(end)} に終わります",
                       f"the {en} ends on {day(end)}", remedy)  # fmt: skip


def _ends(ctx: Context) -> Iterator[tuple[str, datetime, str, str, str]]:
    """What ends when, in both languages, and what to do then."""
    for recipient in ctx.recipients.values():
        last = datetime.combine(recipient.agreement.ends, time.max, TOKYO)
        yield f"agreement of {recipient.id}", last, "契約", "agreement", "amend it, or let its releases end"
        if isinstance(recipient.encryption, OpenPgpKey) and (seconds := end_of(recipient.encryption)):
            end = datetime.fromtimestamp(seconds, UTC)
            yield f"key of {recipient.id}", end, "公開鍵", "public key", "ask for a new one and confirm it"
    escrow = ctx.platform.escrow_openpgp
    if escrow is not None and (seconds := end_of(escrow)):
        yield "escrow_openpgp", datetime.fromtimestamp(seconds, UTC), "控えの鍵", "escrow key", "make a new one"


def unsigned(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Entries after the newest checkpoint, where the first of them is older than a night."""
    note = ctx.ledger.last_note()
    size = notes.parse(note).size if note else 0
    for entry in ctx.ledger.entries(start=size, limit=1):
        if now - entry.when > _SIGNED:
            count = ctx.ledger.size - size
            yield Sign(
                "unsigned", "act", f"from entry {size}", day(entry), f"{count} 件の記録に署名がありません",
                f"{count} entries are not signed", "tokumei ledger checkpoint; look at the DAG stewardship",
            )  # fmt: skip


def unwitnessed(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Entries that no checkpoint covers which left this machine, where the first of them is older than a night; and a
    production platform none of whose checkpoints leave it."""
    anchors = ctx.platform.anchors
    if not (any(witness.url for witness in anchors.witnesses) or anchors.auditors or anchors.bucket):
        if ctx.platform.environment == "production":
            yield Sign(
                "unwitnessed", "look", "anchors", day(now), "署名はこの機械の外に出ていません",
                "no checkpoint leaves this machine", "name witnesses, auditors or a bucket (platform.yaml, anchors)",
            )  # fmt: skip
        return
    size = max((int(entry.payload["size"]) for entry in ctx.ledger.entries(type=ANCHORED)), default=0)
    waiting = (entry for entry in ctx.ledger.entries(start=size) if entry.type != ANCHORED)
    for entry in islice(waiting, 1):
        if now - entry.when > _SIGNED:
            yield Sign(
                "unwitnessed", "act", f"from entry {size}", day(entry), "署名が外部に届いていません",
                "checkpoints do not reach their witnesses", "tokumei ledger anchor says which place cannot be reached",
            )  # fmt: skip
