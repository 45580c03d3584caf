"""The log in PostgreSQL, for several machines: the rules are in the database (`postgres.sql`), this only asks it.

The password is ``$TOKUMEI_LEDGER_PASSWORD``, or whatever libpq finds by itself (a password file, a certificate).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from provision.errors import FixConfiguration
from provision.ledger import postgrescatalogue, schema
from provision.ledger.database import Row, Rows
from provision.ledger.entry import Entry
from provision.ledger.postgreserrors import translated

PASSWORD = "TOKUMEI_LEDGER_PASSWORD"
#: Rows fetched at a time by `stream`.
_BLOCK = 2_000
#: A writer waits for another one as long as in SQLite. What was committed is on the disk, whatever the server says.
_SESSION = """
SET lock_timeout = '60s';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


class PostgresDatabase:
    """See `database.Database` for what the methods mean."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        """Use `open`."""
        self._db = connection

    @classmethod
    def open(cls, url: str, *, writable: bool) -> PostgresDatabase:
        """Connect. `RetryLater` where the server does not answer, `FixConfiguration` where it says no, where the log
        was not made, or where the server does not put commits on the disk."""
        opened = cls(connect(url, postgrescatalogue.SCHEMA))
        try:
            with translated(opened.name):
                _check_server(opened._db, opened.name, writable)
        except BaseException:
            opened.close()
            raise
        return opened

    @property
    def name(self) -> str:
        """The database's name."""
        return self._db.info.dbname

    def select(self, query: str, values: Sequence[object] = ()) -> Rows:
        """Rows of a query, all fetched."""
        with translated(self.name):
            return self._db.execute(_spelled(query), tuple(values))

    def stream(self, query: str) -> Iterator[Row]:
        """Rows by a cursor of the server's, block by block."""
        with translated(self.name), self._db.cursor(name=f"stream_{os.urandom(8).hex()}") as cursor:
            cursor.itersize = _BLOCK
            cursor.execute(_spelled(query), ())
            yield from cursor

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A reading transaction that sees one moment."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that holds the lock every writer takes, here and in the functions of the database."""
        with self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT lock()"):
            yield

    def insert(self, entry: Entry, data: bytes) -> None:
        """By the one function that may; it works out the rest from `data`."""
        with translated(self.name):
            self._db.execute("SELECT append(%s)", (data,))

    def keep(self, number: int, size: int, note: str) -> None:
        """By its function, which numbers by itself."""
        with translated(self.name):
            self._db.execute("SELECT keep(%s, %s)", (size, note))

    def damage(self) -> list[str]:
        """Tables, triggers, functions and rights that are not those of `postgres.sql`."""
        with translated(self.name):
            return postgrescatalogue.differences(self._db)

    def copy_into(self, path: Path) -> None:
        """Row by row in one snapshot, then the triggers."""
        with self.snapshot():
            tables = {name: self.stream(f"SELECT * FROM {name}") for name in postgrescatalogue.TABLES}
            schema.fill(path, tables)

    def close(self) -> None:
        """End the connection."""
        self._db.close()

    @contextmanager
    def _transaction(self, begin: LiteralString) -> Iterator[None]:
        with translated(self.name):
            try:
                self._db.execute(begin)
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if not self._db.closed:
                    self._db.rollback()
                raise


def connect(url: str, schema_name: LiteralString) -> psycopg.Connection[Row]:
    """A session in one schema of the platform's database. `RetryLater` or `FixConfiguration` where there is none."""
    with translated("connecting"):
        connection = psycopg.connect(url, password=os.environ.get(PASSWORD) or None, autocommit=True)
    try:
        with translated(connection.info.dbname):
            connection.execute(f"SET search_path = {schema_name}, pg_catalog; {_SESSION}")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_server(connection: psycopg.Connection[Row], name: str, writable: bool) -> None:
    found = connection.execute(
        "SELECT obj_description(to_regnamespace('provision_log'), 'pg_namespace'), current_setting('fsync')"
    ).fetchone()
    about, fsync = found or (None, None)
    if about != postgrescatalogue.ABOUT:
        raise FixConfiguration(
            "the database holds no ledger of this version", where=name, rule="ledger.place",
            remedy="let its administrator run `tokumei ledger prepare`",
        )  # fmt: skip
    if writable and fsync != "on":
        raise FixConfiguration(
            "the database server does not put commits on the disk (fsync is off)", where=name, rule="ledger.fsync",
            remedy="set fsync = on in the server's configuration",
        )  # fmt: skip


def _spelled(query: str) -> bytes:
    """The query with the placeholders of psycopg. Queries are ours; values never become part of them."""
    return query.replace("%", "%%").replace("?", "%s").encode()


def prepare(admin_url: str, statements: Sequence[str], password: str | None = None) -> None:
    """Run SQL scripts as a database administrator, all or nothing."""
    with translated("connecting"):
        connection: psycopg.Connection[Any] = psycopg.connect(admin_url, password=password)
    with connection, translated(connection.info.dbname):
        for script in statements:
            connection.execute(script.encode())
