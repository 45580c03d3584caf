"""The index's SQLite file: its tables, and opening it. What cannot be opened or is of another version is made anew."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from provision.errors import RetryLater

#: Raised with every change of tables, or of what is read into them: an older index is made anew.
VERSION = 1
#: Seconds a process waits for another one that brings the index up to date.
BUSY_SECONDS = 30.0

_TABLES = """
CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 0), size INTEGER NOT NULL, root BLOB NOT NULL) STRICT;
CREATE TABLE entry (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, day TEXT NOT NULL) STRICT;
CREATE INDEX entry_type ON entry (type, seq);
CREATE INDEX entry_day ON entry (day, seq);
CREATE TABLE words (seq INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE about (kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (kind, id, seq))
  STRICT, WITHOUT ROWID;
CREATE TABLE standing (kind TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (kind, id))
  STRICT, WITHOUT ROWID;
CREATE INDEX standing_state ON standing (kind, state);
CREATE TABLE release (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, day TEXT NOT NULL, plan TEXT NOT NULL,
  recipient TEXT NOT NULL, agreement TEXT NOT NULL, purpose TEXT NOT NULL, channel TEXT NOT NULL,
  digest TEXT NOT NULL) STRICT;
CREATE INDEX release_recipient ON release (recipient, seq);
CREATE TABLE category (release TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (release, number))
  STRICT, WITHOUT ROWID;
CREATE TABLE provision (seq INTEGER PRIMARY KEY, release TEXT NOT NULL, recipient TEXT NOT NULL, channel TEXT NOT NULL,
  day TEXT NOT NULL) STRICT;
CREATE INDEX provision_release ON provision (release);
CREATE INDEX provision_day ON provision (day);
"""


def place(ledger: Path) -> Path:
    """Where the index of the log at `ledger` lies."""
    return ledger.with_name("index.db")


def connect(path: Path) -> sqlite3.Connection:
    """Open the index at `path` (0600), made where there is none that can be used. Raises `RetryLater`."""
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            raise _busy() from None
        remove(path)  # damaged, or of another version
    try:
        return _open(path)
    except sqlite3.Error:
        raise _busy() from None


def remove(path: Path) -> None:
    """Delete the index. Who has it open goes on reading the old one."""
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    found = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
    try:
        found.create_function("casefold", 1, str.casefold, deterministic=True)
        found.execute("PRAGMA journal_mode = WAL")
        found.execute("PRAGMA synchronous = OFF")  # a power cut may cost the index, which is made anew
        found.execute("BEGIN IMMEDIATE")
        _prepare(found)
        found.execute("COMMIT")
    except BaseException:
        found.close()
        raise
    return found


def _prepare(found: sqlite3.Connection) -> None:
    version = found.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, VERSION):
        raise sqlite3.DatabaseError("another version")
    if version == 0:
        for statement in _TABLES.split(";"):
            found.execute(statement)
        found.execute("INSERT INTO head VALUES (0, 0, x'')")
        found.execute(f"PRAGMA user_version = {VERSION}")


def _busy() -> RetryLater:
    return RetryLater(
        "the index of the provision log cannot be opened",
        rule="lookup.file",
        remedy="check that the ledger folder can be written, then try again",
    )
