"""A log of our own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_world import NAME, emptied_database

from provision.ledger.places import Place
from provision.ledger.signing import Signer
from provision.ledger.store import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a log in SQLite."""
    return tmp_path / "ledger" / "ledger.db"


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, path: Path) -> Place:
    """A new log, not there yet in SQLite, empty in PostgreSQL: what holds of one must hold of the other."""
    return Place(path) if request.param == "sqlite" else Place(path, emptied_database())


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    with Ledger.open(place) as opened:
        yield opened


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer.create(tmp_path_factory.mktemp("keys") / "log.pem", NAME)
