"""The access log in an SQLite file of its own: rows are never changed, and deleted only once they are declared over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provision.accesslog.visit import Visit
from provision.databasefile import FileFormat, forbids

FILE = FileFormat("access log", "accesslog", 0x544B4D41, 1, "tokumei accesslog verify")  # "TKMA"

_WHY = "the access log is append-only until it expires"
#: ``AUTOINCREMENT`` never gives a number twice, not even when the table is empty again.
_STATEMENTS = (
    "CREATE TABLE visit (number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL,"
    " room TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL) STRICT",
    "CREATE TABLE expired (upto INTEGER PRIMARY KEY) STRICT",
    "CREATE INDEX visit_at ON visit (at)",
    forbids("visit", "UPDATE", "", _WHY),
    forbids("visit", "DELETE", "OLD.number > (SELECT coalesce(max(upto), 0) FROM expired)", _WHY),
    # -1 is what SQLite shows for a number it has yet to give.
    forbids("visit", "INSERT", "NEW.number IS NOT -1", _WHY),
    forbids("expired", "UPDATE", "", _WHY),
    forbids("expired", "DELETE", "", _WHY),
    forbids("expired", "INSERT", "NEW.upto <= (SELECT coalesce(max(upto), 0) FROM expired)", _WHY),
)
_COLUMNS = "number, at, actor, room, action, subject"


class SqliteAccessLog:
    """閲覧記録 in one file. See `places.AccessLog` for what the methods mean."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `open`."""
        self._path = path
        self._db = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[SqliteAccessLog]:
        """The log at `path`, made where there is none. `LedgerBroken` where the file is something else."""
        if not path.exists():
            FILE.create(path, _STATEMENTS)
        connection = FILE.connect(path)
        try:
            yield cls(path, connection)
        finally:
            connection.close()

    def add(self, visit: Visit) -> int:
        """Write one visit."""
        values = (visit.at, visit.actor, visit.room, visit.action, visit.subject)
        with FILE.translated(self._path):
            done = self._db.execute("INSERT INTO visit VALUES (NULL, ?, ?, ?, ?, ?)", values)
        return int(done.lastrowid or 0)

    def visits(self, first: int, last: int) -> Iterator[Visit]:
        """Visits by number."""
        query = f"SELECT {_COLUMNS} FROM visit WHERE number BETWEEN ? AND ? ORDER BY number"
        with FILE.translated(self._path):
            for row in self._db.execute(query, (first, last)):
                yield Visit(*row)

    def newest(self, limit: int, actor: str | None = None, room: str | None = None) -> list[Visit]:
        """The last visits."""
        query = f"SELECT {_COLUMNS} FROM visit WHERE actor = coalesce(?, actor) AND room = coalesce(?, room)"
        with FILE.translated(self._path):
            rows = self._db.execute(f"{query} ORDER BY number DESC LIMIT ?", (actor, room, limit))
            return [Visit(*row) for row in rows]

    def last_before(self, moment: str) -> int:
        """Number of the last visit before a moment."""
        return self._number("SELECT coalesce(max(number), 0) FROM visit WHERE at < ?", moment)

    def last_number(self) -> int:
        """The counter."""
        return self._number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'visit'")

    def expire(self, upto: int) -> int:
        """Declare visits over, then destroy them, in one transaction."""
        with FILE.translated(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if upto > self._number("SELECT coalesce(max(upto), 0) FROM expired"):
                    self._db.execute("INSERT INTO expired VALUES (?)", (upto,))
                gone = self._db.execute("DELETE FROM visit WHERE number <= ?", (upto,)).rowcount
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
        return gone

    def _number(self, query: str, *values: str) -> int:
        with FILE.translated(self._path):
            return int(self._db.execute(query, values).fetchone()[0])
