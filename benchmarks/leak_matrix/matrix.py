"""One run of the matrix: cases of a seed, all gated, with the forms of documents that are refused whole."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.leak_matrix.draft import CLEAN_ROWS
from benchmarks.leak_matrix.known import index, known_makers, people
from benchmarks.leak_matrix.makers import all_makers
from benchmarks.leak_matrix.places import Cell, ClosedColumn, Place, Text, all_places
from benchmarks.leak_matrix.planting import Outcome, deal, gated, refused

#: Rows of the table in which one cell is one of a million.
MILLION = 1_000_000


@dataclass(frozen=True)
class Result:
    """What a run found out."""

    outcomes: list[Outcome]
    refused: dict[Place, str]


def run(seed: int, count: int, kinds: frozenset[str] = frozenset(), told: Callable[[str], None] = print) -> Result:
    """Plant and gate at least `count` cases, of `kinds` only where any are given. `told` hears how far the run is.

    Raises `reading.Broken` where the gate stops for anything that was not planted.
    """
    places = all_places()
    closed = refused(places, seed)
    return Result(_gated(seed, count, kinds, [p for p in places if p not in closed], CLEAN_ROWS, told), closed)


def needles(seed: int, count: int, kinds: frozenset[str] = frozenset(), told: Callable[[str], None] = print) -> Result:
    """As `run`, with one planted cell to a column of a million rows."""
    places: list[Place] = [
        replace(p, capacity=1, turn=None) for p in all_places() if isinstance(p, ClosedColumn | Text | Cell)
    ]
    return Result(_gated(seed, count, kinds, places, MILLION, told), {})


def _gated(
    seed: int, count: int, kinds: frozenset[str], places: list[Place], rows: int, told: Callable[[str], None]
) -> list[Outcome]:
    world = people(seed)
    makers = [maker for maker in (*all_makers(), *known_makers(world)) if not kinds or maker.kind in kinds]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        known = index(world, Path(folder))
        for number, cases in enumerate(deal(makers, places, count, seed)):
            outcomes += gated(cases, seed * 1000 + number, known, rows)
            told(f"{len(outcomes)} of {count} cases")
    return outcomes
