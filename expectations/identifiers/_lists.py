"""Word lists of the detectors (`data/`): one word a line, lines with # say where they come from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@cache
def listed(name: str) -> frozenset[str]:
    """The words of one list, read once per process."""
    lines = (_DATA / f"{name}.txt").read_text("utf-8").split("\n")
    return frozenset(line for line in lines if line and not line.startswith("#"))
