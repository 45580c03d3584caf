"""The seam between the log and what keeps it: an SQLite file (`sqlite`) or a PostgreSQL database (`postgres`).

Both keep the same tables with the same columns: ``entry`` (seq, type, bytes, leaf), ``subject`` (kind, id, seq),
``key`` (key, seq), ``node`` (level, idx, hash), ``checkpoint`` (number, size, note). Queries are written once, in the
SQL both understand, with ``?`` where a value goes; texts compare by their bytes in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from provision.errors import LedgerBroken
from provision.ledger.entry import Entry

Row = tuple[Any, ...]


class Rows(Protocol):
    """Answer of a query."""

    def __iter__(self) -> Iterator[Any]:
        """Row by row."""
        ...

    def fetchone(self) -> Any:
        """The next row, None at the end."""
        ...

    def fetchall(self) -> list[Any]:
        """All that are left."""
        ...


class Database(Protocol):
    """An opened log. Use one per thread. Errors are ours, by what the operator can do."""

    @property
    def name(self) -> str:
        """What errors call it: a file or database name, never an address with a password."""
        ...

    def select(self, query: str, values: Sequence[object] = ()) -> Rows:
        """A reading query; its answer is small, or is drawn page by page by the caller."""
        ...

    def stream(self, query: str) -> Iterator[Row]:
        """A reading query with any number of rows, inside a `snapshot`."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """One moment of the log, for everything read inside."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """One transaction that holds the write lock from its first moment; on the disk when it ends without error."""
        ...

    def insert(self, entry: Entry, data: bytes) -> None:
        """Add `entry`, whose bytes are `data`, with tree nodes and indexes, inside `writing`."""
        ...

    def keep(self, number: int, size: int, note: str) -> None:
        """Add a checkpoint, inside `writing`."""
        ...

    def damage(self) -> list[str]:
        """What is wrong with the database as such: pages, tables, triggers, functions, rights."""
        ...

    def copy_into(self, path: Path) -> None:
        """One whole moment of the log as an SQLite file complete by itself; `path` is there and empty."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


def size_of(database: Database) -> int:
    """Number of entries."""
    return int(database.select("SELECT coalesce(max(seq) + 1, 0) FROM entry").fetchone()[0])


def node_of(database: Database, level: int, idx: int) -> bytes:
    """Hash of one complete subtree; `LedgerBroken` where it is not there."""
    return nodes_of(database, [(level, idx)])[level, idx]


def nodes_of(database: Database, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Hashes of complete subtrees by level and index, by one query; `LedgerBroken` where one is not there."""
    if not wanted:
        return {}
    places = ", ".join(["(?, ?)"] * len(wanted))
    # CROSS JOIN keeps SQLite from walking through all nodes; PostgreSQL takes it as any other join.
    query = (
        f"WITH wanted (level, idx) AS (VALUES {places}) SELECT node.level, node.idx, hash FROM wanted CROSS JOIN node"
        " WHERE node.level = wanted.level AND node.idx = wanted.idx"
    )
    found = {(level, idx): bytes(value) for level, idx, value in database.select(query, [n for w in wanted for n in w])}
    for level, idx in wanted:
        if (level, idx) not in found:
            raise LedgerBroken(
                f"tree node {level}/{idx} is missing", rule="ledger.tree", remedy="run `tokumei ledger verify`"
            )
    return found
