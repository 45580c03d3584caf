"""SQLite files that must never be half made or quietly wrong: made whole or not at all, opened only as what they are.

What the provision log and the access log share. Errors of SQLite become ours here, by what the operator can do.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from provision.errors import FixConfiguration, LedgerBroken, RetryLater, TokumeiError

#: Seconds a writer waits for another one. An append takes about a millisecond.
BUSY_SECONDS = 60.0


@dataclass(frozen=True)
class FileFormat:
    """One kind of database file. `name` is what errors call it, `slug` begins their rules, `verify` is the command
    that says what is wrong with a damaged one."""

    name: str
    slug: str
    application_id: int
    version: int
    verify: str

    def create(self, path: Path, statements: Sequence[str]) -> None:
        """Make an empty file at `path` (0600, folder 0700), whole or not at all; nothing happens where one is there.

        It is built aside and linked into place, so that of several processes starting at once one wins and a killed
        one leaves no half-made file.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".new-{self.slug}-", dir=path.parent)
        os.close(handle)
        try:
            with closing(sqlite3.connect(name, isolation_level=None)) as made:
                made.execute("PRAGMA journal_mode = WAL")
                made.execute("BEGIN IMMEDIATE")
                for statement in statements:
                    made.execute(statement)
                self.mark(made)
                made.execute("COMMIT")
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(name)
        sync_folder(path.parent)

    def mark(self, connection: sqlite3.Connection) -> None:
        """Write into a new file what it is."""
        connection.execute(f"PRAGMA application_id = {self.application_id}")
        connection.execute(f"PRAGMA user_version = {self.version}")

    def connect(self, path: Path) -> sqlite3.Connection:
        """Open an existing file for writing. Every commit is on the disk when it returns (synchronous = FULL)."""
        connection = self._open(path, "rw")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def connect_read_only(self, path: Path) -> sqlite3.Connection:
        """Open an existing file for reading, also from a folder or medium that cannot be written."""
        try:
            return self._open(path, "ro")
        except TokumeiError:
            # A file in WAL mode needs a lock file beside it. Without one to write and nothing waiting in the WAL,
            # the file is complete by itself.
            wal = path.with_name(path.name + "-wal")
            if os.access(path.parent, os.W_OK) or (wal.exists() and wal.stat().st_size):
                raise
            return self._open(path, "ro&immutable=1")

    @contextmanager
    def translated(self, path: Path) -> Iterator[None]:
        """Turn SQLite's errors into ours, by what the operator can do."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._ours(error, path) from None

    def _open(self, path: Path, mode: str) -> sqlite3.Connection:
        if not path.is_file():
            raise FixConfiguration(
                f"there is no {self.name}", where=path.name, rule=f"{self.slug}.file", remedy="check the folder"
            )
        with self.translated(path):
            connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_SECONDS
            )
            try:
                self._check_format(connection, path)
            except BaseException:
                connection.close()
                raise
        return connection

    def _check_format(self, connection: sqlite3.Connection, path: Path) -> None:
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first read of the file's pages
        if found != [self.application_id, self.version]:
            raise LedgerBroken(
                f"the file is no {self.name} of this version",
                where=path.name,
                rule=f"{self.slug}.file",
                remedy="restore the backup",
            )

    def _ours(self, error: sqlite3.Error, path: Path) -> TokumeiError:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        name, where, file = self.name, path.name, f"{self.slug}.file"
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            what = f"another writer holds the {name}"
            return RetryLater(what, where=where, rule=f"{self.slug}.busy", remedy="try again")
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            what = f"the disk under the {name} does not take writes"
            return RetryLater(what, where=where, rule=f"{self.slug}.disk", remedy="make room")
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            what = f"the {name} may not be written"
            return FixConfiguration(what, where=where, rule=file, remedy="check owner and permissions")
        what = f"the {name}'s file is damaged or refused a write"
        return LedgerBroken(what, where=where, rule=file, remedy=f"run `{self.verify}`")


def sync_folder(folder: Path) -> None:
    """Make names just created in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def forbids(table: str, event: str, condition: str, why: str) -> str:
    """The trigger that refuses `event` on `table`, always or where `condition` holds."""
    when = f" WHEN {condition}" if condition else ""
    return (
        f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}{when}"
        f" BEGIN SELECT raise(ABORT, '{why}'); END"
    )
