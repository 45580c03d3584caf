"""The log's SQLite file: tables, the triggers that let it only grow, and how to open it.

The triggers stop mistakes and ordinary programs. Somebody who owns the file can drop them; what stops them is the
tree, the signatures and the checkpoints kept elsewhere (`verify`). ``INSERT OR REPLACE`` deletes without firing
delete triggers, so every insert trigger also refuses a row that is already there.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from provision.errors import FixConfiguration, LedgerBroken, RetryLater, TokumeiError

APPLICATION_ID = 0x544B4D49  # "TKMI"
VERSION = 1
#: Seconds a writer waits for another one. An append takes about a millisecond.
BUSY_SECONDS = 60.0

#: table -> (columns, condition under which an insert is refused)
_TABLES: dict[str, tuple[str, str]] = {
    "entry": (
        "seq INTEGER PRIMARY KEY, type TEXT NOT NULL, bytes BLOB NOT NULL, leaf BLOB NOT NULL CHECK (length(leaf) = 32)"
        ") STRICT",
        "NEW.seq IS NOT (SELECT coalesce(max(seq) + 1, 0) FROM entry)",
    ),
    "subject": (
        "kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (kind, id, seq)"
        ") STRICT, WITHOUT ROWID",
        "NEW.seq IS NOT (SELECT max(seq) FROM entry) OR EXISTS"
        " (SELECT 1 FROM subject WHERE kind = NEW.kind AND id = NEW.id AND seq = NEW.seq)",
    ),
    "key": (
        "key TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE) STRICT, WITHOUT ROWID",
        "NEW.seq IS NOT (SELECT max(seq) FROM entry) OR EXISTS"
        " (SELECT 1 FROM key WHERE key = NEW.key OR seq = NEW.seq)",
    ),
    "node": (
        "level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32),"
        " PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID",
        "NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM node WHERE level = NEW.level)"
        " OR (NEW.idx + 1) << NEW.level > (SELECT coalesce(max(seq) + 1, 0) FROM entry)",
    ),
    "checkpoint": (
        "number INTEGER PRIMARY KEY, size INTEGER NOT NULL, note TEXT NOT NULL) STRICT",
        "NEW.number IS NOT (SELECT coalesce(max(number) + 1, 0) FROM checkpoint)"
        " OR NEW.size < (SELECT coalesce(max(size), 0) FROM checkpoint)"
        " OR NEW.size > (SELECT coalesce(max(seq) + 1, 0) FROM entry)",
    ),
}


def statements() -> list[str]:
    """Every statement that makes the schema, in order."""
    made = []
    for table, (columns, refused) in _TABLES.items():
        made.append(f"CREATE TABLE {table} ({columns}")
        made.append(_trigger(table, "INSERT", f" WHEN {refused}"))
        made.extend(_trigger(table, event, "") for event in ("UPDATE", "DELETE"))
    made.append("CREATE INDEX entry_type ON entry (type, seq)")
    made.append("CREATE INDEX subject_seq ON subject (seq)")
    return made


def create(path: Path) -> None:
    """Make an empty log at `path` (0600, folder 0700), whole or not at all; nothing happens where one is there.

    It is built aside and linked into place, so that of several processes starting at once one wins and a killed one
    leaves no half-made log.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".new-ledger-", dir=path.parent)
    os.close(handle)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as made:
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("BEGIN IMMEDIATE")
            for statement in statements():
                made.execute(statement)
            made.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            made.execute(f"PRAGMA user_version = {VERSION}")
            made.execute("COMMIT")
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)
    sync_folder(path.parent)


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing log for writing. Every commit is on the disk when it returns (synchronous = FULL)."""
    connection = _open(path, "rw")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open an existing log for reading, also from a folder or medium that cannot be written."""
    try:
        return _open(path, "ro")
    except TokumeiError:
        # A log in WAL mode needs a lock file beside it. Without one to write and nothing waiting in the WAL,
        # the file is complete by itself.
        wal = path.with_name(path.name + "-wal")
        if os.access(path.parent, os.W_OK) or (wal.exists() and wal.stat().st_size):
            raise
        return _open(path, "ro&immutable=1")


def sync_folder(folder: Path) -> None:
    """Make names just created in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, by what the operator can do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _ours(error, path) from None


def _open(path: Path, mode: str) -> sqlite3.Connection:
    if not path.is_file():
        raise FixConfiguration("there is no ledger", where=path.name, rule="ledger.file", remedy="check the folder")
    with translated(path):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_SECONDS
        )
        try:
            _check_format(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first read of the file's pages
    if found != [APPLICATION_ID, VERSION]:
        raise LedgerBroken(
            "the file is no ledger of this version", where=path.name, rule="ledger.file", remedy="restore the backup"
        )


def _trigger(table: str, event: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table}{condition}"
        f" BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END"
    )


def _ours(error: sqlite3.Error, path: Path) -> TokumeiError:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return RetryLater("another writer holds the ledger", where=path.name, rule="ledger.busy", remedy="try again")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return RetryLater(
            "the disk under the ledger does not take writes", where=path.name, rule="ledger.disk", remedy="make room"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return FixConfiguration(
            "the ledger may not be written", where=path.name, rule="ledger.file", remedy="check owner and permissions"
        )
    return LedgerBroken(
        "the ledger's file is damaged or refused a write",
        where=path.name,
        rule="ledger.file",
        remedy="run `tokumei ledger verify`",
    )
