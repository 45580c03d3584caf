"""督促: deliveries that somebody must look at: bounced, in doubt, or without word from the recipient for too long.

Receivers' gateways take attachments away without telling anybody, so silence is not success. One message names all
that are new; an entry for each keeps it from being named again for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from provision.alerts import alert
from provision.channels._templates import filled
from provision.context import Context
from provision.ledger.entry import Entry


class Reason(NamedTuple):
    """Why somebody must look, and what to do then, in both languages."""

    ja: str
    en: str
    remedy_ja: str
    remedy_en: str


REASONS = {
    "bounced": Reason(
        "届かずに戻りました", "came back",
        "提供先と宛先を確かめて直し、代わりの引渡しを作ってください",
        "correct the address with the recipient, then make a replacement",
    ),
    "recall_bounced": Reason(
        "回収の通知が届いていません", "the recall did not arrive",
        "別の方法で提供先に知らせてください", "tell the recipient by another way",
    ),
    "unknown": Reason(
        "届いたか分かりません", "in doubt",
        "提供先に確かめ、tokumei delivery resolve ORDER --sent 又は --not-sent を実行してください",
        "ask the recipient, then tokumei delivery resolve ORDER --sent or --not-sent",
    ),
    "unconfirmed": Reason(
        "受領の知らせがありません", "no word for long",
        "提供先に確かめ、tokumei delivery received（不達なら bounced）ORDER --how … を実行してください",
        "ask, then tokumei delivery received (or bounced) ORDER --how …",
    ),
}  # fmt: skip


def chase(ctx: Context, *, actor: str) -> dict[str, int]:
    """Alert the operators once an order and reason; gives counts. Raises as sending mail does, and then nothing is
    noted, so the next run alerts."""
    found = list(_new(ctx))
    if found:
        listed = [_lines(entry.subjects["delivery"], REASONS[reason]) for entry, reason in found]
        text = filled("alert", deliveries="\n".join(listed))
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        alert(ctx, f"deliveries.{stamp}", f"要確認の引渡し Deliveries to look at: {len(found)}", text)
    for entry, reason in found:
        ctx.ledger.append(
            "delivery.alerted", actor=actor, key=f"alerted:{reason}:{entry.seq}",
            subjects=dict(entry.subjects), payload={"reason": reason, "entry": entry.seq},
        )  # fmt: skip
    return {f"alerted_{reason}": sum(each == reason for _, each in found) for reason in REASONS}


def _lines(order: str, reason: Reason) -> str:
    return "\n    ".join((order, f"{reason.ja} {reason.en}", reason.remedy_ja, reason.remedy_en))


def _new(ctx: Context) -> Iterator[tuple[Entry, str]]:
    """The entry that is the reason, and the reason, where nobody was alerted of it yet."""
    told = {entry.payload["entry"] for entry in ctx.ledger.entries(type="delivery.alerted")}
    for type in ("bounced", "unknown", "handed_over", "status_note"):
        for entry in ctx.ledger.entries(type=f"delivery.{type}"):
            reason = "" if entry.seq in told else _reason(ctx, entry, type)
            if reason:
                yield entry, reason


def _reason(ctx: Context, entry: Entry, type: str) -> str:
    if type == "status_note":
        return "recall_bounced" if (entry.payload["about"], entry.payload["action"]) == ("recall", "failed") else ""
    if ctx.ledger.state("delivery", entry.subjects["delivery"]) != type:
        return ""  # somebody has looked meanwhile
    if type != "handed_over":
        return type
    late = datetime.now(UTC) - entry.when > timedelta(days=ctx.platform.unconfirmed_days)
    return "unconfirmed" if late and ctx.ledger.state("release", entry.subjects["release"]) != "recalled" else ""
