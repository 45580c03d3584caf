"""Half-open bands of numbers between edges, and their labels: ``<500``, ``500..<1000``, ``1000+``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl


def band_labels(edges: Sequence[float]) -> tuple[str, ...]:
    """One label more than there are edges."""
    between = (f"{low:g}..<{high:g}" for low, high in pairwise(edges))
    return (f"<{edges[0]:g}", *between, f"{edges[-1]:g}+")


def banded_by(number: pl.Expr, edges: Sequence[float], labels: Sequence[str]) -> pl.Expr:
    """The label of the band that holds a number; null for none."""
    made = [pl.when(number < edge).then(pl.lit(label)) for edge, label in zip(edges, labels, strict=False)]
    return pl.coalesce(*made, pl.when(number.is_not_null()).then(pl.lit(labels[-1])))
