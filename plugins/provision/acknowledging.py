"""受領確認リンク: a link in the message by which the recipient says that it arrived; no table is kept.

The token in the link is ``<order>~<end>~<mac>``: `end` in seconds since 1970 (UTC), `mac` HMAC-SHA-256 (RFC 2104) of
both under the key `acknowledgement`, in hexadecimal, so that no program that makes links of texts cuts its end. Whoever
holds the key can make and check tokens; whoever has a token can say "received" of that one order, and nothing else.

Gateways open every link of a message before a person does. So a page shows what `read` says, and only a button that
the person presses calls `acknowledge`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provision.context import Context
from provision.errors import Refused
from provision.keys import FileKeys, Keys
from provision.releasing.confirming import confirm, ordered

#: Name of the key. Destroying it ends every link that is out.
KEY = "acknowledgement"
#: How long a link may be used.
VALID = timedelta(days=90)

_TOKEN = re.compile(r"(?P<order>[A-Za-z0-9][A-Za-z0-9._-]{0,159})~(?P<end>[1-9][0-9]{9,11})~(?P<mac>[0-9a-f]{64})")
_HOW = "受領確認リンク: the acknowledgement link of the message was used"


def link(ctx: Context, order: str) -> str:
    """The link for the message of an order; "" where platform.yaml has no `portal_url`."""
    if not ctx.platform.portal_url:
        return ""
    key = acknowledgement_keys(ctx).symmetric(KEY)
    return f"{ctx.platform.portal_url.rstrip('/')}/acknowledge/{token(key, order, datetime.now(UTC) + VALID)}"


def acknowledgement_keys(ctx: Context) -> Keys:
    """Where the key lies: in the folder ``$TOKUMEI_PORTAL_KEYS``, so that a portal on another machine needs no vault,
    else among the other keys."""
    apart = os.environ.get("TOKUMEI_PORTAL_KEYS")
    return FileKeys(Path(apart)) if apart else ctx.keys


def token(key: bytes, order: str, end: datetime) -> str:
    """The token of an order, good until `end`."""
    said = f"{order}~{int(end.timestamp())}"
    return f"{said}~{_mac(key, said)}"


def read(ctx: Context, token: str) -> str:
    """The order a token is for; changes nothing. `Refused` for a token that is none, was changed, or has ended."""
    keys, found = acknowledgement_keys(ctx), _TOKEN.fullmatch(token)
    if found is None or not keys.exists(KEY):
        raise _refused("token", "this is no link of ours")
    if not hmac.compare_digest(_mac(keys.symmetric(KEY), f"{found['order']}~{found['end']}"), found["mac"]):
        raise _refused("token", "this is no link of ours")
    if datetime.now(UTC).timestamp() >= int(found["end"]):
        raise _refused("expired", "this link has ended")
    return found["order"]


def acknowledge(ctx: Context, token: str, *, actor: str) -> str:
    """Record what the recipient said by the link; gives the delivery's state. Twice is one entry.

    A delivery that was handed over becomes `received`. One in doubt (不明) or bounced stays so: the entry is evidence
    for the operator who resolves it. Raises as `read`, and `Refused` where the log has no such order.
    """
    order = read(ctx, token)
    about = {**ordered(ctx, order).subjects, "delivery": order}
    ctx.ledger.append(
        "delivery.acknowledged", actor=actor, key=f"acknowledged:{order}", subjects=about, payload={"how": _HOW}
    )  # fmt: skip
    return _received(ctx, order, actor)


def catch_up(ctx: Context, *, actor: str) -> int:
    """Deliveries acknowledged while an attempt had no recorded end, and handed over since: received. Gives how many."""
    said = {entry.subjects["delivery"] for entry in ctx.ledger.entries(type="delivery.acknowledged")}
    late = [order for order in sorted(said) if ctx.ledger.state("delivery", order) == "handed_over"]
    return sum(_received(ctx, order, actor) == "received" for order in late)


def _received(ctx: Context, order: str, actor: str) -> str:
    state = ctx.ledger.state("delivery", order)
    return confirm(ctx, order, "received", how=_HOW, actor=actor) if state == "handed_over" else state


def _mac(key: bytes, said: str) -> str:
    return hmac.digest(key, b"tokumei-acknowledgement-1\0" + said.encode(), hashlib.sha256).hex()


def _refused(rule: str, what: str) -> Refused:
    remedy = "tell the contact named in the message that the delivery arrived"
    return Refused(what, rule=f"acknowledge.{rule}", remedy=remedy)
