"""Where a log is: an SQLite file, or a PostgreSQL database with the folder of checkpoints elsewhere.

The platform's own place is ``$TOKUMEI_LEDGER``: an address ``postgresql://user@host:port/database``, or nothing for the
file ``ledger/ledger.db`` below ``$TOKUMEI_HOME``. Signed checkpoints always lie as files below the home, so that the
administrator of the database alone cannot change both.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from provision.errors import FixConfiguration
from provision.ledger import schema
from provision.ledger.database import Database
from provision.zones import Zones

ADDRESS = "TOKUMEI_LEDGER"


@dataclass(frozen=True)
class Place:
    """`path` is the SQLite file; with `url` it is not there, but checkpoints lie beside where it would be."""

    path: Path
    url: str = ""

    def create(self) -> None:
        """Make an empty log where there is none. In PostgreSQL a database administrator does it once (`prepare`)."""
        if not self.url and not self.path.exists():
            schema.create(self.path)

    def exists(self) -> bool:
        """Whether there is a log. A PostgreSQL log that cannot be asked is no answer, and opening it says why."""
        return bool(self.url) or self.path.exists()

    def writable(self) -> Database:
        """Open it for writing."""
        return self._opened(writable=True)

    def read_only(self) -> Database:
        """Open it for reading."""
        return self._opened(writable=False)

    def _opened(self, *, writable: bool) -> Database:
        if self.url:
            from provision.ledger.postgres import PostgresDatabase

            return PostgresDatabase.open(self.url, writable=writable)
        from provision.ledger.sqlite import SqliteDatabase

        return SqliteDatabase.writable(self.path) if writable else SqliteDatabase.read_only(self.path)


def place_of(zones: Zones) -> Place:
    """The platform's log. `FixConfiguration` where the setting is no address of a PostgreSQL database."""
    url = os.environ.get(ADDRESS, "").strip()
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise FixConfiguration(
            "the place of the ledger is no PostgreSQL address",
            where=ADDRESS,
            rule="ledger.place",
            remedy="write postgresql://user@host:port/database, or leave it empty for the file below the home",
        )
    return Place(zones.ledger(), url)


def as_place(where: Path | str | Place) -> Place:
    """A place; a path is that of an SQLite file."""
    return where if isinstance(where, Place) else Place(Path(where))
