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


def by_word(values: pl.Expr, read: Callable[[pl.Series], pl.Series]) -> pl.Expr:
    """What `read` makes of a column of texts, asked for its distinct words only where they repeat themselves.

    `read` makes a text or null of each, whatever stands beside it.
    """

    def read_words(column: pl.Series) -> pl.Series:
        if not repeats(column):
            return read(column)
        words = column.unique()
        made = read(words)
        if words.len() == 1:
            return made.new_from_index(0, column.len())
        return column.replace_strict(words, made, default=None, return_dtype=pl.String)

    return values.map_batches(read_words, return_dtype=pl.String)
