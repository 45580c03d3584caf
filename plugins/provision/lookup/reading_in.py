"""One entry of the log into the rows of the index. Nothing is checked here: the log was, when it was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from provision import states
from provision.ledger.entry import Entry

TOKYO = ZoneInfo("Asia/Tokyo")


def add(index: sqlite3.Connection, entry: Entry) -> None:
    """Put one entry in; entries come in their order."""
    day = entry.when.astimezone(TOKYO).date().isoformat()
    index.execute("INSERT INTO entry VALUES (?, ?, ?)", (entry.seq, entry.type, day))
    index.execute("INSERT INTO words VALUES (?, ?)", (entry.seq, words(entry)))
    about = [(kind, id, entry.seq) for kind, id in entry.subjects.items()]
    index.executemany("INSERT INTO about VALUES (?, ?, ?)", about)
    kind, _, event = entry.type.partition(".")
    if event in states.TRANSITIONS.get(kind, {}) and kind in entry.subjects:
        index.execute("INSERT OR REPLACE INTO standing VALUES (?, ?, ?)", (kind, entry.subjects[kind], event))
        if entry.type in _MORE:
            _MORE[entry.type](index, entry, day)


def words(entry: Entry) -> str:
    """Everything people may look for in an entry, one value a line, in whatever case. Names of fields are not."""
    values = [entry.type, entry.actor, entry.key, *entry.subjects.values(), *_texts(entry.payload)]
    return "\n".join(value.casefold() for value in values)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)


def _drafted(index: sqlite3.Connection, entry: Entry, day: str) -> None:
    said = {name: str(entry.payload.get(name, "")) for name in ("plan", "recipient", "agreement", "purpose", "channel")}
    release = entry.subjects["release"]
    index.execute(
        "INSERT OR IGNORE INTO release VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')", (entry.seq, release, day, *said.values())
    )
    numbers = [(release, number) for number in entry.payload.get("categories", []) if isinstance(number, int)]
    index.executemany("INSERT OR IGNORE INTO category VALUES (?, ?)", numbers)


def _made(index: sqlite3.Connection, entry: Entry, day: str) -> None:
    values = (str(entry.payload["digest"]), entry.subjects["release"])
    index.execute("UPDATE release SET digest = ? WHERE id = ?", values)


def _handed_over(index: sqlite3.Connection, entry: Entry, day: str) -> None:
    release, recipient = (entry.subjects.get(kind, "") for kind in ("release", "recipient"))
    receipt = entry.payload["receipt"]
    channel = str(receipt.get("channel", "")) if isinstance(receipt, dict) else ""
    index.execute("INSERT INTO provision VALUES (?, ?, ?, ?, ?)", (entry.seq, release, recipient, channel, day))


_MORE = {"release.drafted": _drafted, "release.made": _made, "delivery.handed_over": _handed_over}
