"""The access log in the PostgreSQL database of the provision log; the rules are in `postgres.sql`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from provision.accesslog.visit import Visit
from provision.ledger.database import Row
from provision.ledger.postgres import connect
from provision.ledger.postgreserrors import translated

SCRIPT = Path(__file__).with_name("postgres.sql")
_COLUMNS = "number, at, actor, room, action, subject"


class PostgresAccessLog:
    """閲覧記録 in a database. See `places.AccessLog` for what the methods mean."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        """Use `open`."""
        self._db = connection

    @classmethod
    @contextmanager
    def open(cls, url: str) -> Iterator[PostgresAccessLog]:
        """The log at `url`. Raises as opening the provision log does."""
        with closing(connect(url, "access_log")) as connection:
            yield cls(connection)

    def add(self, visit: Visit) -> int:
        """Write one visit."""
        return self._number(
            "SELECT record(%s, %s, %s, %s, %s)", visit.at, visit.actor, visit.room, visit.action, visit.subject
        )

    def visits(self, first: int, last: int) -> Iterator[Visit]:
        """Visits by number."""
        query = f"SELECT {_COLUMNS} FROM visit WHERE number BETWEEN %s AND %s ORDER BY number"
        return self._visits(query, first, last)

    def newest(self, limit: int, actor: str | None = None, room: str | None = None) -> list[Visit]:
        """The last visits."""
        query = f"SELECT {_COLUMNS} FROM visit WHERE actor = coalesce(%s, actor) AND room = coalesce(%s, room)"
        return list(self._visits(f"{query} ORDER BY number DESC LIMIT %s", actor, room, limit))

    def last_before(self, moment: str) -> int:
        """Number of the last visit before a moment."""
        return self._number("SELECT coalesce(max(number), 0) FROM visit WHERE at < %s", moment)

    def last_number(self) -> int:
        """The highest number ever given."""
        return self._number("SELECT last_number()")

    def expire(self, upto: int) -> int:
        """Declare visits over and destroy them, by the function that does both."""
        return self._number("SELECT expire(%s)", upto)

    def _visits(self, query: str, *values: object) -> Iterator[Visit]:
        with translated(self._db.info.dbname):
            return (Visit(*row) for row in self._db.execute(query.encode(), values).fetchall())

    def _number(self, query: str, *values: object) -> int:
        with translated(self._db.info.dbname):
            row = self._db.execute(query.encode(), values).fetchone()
        return int(row[0]) if row else 0
