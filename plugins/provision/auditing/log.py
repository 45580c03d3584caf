"""What the pages read from the provision log: open for reading only, closed with the request."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from provision.ledger.places import place_of
from provision.ledger.reading import LedgerReader
from provision.lookup import updating
from provision.lookup.updating import Progress
from provision.zones import Zones, home_folder

#: Longest time a request spends on bringing the index up.
PATIENCE_SECONDS = 2.0


def opened() -> LedgerReader:
    """The log, to be closed by the caller, in the thread that reads it: a FastAPI dependency would run in another.
    `FixConfiguration` where there is none yet."""
    return LedgerReader.read(place_of(Zones(home_folder())))


@dataclass(frozen=True)
class Indexed:
    """The log, its index, and how far that is."""

    ledger: LedgerReader
    index: sqlite3.Connection
    progress: Progress


@contextmanager
def indexed() -> Iterator[Indexed]:
    """The log together with its index, brought up as far as a request may take."""
    with opened() as ledger, updating.opened(ledger, PATIENCE_SECONDS) as (index, progress):
        yield Indexed(ledger, index, progress)
