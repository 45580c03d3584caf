"""The log's SQLite file: tables, the triggers that let it only grow, and how to open it.

The triggers stop mistakes and ordinary programs. Somebody who owns the file can drop them; what stops them is the
tree, the signatures and the checkpoints kept elsewhere (`verify`). ``INSERT OR REPLACE`` deletes without firing
delete triggers, so every insert trigger also refuses a row that is already there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from provision.databasefile import FileFormat, forbids

FILE = FileFormat("ledger", "ledger", application_id=0x544B4D49, version=1, verify="tokumei ledger verify")  # "TKMI"

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


_GROWS = "the ledger is append-only"


def statements() -> list[str]:
    """Every statement that makes the schema, in order."""
    made = []
    for table, (columns, refused) in _TABLES.items():
        made.append(f"CREATE TABLE {table} ({columns}")
        made.append(forbids(table, "INSERT", refused, _GROWS))
        made.extend(forbids(table, event, "", _GROWS) for event in ("UPDATE", "DELETE"))
    made.append("CREATE INDEX entry_type ON entry (type, seq)")
    made.append("CREATE INDEX subject_seq ON subject (seq)")
    return made


def create(path: Path) -> None:
    """Make an empty log at `path`, see `FileFormat.create`."""
    FILE.create(path, statements())


def fill(path: Path, tables: Mapping[str, Iterable[Sequence[object]]]) -> None:
    """Make a log with these rows at `path`, an empty file: the rows first, for the triggers want them one by one."""
    made = statements()
    with FILE.translated(path), closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        for statement in (s for s in made if s.startswith("CREATE TABLE")):
            db.execute(statement)
        for table in _TABLES:
            places = ", ".join("?" * len(db.execute(f"SELECT * FROM {table} LIMIT 0").description))
            db.executemany(f"INSERT INTO {table} VALUES ({places})", tables[table])
        for statement in (s for s in made if not s.startswith("CREATE TABLE")):
            db.execute(statement)
        FILE.mark(db)
        db.execute("COMMIT")
