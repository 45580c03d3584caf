"""Asking the index: which releases, which entries. It answers with numbers; what is shown is read from the log.

Both come newest first and page by page: `before` is the number above the first one wanted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from provision.errors import RetryLater
from provision.ledger.entry import Entry
from provision.ledger.reading import LedgerReader
from provision.lookup import tables

#: Above every number of an entry.
_MOST = 1 << 62


@dataclass(frozen=True)
class Wanted:
    """Which releases. Empty fields ask nothing. Days are of Japan, both ends included."""

    recipient: str = ""
    purpose: str = ""
    channel: str = ""
    state: str = ""
    category: int | None = None
    text: str = ""
    since: str = ""
    until: str = ""
    #: What the days are of: ``drafted`` or ``provided`` (handed over to the recipient).
    by: str = "drafted"

    def condition(self) -> tuple[str, list[object]]:
        """The WHERE over ``release`` and ``standing``, and its values."""
        parts: list[tuple[str, Sequence[object]]] = [
            (f"release.{name} = ?", [value])
            for name, value in (("recipient", self.recipient), ("purpose", self.purpose), ("channel", self.channel))
            if value
        ]
        if self.state:
            parts.append(("standing.state = ?", [self.state]))
        if self.category is not None:
            parts.append(("release.id IN (SELECT release FROM category WHERE number = ?)", [self.category]))
        if self.text:
            said = "instr(casefold(release.id || '\n' || release.plan || '\n' || agreement || '\n' || digest), ?)"
            parts.append((said, [self.text.casefold()]))
        parts += self._days()
        return " AND ".join(part for part, _ in parts) or "1", [value for _, values in parts for value in values]

    def _days(self) -> list[tuple[str, Sequence[object]]]:
        if not (self.since or self.until):
            return []
        days = [self.since or "0000", self.until or "9999"]
        if self.by == "provided":
            return [("release.id IN (SELECT release FROM provision WHERE day BETWEEN ? AND ?)", days)]
        return [("release.day BETWEEN ? AND ?", days)]


@dataclass(frozen=True)
class Found:
    """One release, as the log has it: how it was drafted, and its state now."""

    drafted: Entry
    state: str

    @property
    def id(self) -> str:
        """The release."""
        return self.drafted.subjects["release"]


_FROM = "FROM release JOIN standing ON standing.kind = 'release' AND standing.id = release.id"


def releases(
    index: sqlite3.Connection, ledger: LedgerReader, wanted: Wanted, *, limit: int, before: int | None = None
) -> list[Found]:
    """At most `limit` releases, read from the log. `RetryLater` where the index says otherwise, and is removed."""
    where, values = wanted.condition()
    query = f"SELECT seq, release.id, state {_FROM} WHERE {where} AND seq < ? ORDER BY seq DESC LIMIT ?"
    rows = index.execute(query, (*values, _below(before), limit)).fetchall()
    return [_believed(ledger, *row) for row in rows]


def count(index: sqlite3.Connection, wanted: Wanted) -> int:
    """How many releases there are of that kind."""
    where, values = wanted.condition()
    return int(index.execute(f"SELECT count(*) {_FROM} WHERE {where}", values).fetchone()[0])


@dataclass(frozen=True)
class Entries:
    """Which entries: a type (all of a kind where it ends with a dot), a subject, a text, days of Japan."""

    type: str = ""
    subject: str = ""
    text: str = ""
    since: str = ""
    until: str = ""

    def condition(self) -> tuple[str, list[object]]:
        """The WHERE over ``entry`` and its values."""
        parts: list[tuple[str, list[object]]] = []
        if self.type.endswith("."):
            parts.append(("type >= ? AND type < ?", [self.type, self.type[:-1] + "/"]))  # "/" comes after "."
        elif self.type:
            parts.append(("type = ?", [self.type]))
        if self.subject:
            parts.append(("seq IN (SELECT seq FROM about WHERE id = ?)", [self.subject]))
        if self.since or self.until:
            parts.append(("day BETWEEN ? AND ?", [self.since or "0000", self.until or "9999"]))
        if self.text:
            parts.append(("instr((SELECT text FROM words WHERE words.seq = entry.seq), ?)", [self.text.casefold()]))
        return " AND ".join(part for part, _ in parts) or "1", [value for _, values in parts for value in values]


def entries(
    index: sqlite3.Connection, ledger: LedgerReader, wanted: Entries, *, limit: int, before: int | None = None
) -> list[Entry]:
    """At most `limit` entries, read from the log."""
    where, values = wanted.condition()
    query = f"SELECT seq FROM entry WHERE {where} AND seq < ? ORDER BY seq DESC LIMIT ?"
    rows = index.execute(query, (*values, _below(before), limit))
    return [ledger.entry(seq) for (seq,) in rows.fetchall()]


def _below(before: int | None) -> int:
    """The number above the first one wanted, as far as the database counts."""
    return _MOST if before is None else max(0, min(before, _MOST))


def _believed(ledger: LedgerReader, seq: int, release: str, state: str) -> Found:
    """What the log has at this place. An index that says otherwise is removed, and made anew with the next request."""
    drafted = ledger.entry(seq)
    now = ledger.state("release", release)
    if (drafted.type, drafted.subjects.get("release")) != ("release.drafted", release):
        tables.remove(tables.place(ledger.path))
        raise RetryLater(
            "the index was not that of this log; it was thrown away", rule="lookup.wrong", remedy="load the page again"
        )
    return Found(drafted, now or state)
