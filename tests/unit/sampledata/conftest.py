"""A small world written once for all tests of the fictitious world."""

from __future__ import annotations

import pytest
from sampledata_reading import Written

from provision.sampledata import write_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Written:
    out = tmp_path_factory.mktemp("world")
    write_world(out, seed=7, people=1600, months=["2025-05", "2025-06", "2025-07"])
    return Written(out)
