"""サインイン: one-time links, authenticator codes, and the sessions that follow from both.

A link alone opens nothing, nor does a code: both together start a session. Programs that read mails open links before
people do, so only the form behind a link uses it up. Sessions end after half an hour without a request and after
twelve hours in any case (ASVS 3.3.2, level 2). A download pass for curl is a session of its own below another one: it
ends with it.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass, field

from provision.errors import RetryLater, TokumeiError
from provision.portal import totp
from provision.portal.desk import Desk
from provision.portal.members import Member, by_id
from provision.portal.secrecy import kept, new_token

LINK_SECONDS = 600.0
INVITATION_SECONDS = 72 * 3600.0
IDLE_SECONDS = 1800.0
LONGEST_SECONDS = 12 * 3600.0
#: Wrong codes in a row that lock an account, and for how long.
LOCK_AFTER, LOCK_SECONDS = 5, 900.0
#: Wrong codes that use up a link.
LINK_FAILURES = 5
PAGES, PASS = "pages", "pass"


class NotSignedIn(TokumeiError):
    """Nobody is signed in, or not any more."""

    def __init__(self) -> None:
        super().__init__("not signed in", rule="portal.session", remedy="sign in with a new one-time link")


class BadCode(TokumeiError):
    """The authenticator's code is not right. `rule` says whether it was wrong (``portal.code``), used before
    (``portal.replayed``), or the one wrong code too many that locks the account (``portal.locking``)."""

    def __init__(self, rule: str) -> None:
        super().__init__("the code is not right", rule=rule, remedy="wait for the next code and try again")


class DeadLink(TokumeiError):
    """A one-time link that is none, was used, or is too old."""

    def __init__(self) -> None:
        super().__init__("this link cannot be used any more", rule="portal.link", remedy="ask for a new one")


@dataclass(frozen=True)
class Session:
    """A sign-in that holds now. `hash` is what the database knows of it, `key` the sign-in it belongs to."""

    hash: str = field(repr=False)
    member: Member
    kind: str
    created: float
    expires: float


@dataclass(frozen=True)
class Ticket:
    """A one-time link that may be used. `seed` is there where the authenticator app is still to be set up."""

    hash: str = field(repr=False)
    member: Member
    onward: str
    seed: bytes | None = field(repr=False)


def issue_link(desk: Desk, member: Member, *, invitation: bool = False, onward: str = "/") -> str:
    """A new one-time link's token for a member; gives it once, keeps its digest."""
    token, now = new_token(), desk.clock()
    lives = INVITATION_SECONDS if invitation else LINK_SECONDS
    with desk.database.opened() as rows:
        rows.execute(
            "INSERT INTO ticket (hash, member, purpose, onward, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
            (kept(token), member.id, "invitation" if invitation else "signin", onward, now, now + lives),
        )
    return token


def ticket(desk: Desk, token: str) -> Ticket:
    """The link of a token; changes nothing but that an app's seed is drawn where one is needed. `DeadLink`."""
    with desk.database.opened() as rows:
        row = rows.execute("SELECT * FROM ticket WHERE hash = ?", (kept(token),)).fetchone()
    member = by_id(desk, row["member"]) if row else None
    if member is None or row["used"] is not None or desk.clock() >= row["expires"] or row["failures"] >= LINK_FAILURES:
        raise DeadLink
    seed = None if member.enrolled else _seed_of(desk, row, member)
    return Ticket(row["hash"], member, row["onward"], seed)


def enter(desk: Desk, token: str, given: str) -> tuple[str, Member]:
    """Use a link with a code: gives the new session's token. `DeadLink`, `BadCode`, `RetryLater` where locked."""
    link = ticket(desk, token)
    seed, last = _known_seed(desk, link)
    step = totp.matching_step(seed, given, desk.clock(), last)
    if step is None:
        locking = _failed(desk, link)
        replayed = totp.matching_step(seed, given, desk.clock(), 0) is not None
        raise BadCode("portal.locking" if locking else "portal.replayed" if replayed else "portal.code")
    with desk.database.opened() as rows:
        used = rows.execute("UPDATE ticket SET used = ? WHERE hash = ? AND used IS NULL", (desk.clock(), link.hash))
        once = rows.execute(
            "UPDATE member SET step = ?, seed = ?, failures = 0, locked = 0 WHERE id = ? AND step < ?",
            (step, desk.secrecy.seal(seed, link.member.id), link.member.id, step),
        )
        if used.rowcount != 1 or once.rowcount != 1:  # somebody was faster with the same link or the same code
            raise DeadLink
    return _start(desk, link.member, PAGES, ""), link.member


