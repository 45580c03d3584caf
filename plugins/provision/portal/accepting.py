"""承諾: before the first download everybody accepts the notice and the terms; where they are amended, again.

What is accepted is bound by its digest: the statement that this is anonymously processed information (APPI art. 43(4)
and 44) and what the agreement asks of the recipient (art. 45 among it). Where messages go is no term of use.
"""

from __future__ import annotations

import hashlib
import json

from provision.context import Context
from provision.model import Recipient
from provision.packaging.notice import notice_digest, statement
from provision.portal.desk import Desk
from provision.portal.members import Member, refused
from provision.portal.shipments import Shipment

#: What of an agreement is no term of use: where messages go and in which form the data come.
_NO_TERMS = {"addresses", "channels", "formats"}


def terms_digest(ctx: Context, recipient: Recipient) -> str:
    """SHA-256 of everything that is accepted, as it is worded now."""
    agreement = recipient.agreement.model_dump(mode="json", exclude=_NO_TERMS)
    said = {"agreement": agreement, "notice": statement(ctx.platform, recipient)}
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def accepted(desk: Desk, member: Member, made: Shipment, terms: str) -> bool:
    """Whether a member accepted these very terms for this shipment."""
    return terms in _all(desk, member, made)


def amended(desk: Desk, member: Member, made: Shipment, terms: str) -> bool:
    """Whether a member accepted other terms before, so that the page says that they changed."""
    before = _all(desk, member, made)
    return bool(before) and terms not in before


def _all(desk: Desk, member: Member, made: Shipment) -> set[str]:
    with desk.database.opened() as rows:
        found = rows.execute(
            "SELECT terms FROM acceptance WHERE member = ? AND delivery = ?", (member.id, made.order)
        ).fetchall()
    return {row["terms"] for row in found}


def accept(desk: Desk, ctx: Context, member: Member, recipient: Recipient, made: Shipment, terms: str) -> None:
    """Record it, in the provision log first. `Refused` where the terms shown are not those of now."""
    if terms != terms_digest(ctx, recipient):
        raise refused("the terms changed while you read them", "portal.terms", "read them again, then accept")
    ctx.ledger.append(
        "delivery.terms_accepted", actor=member.actor, key=f"terms:{made.order}:{member.id}:{terms[:32]}",
        subjects={"delivery": made.order, "release": made.release, "recipient": recipient.id, "member": member.id},
        payload={"terms": terms, "notice": notice_digest(statement(ctx.platform, recipient)),
                 "agreement": recipient.agreement.id},
    )  # fmt: skip
    with desk.database.opened() as rows:
        rows.execute(
            "INSERT OR IGNORE INTO acceptance VALUES (?, ?, ?, ?)", (member.id, made.order, terms, desk.clock())
        )
