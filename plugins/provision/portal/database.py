"""ポータルの記録簿: the portal's own SQLite file: people, sign-ins, acceptances, transfers. No data of any patient.

What counts as evidence (accepting, confirming, reporting, removing) is in the provision log as well, and there only
ids stand. Times are seconds since 1970, UTC. Rows that expired are removed by `tidy`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provision.errors import RetryLater
from provision.migrations.versions import prepare

#: Seconds a writer waits for another one.
BUSY_SECONDS = 20.0
DAY = 86_400.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS member (
  id TEXT PRIMARY KEY, recipient TEXT NOT NULL, address TEXT NOT NULL, role TEXT NOT NULL, invited_by TEXT NOT NULL,
  created REAL NOT NULL, seed BLOB, step INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
  locked REAL NOT NULL DEFAULT 0, last_seen REAL, removed REAL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS member_here ON member (recipient, address) WHERE removed IS NULL;
CREATE TABLE IF NOT EXISTS ticket (
  hash TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member, purpose TEXT NOT NULL, onward TEXT NOT NULL,
  created REAL NOT NULL, expires REAL NOT NULL, seed BLOB, failures INTEGER NOT NULL DEFAULT 0, used REAL) STRICT;
CREATE TABLE IF NOT EXISTS session (
  hash TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member, kind TEXT NOT NULL, parent TEXT NOT NULL,
  created REAL NOT NULL, seen REAL NOT NULL, expires REAL NOT NULL, ended REAL) STRICT;
CREATE TABLE IF NOT EXISTS acceptance (
  member TEXT NOT NULL REFERENCES member, delivery TEXT NOT NULL, terms TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (member, delivery, terms)) STRICT;
CREATE TABLE IF NOT EXISTS link (
  hash TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member, delivery TEXT NOT NULL, file TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS transfer (
  id INTEGER PRIMARY KEY, member TEXT NOT NULL REFERENCES member, delivery TEXT NOT NULL, file TEXT NOT NULL,
  first INTEGER NOT NULL, past INTEGER NOT NULL, started REAL NOT NULL, ended REAL NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS transfer_of ON transfer (delivery, file);
CREATE TABLE IF NOT EXISTS report (
  id TEXT PRIMARY KEY, member TEXT NOT NULL REFERENCES member, delivery TEXT NOT NULL, kind TEXT NOT NULL,
  words BLOB NOT NULL, at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS attempt (what TEXT NOT NULL, who TEXT NOT NULL, at REAL NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS attempt_of ON attempt (what, who, at);
"""


class Database:
    """One SQLite file; every use opens it anew, so that threads share nothing."""

    def __init__(self, path: Path) -> None:
        """`FixConfiguration` where the file is of another version (`tokumei migrate`)."""
        self.path = path
        if not path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        with self.opened() as db:
            prepare(db, "portal", _SCHEMA)

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction: committed at the end, rolled back after any error."""
        try:
            db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        except sqlite3.Error as error:
            raise _silent(error) from None
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise _silent(error) from None
        finally:
            db.close()

    def tidy(self, now: float) -> None:
        """Remove what has been over for a day: links, sign-ins, counters."""
        with self.opened() as db:
            for table in ("ticket", "session"):
                db.execute(f"DELETE FROM {table} WHERE expires < ?", (now - DAY,))
            db.execute("DELETE FROM attempt WHERE at < ?", (now - DAY,))


def _silent(error: sqlite3.Error) -> RetryLater:
    """What SQLite says by name only: its text may quote a statement."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return RetryLater(
        f"the portal's database does not answer ({name})", where="portal.db", rule="portal.database",
        remedy="try again in a minute; check disk and permissions if this goes on",
    )  # fmt: skip
