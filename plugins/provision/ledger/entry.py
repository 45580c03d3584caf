"""One entry of the log and its canonical bytes (RFC 8785), which are what is hashed, stored and proved.

Values are strings, whole numbers, booleans, null, lists and objects. Fractions are refused: they have no single
spelling people agree on. Entries never hold personal data of patients; officers and recipients appear as ids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import rfc8785

from provision.errors import LedgerBroken, Refused

VERSION = 1
#: Longest entry in bytes. The log holds counts, digests and ids; whoever needs more is about to log data.
LIMIT = 1 << 20

_TYPE = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+")
_KIND = re.compile(r"[a-z][a-z0-9_-]*")
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """An entry as it stands in the log.

    `seq` counts from 0 and is the index in the Merkle tree; `at` is UTC with microseconds; `subjects` says what the
    entry is about, kind to id; `key` is the idempotency key it was appended under, "" where there was none.
    """

    seq: int
    type: str
    version: int
    at: str
    actor: str
    subjects: dict[str, str]
    payload: dict[str, Any]
    key: str = ""

    @property
    def when(self) -> datetime:
        """`at` as an aware datetime in UTC."""
        return datetime.fromisoformat(self.at)

    def canonical(self) -> bytes:
        """The bytes of the entry, RFC 8785. `Refused` above `LIMIT` or where a number or text has no JSON form."""
        try:
            data = rfc8785.dumps(asdict(self))
        except (ValueError, RecursionError):
            raise _refused("a payload has a number beyond 2^53, a broken text or is too deep") from None
        if len(data) > LIMIT:
            raise _refused(f"an entry is longer than {LIMIT} bytes")
        return data

    def says_the_same(self, other: Entry) -> bool:
        """True where type, subjects and payload are equal; who and when may differ."""
        return self._content() == other._content()

    def _content(self) -> bytes:
        return replace(self, seq=0, at="", actor="", key="").canonical()

    @classmethod
    def from_bytes(cls, data: bytes) -> Entry:
        """The entry with exactly these canonical bytes; `LedgerBroken` where they are not an entry of ours."""
        try:
            fields = json.loads(data)
            entry = cls(**fields)
            _check(entry)
            if type(entry.seq) is not int or entry.seq < 0 or not _AT.fullmatch(entry.at) or entry.canonical() != data:
                raise ValueError
        except (ValueError, TypeError, RecursionError, Refused):
            raise LedgerBroken(
                "bytes in the log are no entry", rule="ledger.entry", remedy="run `tokumei ledger verify`"
            ) from None
        return entry


def draft(type: str, actor: str, subjects: Mapping[str, str], payload: Mapping[str, object], key: str | None) -> Entry:
    """An entry without number and time yet. `Refused` names the part that cannot stand in the log."""
    entry = Entry(0, type, VERSION, "", actor, dict(subjects), _plain_fields(payload), key or "")
    if key == "":
        raise _refused("an idempotency key is empty")
    _check(entry)
    entry.canonical()
    return entry


def stamp(entry: Entry, seq: int, at: datetime) -> Entry:
    """`entry` with its number and time."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return replace(entry, seq=seq, at=text)


def _check(entry: Entry) -> None:
    """The shape of the envelope, for entries to be written and for entries read back."""
    if not isinstance(entry.type, str) or not _TYPE.fullmatch(entry.type):
        raise _refused("an entry type is not of the form subject.event")
    if type(entry.version) is not int or entry.version != VERSION:
        raise _refused("an entry has an unknown version")
    if not isinstance(entry.payload, dict) or not isinstance(entry.subjects, dict):
        raise _refused("payload or subjects are no objects")
    if not all(isinstance(kind, str) and _KIND.fullmatch(kind) for kind in entry.subjects):
        raise _refused("a subject kind is not a lower-case word")
    if not isinstance(entry.key, str) or not all(_is_name(text) for text in (entry.actor, *entry.subjects.values())):
        raise _refused("actor, subject id or key is empty, too long or has a control character")
    if entry.key and not _is_name(entry.key):
        raise _refused("actor, subject id or key is empty, too long or has a control character")


def _is_name(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 300 and text.isprintable()


def _plain_fields(payload: Mapping[str, object]) -> dict[str, Any]:
    if not all(isinstance(name, str) for name in payload):
        raise _refused("a payload field's name is no text")
    return {name: _plain(value, name) for name, value in payload.items()}


def _plain(value: object, where: str) -> Any:
    """A deep copy in plain JSON types, so that nobody can change an entry after it was written."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # an enumeration's text, not its name
    if isinstance(value, int):
        return int(value)
    if isinstance(value, list | tuple):
        return [_plain(item, where) for item in value]
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {str.__str__(name): _plain(item, where) for name, item in value.items()}
    raise _refused(f"payload field {where} holds a {type(value).__name__}")


def _refused(what: str) -> Refused:
    return Refused(
        what,
        rule="ledger.entry",
        remedy="this is a defect of the caller: entries hold texts, whole numbers, booleans, lists and objects",
    )
