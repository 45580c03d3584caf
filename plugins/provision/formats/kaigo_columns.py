"""Records of one layout to typed columns, fast where all is as it should be.

Numbers are parsed by Polars as the type of their column. Where one of them is none, or out of its range, the records go
through `columns.typed` as texts: its rules decide, and name the record of a malformed number (`BadFile` ``number``).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

import polars as pl

from provision.formats import tables
from provision.formats.base import Column, Report
from provision.formats.columns import typed
from provision.formats.kaigo_text import Positions


class Place(NamedTuple):
    """Lines of a page, how many records of the file stand before the page, and columns that were checked already."""

    lines: Positions
    offset: int
    checked: frozenset[str] = frozenset()


#: Class, domain -> word -> what it is read as.
Known = dict[tuple[str, str], dict[str | None, str | None]]

#: Words of a column that are few whatever the number of rows, and as many of them as are remembered to the next page.
_FEW, _MOST = 64, 20_000

#: Column of a table on its way: the line of the page that a row comes from.
LINE = "_line"


def scan(text: bytes, columns: Sequence[Column], wanted: Sequence[Column]) -> pl.DataFrame | None:
    """The `wanted` ones of `columns` (in record order) of comma-separated lines below their `header`: numbers and texts
    as they came. None where a number is none.

    Missing trailing columns are null, surplus ones are not read.
    """
    numbers = {c.name: tables.polars_type(c) for c in wanted if c.dtype == "integer"}
    try:
        return _scan(text, columns, [c.name for c in wanted], numbers)
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
        return None


def read(
    text: Callable[[], bytes],
    columns: Sequence[Column],
    wanted: Sequence[Column],
    table: str,
    report: Report,
    place: Place,
    known: Known,
    scanned: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """`LINE` and the `wanted` columns, typed, of lines as `scan` takes them; `scanned` is what that gave, if asked.

    `known` is kept from page to page of a file. Raises `BadFile` ``number``.
    """
    frame = scanned if scanned is not None else scan(text(), columns, wanted)
    if frame is not None and _within(frame, wanted):
        texts = [c for c in wanted if c.dtype == "string" and c.name not in place.checked]
        frame, loose = _by_words(frame, texts, known)
    else:
        frame, loose = _scan(text(), columns, [c.name for c in wanted], {}), list(wanted)
    lines = pl.Series(LINE, place.lines, dtype=pl.Int64)
    return typed(frame.with_columns(lines), table, loose, report, place.lines + place.offset + 1)


def header(columns: Sequence[Column]) -> bytes:
    """The line that `read` expects above the records."""
    return ",".join(column.name for column in columns).encode() + b"\n"


def _by_words(frame: pl.DataFrame, columns: Sequence[Column], known: Known) -> tuple[pl.DataFrame, list[Column]]:
    """The columns typed where they repeat a few words that all read well; and the other ones, left as they are.

    A word is read once a file, by `columns.typed`; what it would count or refuse must be counted by cell, so is left.
    """
    distinct = frame.select(pl.col(c.name).unique().implode() for c in columns)
    made: list[pl.Expr] = []
    loose: list[Column] = []
    for column in columns:
        words = distinct[column.name][0]
        read = None if words.len() > max(_FEW, frame.height // 2) else _read_words(words, column, known)
        if read is None:
            loose.append(column)
        elif words.len() == 1:
            made.append(pl.lit(read[0], pl.String).alias(column.name))
        elif not read.equals(words):
            changed = pl.col(column.name).replace_strict(words, read, default=None, return_dtype=pl.String)
            made.append(changed.alias(column.name))
    return frame.with_columns(made), loose


def _read_words(words: pl.Series, column: Column, known: Known) -> pl.Series | None:
    """What each of the words is read as, None where one of them is lost in reading."""
    memory = known.setdefault((column.cls, column.domain), {None: None})
    if len(memory) > _MOST:
        known[column.cls, column.domain] = memory = {None: None}
    cells = words.to_list()
    new = [word for word in cells if word not in memory]
    if new:
        counted = Report()
        read = typed(pl.DataFrame({column.name: new}), "", [column], counted)[column.name]
        if counted.warnings:
            return None
        memory.update(zip(new, read.to_list(), strict=True))
    return pl.Series([memory[word] for word in cells], dtype=pl.String)


def _scan(
    text: bytes, columns: Sequence[Column], wanted: Sequence[str], numbers: dict[str, pl.DataType]
) -> pl.DataFrame:
    schema = {column.name: numbers.get(column.name, pl.String()) for column in columns}
    lazy = pl.scan_csv(
        io.BytesIO(text), quote_char=None, schema=schema, encoding="utf8-lossy", truncate_ragged_lines=True
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
