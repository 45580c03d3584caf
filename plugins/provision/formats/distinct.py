"""Reading every distinct word of a column once: columns of dates and codes repeat themselves, and a word costs
microseconds."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

#: Columns are read word by word where this many of their first cells are at most half as many words.
SAMPLE = 1_000


def repeats(cells: pl.Series) -> bool:
    """Whether the column is long and its first cells repeat a few words."""
    return cells.len() >= SAMPLE and cells.head(SAMPLE).n_unique() <= SAMPLE // 2


def in_words(cells: pl.Series, read: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What `read` makes of a column of texts, asked for its distinct words only where they repeat themselves.

    `read` makes a text or null of each, whatever stands beside it.
    """
    if not repeats(cells):
        return read(cells)
    words = cells.unique()
    made = read(words)
    if words.len() == 1:
        return made.new_from_index(0, cells.len())
    return cells.replace_strict(words, made, default=None, return_dtype=pl.String)
