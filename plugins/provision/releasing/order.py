"""行の並び: how far the rows of a release, and its random numbers, follow the order of the source.

Measured while the release is made, because nobody knows the order of the source afterwards; the gate holds the figures
against what chance explains (`expectations.classes.row_order`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from expectations.attested import RowOrder

Places = npt.NDArray[np.int64]


def measured(places: Places) -> dict[str, int]:
    """Figures of an order: `places` are the source's places 0 to n - 1, each once, in the order that goes out."""
    size = len(places)
    apart = float(np.sum(np.square((places - np.arange(size)).astype(np.float64))))
    correlation = 1 - 6 * apart / (size * (float(size) ** 2 - 1)) if size > 1 else 0.0
    return {"rows": size, "correlation_ppm": round(correlation * 1_000_000), "longest_run": _longest_run(places)}


def of_numbers(numbers: pl.Series) -> dict[str, int]:
    """The same of random numbers: `numbers` as they stand in the source's order; each counts where it first appears."""
    first = numbers.drop_nulls().unique(maintain_order=True).to_numpy()
    return measured(np.argsort(np.argsort(first)).astype(np.int64))


def _longest_run(places: Places) -> int:
    """Most rows in a row that follow each other as in the source, forward or backward."""
    if len(places) < 2:
        return len(places)
    forward = np.diff(places) > 0
    turns = np.flatnonzero(np.diff(forward)) + 1
    return int(np.diff(np.concatenate(([0], turns, [len(forward)]))).max()) + 1


def attested_order(facts: Mapping[str, Any]) -> dict[str, RowOrder]:
    """The figures as the ledger keeps them (release.made, ``row_order``), for the gate; nothing for none."""
    found = facts.get("row_order")
    return {place: RowOrder(**figures) for place, figures in found.items()} if isinstance(found, Mapping) else {}
