"""利用者: people of a recipient with an account. The agreement's contact invites and removes; configuration decides.

An account works only while its recipient's YAML has a portal, admits the address and the agreement covers it. Somebody
removed is out with the next request: sign-ins end, links stop, the seed of the authenticator app is destroyed.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass

from provision.context import Context
from provision.errors import Refused
from provision.model import PortalAccess, Recipient
from provision.portal.desk import Desk
from provision.portal.secrecy import new_id

CONTACT, MEMBER = "contact", "member"
#: People one organisation may have here.
MOST = 50


@dataclass(frozen=True)
class Member:
    """One account. `id` is what the provision log knows; the address stays in the portal."""

    id: str
    recipient: str
    address: str
    role: str
    enrolled: bool
    invited_by: str
    created: float
    last_seen: float | None

    @property
    def is_contact(self) -> bool:
        """Whether this is the agreement's contact."""
        return self.role == CONTACT

    @property
    def actor(self) -> str:
        """As the provision log and the access log name who did something."""
        return f"recipient:{self.recipient}/{self.id}"


def access_of(recipient: Recipient) -> PortalAccess:
    """The portal's settings of a recipient. `Refused` where it has none."""
    if recipient.portal is None:
        raise refused("this organisation has no portal", "portal.access")
    return recipient.portal


def admitted(ctx: Context, member: Member) -> Recipient:
    """The recipient of a member who may be here now. `Refused` where configuration says otherwise by now."""
    recipient = ctx.recipients.get(member.recipient)
    if recipient is None or recipient.portal is None:
        raise refused("this organisation has no portal", "portal.access")
    role = CONTACT if member.address == recipient.portal.contact else MEMBER
    if not recipient.portal.admits(member.address) or not recipient.agreement.covers(member.address):
        raise refused("this address is not one of the agreement's any more", "portal.address")
    if role != member.role:
        raise refused("the agreement names another contact by now", "portal.role")
    return recipient


def of_address(desk: Desk, ctx: Context, address: str) -> list[Member]:
    """Accounts of an address, those of contacts made when they first come. Nobody else has one without invitation."""
    address = address.strip().lower()
    found = []
    for recipient in ctx.recipients.values():
        if recipient.portal is None or not recipient.portal.admits(address):
            continue
        if address == recipient.portal.contact:
            _appoint(desk, recipient.id, address)
        found += [member for member in of_recipient(desk, recipient.id) if member.address == address]
    return [member for member in found if _holds(ctx, member)]


def of_recipient(desk: Desk, recipient: str) -> list[Member]:
    """Everybody of a recipient, the contact first, then by address."""
    with desk.database.opened() as rows:
        found = rows.execute(
            "SELECT * FROM member WHERE recipient = ? AND removed IS NULL ORDER BY role, address", (recipient,)
        ).fetchall()
    return [_member(row) for row in found]


def by_id(desk: Desk, member: str) -> Member | None:
    """An account that was not removed."""
    with desk.database.opened() as rows:
        row = rows.execute("SELECT * FROM member WHERE id = ? AND removed IS NULL", (member,)).fetchone()
    return _member(row) if row else None


def names(desk: Desk, recipient: str) -> dict[str, str]:
    """Account -> address of everybody a recipient ever had, for its own people to read."""
    with desk.database.opened() as rows:
        found = rows.execute("SELECT id, address FROM member WHERE recipient = ?", (recipient,)).fetchall()
    return {row["id"]: row["address"] for row in found}


def invite(desk: Desk, ctx: Context, by: Member, address: str) -> Member:
    """Make an account for a colleague. `Refused` where `by` is no contact or the address may not have one."""
    recipient, address = admitted(ctx, by), address.strip().lower()
    access = access_of(recipient)
    if not by.is_contact:
        raise refused("only the agreement's contact invites people", "portal.invite")
    if not access.admits(address) or not recipient.agreement.covers(address):
        raise refused("the agreement allows no account with such an address", "portal.address")
    there = of_recipient(desk, recipient.id)
    if any(member.address == address for member in there):
        raise refused("this address has an account already", "portal.invited")
    if len(there) >= MOST:
        raise refused(f"an organisation has at most {MOST} accounts", "portal.full", "remove whoever left")
    return _added(desk, ctx, by, address)


