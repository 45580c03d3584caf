"""Where the access log is, and what any place of it must be able to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from provision.accesslog.visit import Visit
from provision.ledger.places import place_of
from provision.zones import Zones, home_folder


class AccessLog(Protocol):
    """The table of visits. Numbers begin at 1, grow, and are never given again, also after everything has expired."""

    def add(self, visit: Visit) -> int:
        """Write one visit; gives its number. It is on the disk when this returns."""
        ...

    def visits(self, first: int, last: int) -> Iterator[Visit]:
        """Visits with numbers from `first` to `last`, in their order."""
        ...

    def newest(self, limit: int, actor: str | None = None, room: str | None = None) -> list[Visit]:
        """The last `limit` visits, newest first."""
        ...

    def last_before(self, moment: str) -> int:
        """The highest number of a visit before `moment` (`visit.moment`); 0 where there is none."""
        ...

    def last_number(self) -> int:
        """The highest number ever given, also where its visit has expired."""
        ...

    def expire(self, upto: int) -> int:
        """Destroy visits up to number `upto`; gives how many were there."""
        ...


def opened(zones: Zones | None = None) -> AbstractContextManager[AccessLog]:
    """The platform's access log (that of ``$TOKUMEI_HOME`` unless said otherwise), made at first use: a file, or beside
    the provision log where that is in PostgreSQL. Closes with the context."""
    zones = zones or Zones(home_folder())
    url = place_of(zones).url
    if url:
        from provision.accesslog.postgres import PostgresAccessLog

        return PostgresAccessLog.open(url)
    from provision.accesslog.sqlite import SqliteAccessLog

    return SqliteAccessLog.open(zones.access())
