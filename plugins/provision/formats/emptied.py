"""項目の取消し: cells that a sender took back, in datasets whose empty cells say nothing (`Dataset.updates`).

There an empty cell leaves what an earlier record of the same place said, and a cell that holds something without a
value takes it back. Both are null in the store, so every row names the latter: column `EMPTIED`, each name between
blanks, "" where there is none. Null, or no such column, means that it was not remembered: all empty cells are final.
A value that is not what its column holds is taken back as well: what it replaced is not true any more.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

EMPTIED = "emptied"


def noted(frame: pl.DataFrame, gone: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The rows with names of further cells noted; `gone` says of every column which of its cells."""
    found = [pl.when(cells).then(pl.lit(f" {name} ")) for name, cells in gone.items() if cells.any()]
    before = pl.col(EMPTIED) if EMPTIED in frame.columns else pl.lit("").alias(EMPTIED)
    return frame.with_columns(pl.concat_str(before, *found, ignore_nulls=True).alias(EMPTIED))


def lost(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """`after`, made of the same rows, with those cells noted that held something `before` and are empty now; of columns
    that are not kept nothing is noted."""
    kept = [name for name in after.columns if name in before.columns and after[name].null_count()]
    return noted(after, {name: before[name].is_not_null() & after[name].is_null() for name in kept})


def names(noted_cells: pl.Series, column: str) -> pl.Series:
    """Whether these cells of `EMPTIED` name a column."""
    return noted_cells.str.contains(f" {column} ", literal=True).fill_null(False)
