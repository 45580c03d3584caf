"""特定 (singling out, WP216 2.2.2): can somebody isolate the records of one person?

A predicate says some attributes of a person ("female, 40-44, disease A"). It isolates if one person of the table meets
it, by any of their rows. Predicates are made as Giomi et al. (2023) do: the values of a random row in a random choice
of columns; beside them what somebody achieves who knows only how common each value is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from anonymization.risk.attacks.numbered import ROWS
from anonymization.risk.trails.figures import Share, estimated

if TYPE_CHECKING:
    import duckdb

Numbers = NDArray[np.uint64]
#: Predicates tried, and choices of columns they are spread over.
TRIED, CHOICES = 2_000, 31


@dataclass(frozen=True)
class SinglingOut:
    """Share of `tried` predicates that isolate somebody, and of as many whose values are drawn column by column."""

    tried: int
    isolating: Share
    by_chance: Share

    def figures(self) -> dict[str, object]:
        """For reports."""
        return {
            "predicates": self.tried,
            "isolating": self.isolating.figures(),
            "by_chance": self.by_chance.figures(),
        }


def singling_out(connection: duckdb.DuckDBPyConnection, columns: int, seed: int) -> SinglingOut:
    """Try predicates over the first `columns` columns of the numbered table."""
    random = np.random.default_rng(seed)
    choices = _choices(columns, random)
    rows = _drawn(connection, columns, TRIED // len(choices) * len(choices), random)
    mixed = [random.permutation(values) for values in rows]
    found = [_isolating(connection, choices, values) for values in (rows, mixed)]
    tried = len(rows[0])
    return SinglingOut(tried, *(estimated(isolating / tried, tried) for isolating in found))


def _choices(columns: int, random: np.random.Generator) -> list[list[int]]:
    """Every choice of columns where these are few, else random ones."""
    if 2**columns - 1 <= CHOICES:
        return [[bit for bit in range(columns) if number >> bit & 1] for number in range(1, 2**columns)]
    sizes = random.integers(1, columns + 1, CHOICES)
    return [sorted(random.choice(columns, size, replace=False).tolist()) for size in sizes]


def _drawn(
    connection: duckdb.DuckDBPyConnection, columns: int, tried: int, random: np.random.Generator
) -> list[Numbers]:
    """Columns of random rows of people drawn at random, who come again where there are fewer people than tries."""
    cells = ", ".join(f"c{place}" for place in range(columns))
    some = f"SELECT p FROM (SELECT DISTINCT p FROM {ROWS}) ORDER BY p LIMIT {tried}"
    query = f"SELECT p, {cells} FROM {ROWS} SEMI JOIN ({some}) USING (p) ORDER BY p, {cells}"
    rows = connection.execute(query).fetchnumpy()
    _, first, count = np.unique(np.asarray(rows["p"]), return_index=True, return_counts=True)
    people = np.arange(tried) % first.size
    chosen = first[people] + random.integers(0, count[people])
    return [np.asarray(rows[f"c{place}"]).astype(np.uint64)[chosen] for place in range(columns)]


def _isolating(
    connection: duckdb.DuckDBPyConnection, choices: Sequence[Sequence[int]], values: Sequence[Numbers]
) -> int:
    """How many predicates one person meets; each choice of columns has an equal part of them."""
    connection.register("attack_tried", pl.DataFrame({f"c{place}": column for place, column in enumerate(values)}
                                                     | {"part": np.arange(len(values[0])) % len(choices)}))  # fmt: skip
    try:
        return sum(_of_choice(connection, part, choice) for part, choice in enumerate(choices))
    finally:
        connection.unregister("attack_tried")


def _of_choice(connection: duckdb.DuckDBPyConnection, part: int, choice: Sequence[int]) -> int:
    cells = ", ".join(f"c{place}" for place in choice)
    asked = f"SELECT {cells} FROM attack_tried WHERE part = {part}"
    met = f"SELECT {cells} FROM {ROWS} SEMI JOIN ({asked}) USING ({cells}) GROUP BY {cells} HAVING min(p) = max(p)"
    return int(connection.execute(f"SELECT count(*) FROM ({asked}) JOIN ({met}) USING ({cells})").fetchall()[0][0])
