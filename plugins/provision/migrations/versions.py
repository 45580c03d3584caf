"""Which version a database of ours has. Light: every task that opens one asks."""

from __future__ import annotations

import sqlite3

from provision.errors import FixConfiguration

#: Kind of database -> its newest version: the last file in ``<kind>/versions``.
HEADS = {"vault": "0002", "portal": "0001"}
#: As Alembic makes it.
VERSION_TABLE = (
    "CREATE TABLE IF NOT EXISTS alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t"
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
)


def prepare(database: sqlite3.Connection, kind: str, schema: str) -> None:
    """Make the tables of a new database (`schema`: statements with ``if not exists``, semicolons between them), through
    a connection without transactions of Python's own.

    `FixConfiguration` where there are tables of another version: an older program made them, or a newer one.
    """
    found = version(database)
    if found is None and not _tables(database):
        _make(database, kind, schema)
        found = version(database)
    if found != HEADS[kind]:
        raise _other(kind, found)


def _make(database: sqlite3.Connection, kind: str, schema: str) -> None:
    """All in one transaction, the caller's where it has one. Two at once make the same."""
    own = not database.in_transaction
    if own:
        database.execute("BEGIN IMMEDIATE")
    for statement in filter(str.strip, (*schema.split(";"), VERSION_TABLE)):
        database.execute(statement)
    database.execute("INSERT OR IGNORE INTO alembic_version VALUES (?)", (HEADS[kind],))
    if own:
        database.execute("COMMIT")


def version(database: sqlite3.Connection) -> str | None:
    """The version of a database; None where it is new, or older than versions are."""
    try:
        row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        return None
    return str(row[0]) if row else None


def _tables(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0])


def _other(kind: str, found: str | None) -> FixConfiguration:
    newer = found is not None and found > HEADS[kind]
    return FixConfiguration(
        f"{kind}.db has version {found or 'none'}, this program works with {HEADS[kind]}",
        where=f"{kind}.db", rule="migrate.version",
        remedy="run the newer program that made it" if newer else "stop all runs, tokumei backup, tokumei migrate",
    )  # fmt: skip
