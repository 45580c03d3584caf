"""One line of the access log: its form, and the bytes a day's digest is made of."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import rfc8785

from provision.errors import Refused

TOKYO = ZoneInfo("Asia/Tokyo")

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,49}")
#: Ids only: no letters a name could be written in but the Latin ones, no spaces, so no search text either.
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@=+~-]{0,199}")
_LONGEST_ACTOR = 200


@dataclass(frozen=True)
class Visit:
    """Somebody looked at something. `number` is 0 until it is written; `at` is UTC with microseconds."""

    number: int
    at: str
    actor: str
    room: str
    action: str
    subject: str

    def canonical(self) -> bytes:
        """The bytes that are hashed into the digest of the day (RFC 8785)."""
        return rfc8785.dumps(asdict(self))

    @property
    def day(self) -> date:
        """The day in Japan."""
        return datetime.fromisoformat(self.at).astimezone(TOKYO).date()


def visit(at: datetime, actor: str, room: str, action: str, subject: str) -> Visit:
    """A visit to be written. `Refused` names the part that is not of its form, and never repeats it."""
    if at.tzinfo is None:
        raise _refused("the time has no zone")
    if not 0 < len(actor) <= _LONGEST_ACTOR or not actor.isprintable():
        raise _refused("the actor is empty, too long or has a control character")
    if not _WORD.fullmatch(room) or not _WORD.fullmatch(action):
        raise _refused("room or action is not a lower-case word")
    if not _SUBJECT.fullmatch(subject):
        raise _refused("the subject is no id of ASCII letters, digits and . _ : / @ = + ~ -")
    return Visit(0, moment(at), actor, room, action, subject)


def moment(at: datetime) -> str:
    """A moment as it is written: of two, the later one is also the greater text."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _refused(what: str) -> Refused:
    return Refused(
        f"a page view cannot be recorded: {what}",
        rule="accesslog.visit",
        remedy="a defect of the page: it records ids of what it found, never what was typed",
    )