def _added(desk: Desk, ctx: Context, by: Member, address: str) -> Member:
    """Log first: an account nobody knows of must not be."""
    member = new_id("m")
    ctx.ledger.append(
        "member.invited", actor=by.actor, key=f"invited:{member}",
        subjects={"member": member, "recipient": by.recipient}, payload={"by": by.id, "role": MEMBER},
    )  # fmt: skip
    _insert(desk, member, by.recipient, address, MEMBER, by.id)
    made = by_id(desk, member)
    assert made is not None
    return made


def remove(desk: Desk, ctx: Context, member: Member, *, actor: str) -> None:
    """退職者等: end an account at once. The log first, so that a removal that died is repeated whole; twice is once."""
    ctx.ledger.append(
        "member.removed", actor=actor, key=f"removed:{member.id}",
        subjects={"member": member.id, "recipient": member.recipient}, payload={"role": member.role},
    )  # fmt: skip
    now = desk.clock()
    with desk.database.opened() as rows:
        for table in ("ticket", "link"):
            rows.execute(f"DELETE FROM {table} WHERE member = ?", (member.id,))
        rows.execute("UPDATE session SET ended = ? WHERE member = ? AND ended IS NULL", (now, member.id))
        rows.execute("UPDATE member SET removed = ?, seed = NULL WHERE id = ? AND removed IS NULL", (now, member.id))


def reset(desk: Desk, ctx: Context, member: Member, *, actor: str) -> None:
    """認証アプリの登録し直し: forget the authenticator app and end every sign-in; the next link enrols anew."""
    now = desk.clock()
    with desk.database.opened() as rows:
        rows.execute("UPDATE member SET seed = NULL, step = 0, failures = 0, locked = 0 WHERE id = ?", (member.id,))
        rows.execute("UPDATE session SET ended = ? WHERE member = ? AND ended IS NULL", (now, member.id))
        rows.execute("DELETE FROM ticket WHERE member = ?", (member.id,))
    ctx.ledger.append(
        "member.reset", actor=actor,
        subjects={"member": member.id, "recipient": member.recipient}, payload={"role": member.role},
    )  # fmt: skip


def _appoint(desk: Desk, recipient: str, address: str) -> None:
    """An account for the contact where there is none; who was contact before and is not any more, loses theirs."""
    for member in of_recipient(desk, recipient):
        if member.address == address and member.is_contact:
            return
        if member.address == address:
            with desk.database.opened() as rows:
                rows.execute("UPDATE member SET role = ? WHERE id = ?", (CONTACT, member.id))
            return
    with suppress(Refused):  # another request was faster
        _insert(desk, new_id("m"), recipient, address, CONTACT, "agreement")


def _insert(desk: Desk, member: str, recipient: str, address: str, role: str, by: str) -> None:
    """`Refused` where the address has an account: the database holds one an address, whoever was faster."""
    try:
        with desk.database.opened() as rows:
            rows.execute(
                "INSERT INTO member (id, recipient, address, role, invited_by, created) VALUES (?, ?, ?, ?, ?, ?)",
                (member, recipient, address, role, by, desk.clock()),
            )
    except sqlite3.IntegrityError:
        raise refused("this address has an account already", "portal.invited") from None


def _holds(ctx: Context, member: Member) -> bool:
    try:
        admitted(ctx, member)
    except Refused:
        return False
    return True


def _member(row: sqlite3.Row) -> Member:
    return Member(
        row["id"], row["recipient"], row["address"], row["role"], row["seed"] is not None, row["invited_by"],
        row["created"], row["last_seen"],
    )  # fmt: skip


def refused(what: str, rule: str, remedy: str = "ask the contact of your agreement") -> Refused:
    """A refusal in the portal's words; never repeats what somebody typed."""
    return Refused(what, rule=rule, remedy=remedy)
