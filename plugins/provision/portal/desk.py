"""窓口: what every request of the portal needs, opened once: configuration as it is now, database, key, clock.

Configuration is read again when a file of it changes, so somebody taken out of it is out with the next request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from provision.accesslog import places as accesslog
from provision.accesslog.visit import visit
from provision.config import config_folder
from provision.connections import EnvironmentResolver, Resolver
from provision.context import Context, open_context
from provision.errors import FixConfiguration
from provision.keys import FileKeys
from provision.portal.database import Database
from provision.portal.secrecy import Secrecy
from provision.zones import Zones, home_folder

#: Name of the portal's key in its own folder of keys.
KEY = "portal"
#: What the access log calls the portal.
ROOM = "portal"
_READ = ("platform.yaml", "recipients/*.yaml", "releases/*.yaml")


@dataclass
class Desk:
    """The opened portal. `clock` gives seconds since 1970."""

    folder: Path
    zones: Zones
    resolver: Resolver
    database: Database
    secrecy: Secrecy
    clock: Callable[[], float] = time.time
    _seen: tuple[object, ...] = field(default=(), repr=False)
    _context: Context | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def context(self) -> Iterator[Context]:
        """The platform as configured now, with a connection of its own to the provision log, closed at the end.

        `FixConfiguration` where platform.yaml does not hold or names no portal.
        """
        made = replace(self._current())
        try:
            yield made
        finally:
            if "ledger" in made.__dict__:
                made.ledger.close()

    @property
    def portal_url(self) -> str:
        """The portal's address as configured now."""
        return self._current().platform.portal_url

    def note(self, actor: str, action: str, subject: str) -> None:
        """One line of the access log."""
        at = datetime.fromtimestamp(self.clock(), UTC)
        with accesslog.opened(self.zones) as log:
            log.add(visit(at, actor, ROOM, action, subject))

    def _current(self) -> Context:
        with self._lock:
            seen = tuple(
                (path, found.st_mtime_ns, found.st_size)
                for pattern in _READ
                for path in sorted(self.folder.glob(pattern))
                for found in [path.stat()]
            )
            if self._context is None or seen != self._seen:
                self._context, self._seen = open_context(self.resolver, folder=self.folder, home=self.zones.home), seen
            if not self._context.platform.portal_url:
                raise FixConfiguration(
                    "platform.yaml names no portal", where="platform.yaml, portal_url", rule="portal.url",
                    remedy="add portal_url: the address recipients use",
                )  # fmt: skip
            return self._context


def open_desk(
    *,
    folder: Path | None = None,
    home: Path | None = None,
    resolver: Resolver | None = None,
    clock: Callable[[], float] = time.time,
) -> Desk:
    """Open the portal's database and key, made at first use, below the zone ``portal``."""
    zones = Zones(home or home_folder())
    secrecy = Secrecy(FileKeys(zones.portal() / "keys").symmetric(KEY))
    database = Database(zones.portal() / "portal.db")
    return Desk(folder or config_folder(), zones, resolver or EnvironmentResolver(), database, secrecy, clock)


def origin(url: str) -> str:
    """Scheme and host of the portal's address, as browsers write them into ``Origin``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_https(url: str) -> bool:
    """Whether the portal is reached over TLS; otherwise it is on this machine only (`Platform.portal_url`)."""
    return urlsplit(url).scheme == "https"
