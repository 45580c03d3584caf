"""The log in an SQLite file of its own, for several processes of one machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from provision.ledger import merkle, schema
from provision.ledger.database import Row, Rows, node_of
from provision.ledger.entry import Entry


class SqliteDatabase:
    """See `database.Database` for what the methods mean."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `writable` or `read_only`."""
        self._path = path
        self._db = connection

    @classmethod
    def writable(cls, path: Path) -> SqliteDatabase:
        """An existing file, for writing. `FixConfiguration` where there is none, `LedgerBroken` where it is no log."""
        return cls(path, schema.FILE.connect(path))

    @classmethod
    def read_only(cls, path: Path) -> SqliteDatabase:
        """An existing file, for reading; also on a medium that cannot be written."""
        return cls(path, schema.FILE.connect_read_only(path))

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    def select(self, query: str, values: Sequence[object] = ()) -> Rows:
        """Rows of a query."""
        with schema.FILE.translated(self._path):
            return self._db.execute(query, tuple(values))

    def stream(self, query: str) -> Iterator[Row]:
        """Rows, one by one."""
        with schema.FILE.translated(self._path):
            # `map`, because `yield from` would close a cursor, perhaps after its connection.
            yield from map(tuple, self._db.execute(query))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A reading transaction."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that begins with the write lock: two writers never continue the same log differently."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    def insert(self, entry: Entry, data: bytes) -> None:
        """The entry and everything that belongs to it."""
        leaf = merkle.leaf_hash(data)
        with schema.FILE.translated(self._path):
            self._db.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (entry.seq, entry.type, data, leaf))
            nodes = merkle.grow(entry.seq, leaf, partial(node_of, self))
            self._db.executemany("INSERT INTO node VALUES (?, ?, ?)", nodes)
            about = [(kind, id, entry.seq) for kind, id in entry.subjects.items()]
            self._db.executemany("INSERT INTO subject VALUES (?, ?, ?)", about)
            if entry.key:
                self._db.execute("INSERT INTO key VALUES (?, ?)", (entry.key, entry.seq))

    def keep(self, number: int, size: int, note: str) -> None:
        """A row of ``checkpoint``."""
        with schema.FILE.translated(self._path):
            self._db.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", (number, size, note))

    def damage(self) -> list[str]:
        """Damaged pages; tables, indexes or triggers that are not those `schema` makes."""
        found = []
        if self.select("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            found.append("the database file is damaged")
        statements = (sql for (sql,) in self.select("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
        if sorted(statements) != sorted(schema.statements()):
            found.append("tables or append-only triggers were changed")
        return found

    def copy_into(self, path: Path) -> None:
        """SQLite's own backup, then out of WAL mode, which needs files beside it."""
        with schema.FILE.translated(path), closing(sqlite3.connect(path, isolation_level=None)) as target:
            self._db.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with schema.FILE.translated(self._path):
            self._db.execute(begin)
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
