"""Records of one layout to typed columns, fast where all is as it should be.

Numbers are parsed by Polars as the type of their column. Where one of them is none, or out of its range, the records go
through `columns.typed` as texts: its rules decide, and name the record of a malformed number (`BadFile` ``number``).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from provision.formats import tables
from provision.formats.base import Column, Report
from provision.formats.columns import typed
from provision.formats.kaigo_text import Positions


class Place(NamedTuple):
    """Lines of a page, and how many records of the file stand before the page."""

    lines: Positions
    offset: int


#: Column of a table on its way: the line of the page that a row comes from.
LINE = "_line"


def read(
    text: bytes, columns: Sequence[Column], wanted: Sequence[Column], table: str, report: Report, place: Place
) -> pl.DataFrame:
    """`LINE` and the `wanted` ones of `columns` (in record order) of comma-separated lines.

    Missing trailing columns are null, surplus ones are not read. Raises `BadFile` ``number``.
    """
    numbers = {c.name: tables.polars_type(c) for c in wanted if c.dtype == "integer"}
    names = [c.name for c in wanted]
    try:
        frame = _scan(text, columns, names, numbers)
        good = _within(frame, wanted)
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
        good = False
    if good:
        loose = [c for c in wanted if c.dtype == "string" and frame[c.name].null_count() < frame.height]
    else:
        frame, loose = _scan(text, columns, names, {}), list(wanted)
    lines = pl.Series(LINE, place.lines, dtype=pl.Int64)
    return typed(frame.with_columns(lines), table, loose, report, place.lines + place.offset + 1)


def _scan(
    text: bytes, columns: Sequence[Column], wanted: Sequence[str], numbers: dict[str, pl.DataType]
) -> pl.DataFrame:
    schema = {column.name: numbers.get(column.name, pl.String()) for column in columns}
    header = ",".join(schema).encode() + b"\n"
    lazy = pl.scan_csv(
        io.BytesIO(header + text), quote_char=None, schema=schema, encoding="utf8-lossy", truncate_ragged_lines=True
    )
    return lazy.select(wanted).collect()


def _within(frame: pl.DataFrame, columns: Sequence[Column]) -> bool:
    """Whether all numbers are within their column's range."""
    numbers = [c for c in columns if c.dtype == "integer"]
    if not numbers or not frame.height:
        return True
    low = frame.select(pl.col(c.name).min() for c in numbers).row(0)
    high = frame.select(pl.col(c.name).max() for c in numbers).row(0)
    return all(
        least is None or (tables.bounds(c.domain)[0] <= least and most <= tables.bounds(c.domain)[1])
        for c, least, most in zip(numbers, low, high, strict=True)
    )
