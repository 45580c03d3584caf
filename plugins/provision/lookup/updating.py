"""Bringing the index up to the log: entry by entry, as far as the time given allows, several processes at once.

The index names size and root of the log it was made from. Where the log has not that root at that size it is another
log (a restored backup, say), and the index is made anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice

from provision.ledger.reading import LedgerReader
from provision.lookup import reading_in, tables

#: Entries read in one transaction.
PIECE = 500


@dataclass(frozen=True)
class Progress:
    """How far the index is: `done` of `size` entries."""

    done: int
    size: int

    @property
    def complete(self) -> bool:
        """Whether it holds everything that the log held when it was asked."""
        return self.done >= self.size


@contextmanager
def opened(ledger: LedgerReader, seconds: float = 2.0) -> Iterator[tuple[sqlite3.Connection, Progress]]:
    """The index of `ledger`, brought up for at most `seconds`, and how far it came. Raises `RetryLater`."""
    path = tables.place(ledger.path)
    if not _belongs(ledger):
        tables.remove(path)
    with closing(tables.connect(path)) as index:
        yield index, update(index, ledger, seconds)


def update(index: sqlite3.Connection, ledger: LedgerReader, seconds: float) -> Progress:
    """Read on where the index ends, until the end of the log or of the time. At least one piece is read."""
    size, ends = ledger.size, time.monotonic() + seconds
    while (done := _size(index)) < size:
        _piece(index, ledger, size)
        if time.monotonic() > ends:
            return Progress(_size(index), size)
    return Progress(done, size)


def _piece(index: sqlite3.Connection, ledger: LedgerReader, size: int) -> None:
    """The next entries in one transaction that starts with the write lock: of two processes one finds them read."""
    index.execute("BEGIN IMMEDIATE")
    try:
        start = _size(index)
        entries = list(islice(ledger.entries(start=start, limit=PIECE), min(PIECE, max(0, size - start))))
        for entry in entries:
            reading_in.add(index, entry)
        done = start + len(entries)
        index.execute("UPDATE head SET size = ?, root = ?", (done, ledger.root(done)))
        index.execute("COMMIT")
    except BaseException:
        index.execute("ROLLBACK")
        raise


def _size(index: sqlite3.Connection) -> int:
    return int(index.execute("SELECT size FROM head").fetchone()[0])


def _belongs(ledger: LedgerReader) -> bool:
    """Whether the index was made from this log. Where there is none yet, yes."""
    path = tables.place(ledger.path)
    if not path.exists():
        return True
    with closing(tables.connect(path)) as index:
        # One statement sees one moment: another process may be reading on just now.
        size, root, counted = index.execute("SELECT size, root, (SELECT count(*) FROM entry) FROM head").fetchone()
    return counted == size and size <= ledger.size and (not size or bytes(root) == ledger.root(size))
