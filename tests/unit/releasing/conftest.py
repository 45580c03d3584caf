"""A house of its own for every test of releasing, gated and approved as far as a test wants it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest
from channels_in_test import Letterbox

from provision import channels
from tests.support.house import House, copy_of_house
from tests.support.publishing import approve_and_publish
from tests.support.verdicts import gate_without_engine

PLAN = "claims-for-university"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copy_of_house(tmp_path / "house")


@pytest.fixture
def gated(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """A release that waits for officers."""
    return gate_without_engine(house, PLAN, monkeypatch)


@pytest.fixture
def published(house: House, gated: str) -> str:
    """A release that two officers approved and that was announced."""
    return approve_and_publish(house, gated)


@pytest.fixture
def letterbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Letterbox]:
    """Put a letterbox in the place of the plan's channel."""

    def put(*, at_most_once: bool) -> Letterbox:
        box = Letterbox(tmp_path / "partner", "mail", at_most_once)
        monkeypatch.setattr(channels, "channels", lambda: MappingProxyType({"mail": box}))
        return box

    return put