def _known_seed(desk: Desk, link: Ticket) -> tuple[bytes, int]:
    """The seed a code is held against and the last step used. `RetryLater` while the account is locked."""
    with desk.database.opened() as rows:
        row = rows.execute("SELECT seed, step, locked FROM member WHERE id = ?", (link.member.id,)).fetchone()
    if row["locked"] > desk.clock():
        raise RetryLater("this account is locked for a while", rule="portal.locked", remedy="try again in 15 minutes")
    sealed = row["seed"]
    seed = desk.secrecy.open(sealed, link.member.id) if sealed is not None else link.seed
    if seed is None:
        raise DeadLink
    return seed, int(row["step"])


def _failed(desk: Desk, link: Ticket) -> bool:
    """Count it; whether it was the one that locks the account."""
    with desk.database.opened() as rows:
        rows.execute("UPDATE ticket SET failures = failures + 1 WHERE hash = ?", (link.hash,))
        rows.execute("UPDATE member SET failures = failures + 1 WHERE id = ?", (link.member.id,))
        locked = rows.execute(
            "UPDATE member SET failures = 0, locked = ? WHERE id = ? AND failures >= ?",
            (desk.clock() + LOCK_SECONDS, link.member.id, LOCK_AFTER),
        )
    return locked.rowcount == 1


def _seed_of(desk: Desk, row: sqlite3.Row, member: Member) -> bytes:
    """The seed shown behind this link: the same until it is confirmed, however often the page is loaded."""
    if row["seed"] is not None:
        return desk.secrecy.open(row["seed"], member.id)
    seed = secrets.token_bytes(totp.SEED_BYTES)
    with desk.database.opened() as rows:
        rows.execute(
            "UPDATE ticket SET seed = ? WHERE hash = ? AND seed IS NULL",
            (desk.secrecy.seal(seed, member.id), row["hash"]),
        )
        found = rows.execute("SELECT seed FROM ticket WHERE hash = ?", (row["hash"],)).fetchone()
    return desk.secrecy.open(found["seed"], member.id)


def issue_pass(desk: Desk, session: Session) -> str:
    """A download pass: what curl shows instead of a browser's session. Ends with the session it comes from."""
    return _start(desk, session.member, PASS, session.hash)


def _start(desk: Desk, member: Member, kind: str, parent: str) -> str:
    token, now = new_token(), desk.clock()
    with desk.database.opened() as rows:
        expires = now + LONGEST_SECONDS
        if parent:
            expires = rows.execute("SELECT expires FROM session WHERE hash = ?", (parent,)).fetchone()["expires"]
        rows.execute(
            "INSERT INTO session (hash, member, kind, parent, created, seen, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kept(token), member.id, kind, parent, now, now, expires),
        )
        rows.execute("UPDATE member SET last_seen = ? WHERE id = ?", (now, member.id))
    return token


def current(desk: Desk, token: str, kind: str = PAGES) -> Session:
    """The session of a token, kept awake by this request. `NotSignedIn` where it is over or the member is gone."""
    return alive(desk, kept(token), kind)


def alive(desk: Desk, hash: str, kind: str = PAGES) -> Session:
    """The same by what the database knows of it, for requests that run long."""
    now = desk.clock()
    with desk.database.opened() as rows:
        row = rows.execute("SELECT * FROM session WHERE hash = ? AND kind = ?", (hash, kind)).fetchone()
        over = row is None or row["ended"] is not None or now >= row["expires"] or _idle(row, now)
        if not over and row["parent"]:
            above = rows.execute("SELECT ended FROM session WHERE hash = ?", (row["parent"],)).fetchone()
            over = above is None or above["ended"] is not None
        if not over:
            rows.execute("UPDATE session SET seen = ? WHERE hash = ?", (now, row["hash"]))
    member = by_id(desk, row["member"]) if not over else None
    if member is None:
        raise NotSignedIn
    return Session(row["hash"], member, row["kind"], row["created"], row["expires"])


def _idle(row: sqlite3.Row, now: float) -> bool:
    """Pages time out without requests; a program that waits for a large file does not."""
    return bool(row["kind"] == PAGES and now - row["seen"] > IDLE_SECONDS)


def end(desk: Desk, session: Session) -> None:
    """Sign out: this session and the passes that came from it."""
    with desk.database.opened() as rows:
        rows.execute(
            "UPDATE session SET ended = ? WHERE (hash = ? OR parent = ?) AND ended IS NULL",
            (desk.clock(), session.hash, session.hash),
        )


def count(desk: Desk, member: Member) -> int:
    """Sign-ins of a member that hold now, this one among them; passes for curl do not count."""
    now = desk.clock()
    with desk.database.opened() as rows:
        found = rows.execute(
            "SELECT count(*) FROM session WHERE member = ? AND kind = ? AND ended IS NULL AND expires > ? AND seen > ?",
            (member.id, PAGES, now, now - IDLE_SECONDS),
        ).fetchone()
    return int(found[0])


def end_all(desk: Desk, member: Member) -> None:
    """Sign out everywhere: every session and every pass of a member."""
    with desk.database.opened() as rows:
        rows.execute("UPDATE session SET ended = ? WHERE member = ? AND ended IS NULL", (desk.clock(), member.id))
