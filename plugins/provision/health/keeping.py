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
            "実施の途中です" if begun else f"二人目の同意を待っています（{one['actor']} 以外）",
            "was begun and is not done" if begun else f"waits for a second person, not {one['actor']}",
            *_agreeing(str(one["request"]), begun),
        )  # fmt: skip


def _agreeing(request: str, begun: bool) -> tuple[str, str]:
    """What to do about a request, in both languages."""
    command = f"tokumei person agree {request}"
    if begun:
        return f"{command} で最後まで実施してください", f"{command} carries it out to the end"
    return (
        f"承認者が見張りのページで同意するか、別の運用者が {command} を実行してください",
        f"an officer agrees on the health page, or another operator runs {command}",
    )


def periods(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Accumulation periods over their time."""
    for due in Periods().due(ctx):
        if due.is_over(now):
            yield Sign(
                "period", "look", due.subject, day(due.since), "蓄積期間が終わっています",
                "its accumulation period is over",
                f"tokumei retention end-period {due.subject} --reason … で終わらせてください",
                f"tokumei retention end-period {due.subject} --reason …",
            )  # fmt: skip


def ending(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Partners' OpenPGP keys and agreements that end within the next weeks, or have ended."""
    for subject, end, ja, en, *remedies in _ends(ctx):
        if end - now < timedelta(days=_AHEAD):
            over = end < now
            yield Sign("ending", "act" if over else "look", subject, day(end),
                       f"{ja}が {day(end)} に{'終わりました' if over else '終わります'}",
                       f"the {en} {'ended' if over else 'ends'} on {day(end)}", *remedies)  # fmt: skip


def _ends(ctx: Context) -> Iterator[tuple[str, datetime, str, str, str, str]]:
    """What ends when, and what to do then, in both languages."""
    for recipient in ctx.recipients.values():
        last = datetime.combine(recipient.agreement.ends, time.max, TOKYO)
        yield (f"agreement of {recipient.id}", last, "契約", "agreement",
               "契約を更新するか、提供を終えてください", "amend it, or let its releases end")  # fmt: skip
        if isinstance(recipient.encryption, OpenPgpKey) and (seconds := end_of(recipient.encryption)):
            end = datetime.fromtimestamp(seconds, UTC)
            yield (f"key of {recipient.id}", end, "公開鍵", "public key",
                   "新しい公開鍵を受け取り、確認してください", "ask for a new one and confirm it")  # fmt: skip
    escrow = ctx.platform.escrow_openpgp
    if escrow is not None and (seconds := end_of(escrow)):
        end = datetime.fromtimestamp(seconds, UTC)
        yield "escrow_openpgp", end, "控えの鍵", "escrow key", "新しい控えの鍵を作ってください", "make a new one"


def unsigned(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Entries after the newest checkpoint, where the first of them is older than a night."""
    note = ctx.ledger.last_note()
    size = notes.parse(note).size if note else 0
    for entry in ctx.ledger.entries(start=size, limit=1):
        if now - entry.when > _SIGNED:
            count = ctx.ledger.size - size
            yield Sign(
                "unsigned", "act", f"from entry {size}", day(entry), f"{count} 件の記録に署名がありません",
                "1 entry is not signed" if count == 1 else f"{count} entries are not signed",
                "tokumei ledger checkpoint を実行し、DAG stewardship を確かめてください",
                "tokumei ledger checkpoint; look at the DAG stewardship",
            )  # fmt: skip


def unwitnessed(ctx: Context, now: datetime) -> Iterator[Sign]:
    """Entries that no checkpoint covers which left this machine, where the first of them is older than a night; and a
    production platform none of whose checkpoints leave it."""
    anchors = ctx.platform.anchors
    if not (any(witness.url for witness in anchors.witnesses) or anchors.auditors or anchors.bucket):
        if ctx.platform.environment == "production":
            yield Sign(
                "unwitnessed", "look", "anchors", day(now), "署名はこの機械の外に出ていません",
                "no checkpoint leaves this machine",
                "platform.yaml の anchors に、証人・監査人・バケットのいずれかを書いてください",
                "name witnesses, auditors or a bucket (platform.yaml, anchors)",
            )  # fmt: skip
        return
    size = max((int(entry.payload["size"]) for entry in ctx.ledger.entries(type=ANCHORED)), default=0)
    waiting = (entry for entry in ctx.ledger.entries(start=size) if entry.type != ANCHORED)
    for entry in islice(waiting, 1):
        if now - entry.when > _SIGNED:
            yield Sign(
                "unwitnessed", "act", f"from entry {size}", day(entry), "署名が外部に届いていません",
                "checkpoints do not reach their witnesses",
                "tokumei ledger anchor が、届かない場所を示します",
                "tokumei ledger anchor says which place cannot be reached",
            )  # fmt: skip
