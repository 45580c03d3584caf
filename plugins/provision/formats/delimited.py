"""Parsing delimited text into coded columns: every column is its distinct words, and per row the number of one.

Health data repeats itself: codes, dates and names come back thousands of times, and many columns are blank. So words
are decoded, checked and read once each, and rows only carry numbers. Arrow does the parsing, on undecoded bytes:
neither CP932 nor UTF-8 uses the bytes of tab, comma, quote, CR or LF inside a character.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from provision.formats.textfile import fitting

_SAMPLE = 64 * 1024
_TYPE = pa.dictionary(pa.int32(), pa.binary())


@dataclass(frozen=True, repr=False)
class Coded:
    """Rows of raw text: `codes` holds for every cell the number of its word in `words` of the column; null: none.

    Words of a column need not be distinct. `codes` may have further columns, of values that are no words.
    """

    codes: pl.DataFrame
    words: Mapping[str, pl.Series]

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.codes.height

    def strings(self, name: str) -> pl.Series:
        """The cells of a column."""
        return self.words[name].gather(self.codes[name]).alias(name)

    def where(self, name: str, holds: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
        """Mask of the rows whose word fulfils a condition; it is asked once per word."""
        return self.words[name].to_frame(name).select(holds(pl.col(name))).to_series().gather(self.codes[name])

    def only(self, rows: pl.Series | npt.NDArray[np.bool_]) -> Coded:
        """These rows."""
        return Coded(self.codes.filter(rows), self.words)

    def plus(self, name: str, source: str, kept: pl.Series) -> Coded:
        """With another column: the cells of `source` where `kept`, empty elsewhere."""
        numbers = pl.select(pl.when(kept).then(self.codes[source])).to_series().alias(name)
        return Coded(self.codes.with_columns(numbers), {**self.words, name: self.words[source]})


def parse(
    data: bytes, names: Sequence[str], encoding: str, *, separator: str = "\t", quoted: bool = False, blank: str = ""
) -> Coded | None:
    """All columns of the rows of `data`, which has no blank lines and no line breaks inside cells.

    The word `blank` is read as empty. None where a row has another number of columns than `names`, or a cell is not
    `encoding` (cp932 or utf-8).
    """
    plain = set() if len(data) <= 4 * _SAMPLE else _mostly_unlike(data, names, separator, quoted)
    table = _read(data, {name: pa.binary() if name in plain else _TYPE for name in names}, separator, quoted)
    if table is None:
        return None
    columns = {name: _chunk(table.column(name)) for name in names}
    words = _words([column if name in plain else column.dictionary for name, column in columns.items()], encoding)
    if words is None:
        return None
    if blank and blank.encode() in data:
        words = [column.replace(blank, "") for column in words]
    every = pa.array(np.arange(table.num_rows, dtype=np.uint32))
    codes = [every if name in plain else column.indices.view(pa.uint32()) for name, column in columns.items()]
    numbers = pl.DataFrame(pl.from_arrow(pa.table(codes, list(names))))
    return Coded(numbers, dict(zip(names, words, strict=True)))


def _mostly_unlike(data: bytes, names: Sequence[str], separator: str, quoted: bool) -> set[str]:
    """Columns of which more than half of the cells are words of their own: numbering those costs more than it saves."""
    sample = data[: data.find(b"\n", _SAMPLE) + 1]
    seen = _read(sample, dict.fromkeys(names, _TYPE), separator, quoted)
    if seen is None:
        return set()
    return {name for name in names if 2 * len(_chunk(seen.column(name)).dictionary) > seen.num_rows}


def _read(data: bytes, types: Mapping[str, Any], separator: str, quoted: bool) -> Any:
    """The parsed table; None where a row has another number of columns."""
    source: Any = pa.BufferReader(data)
    try:
        return pyarrow.csv.read_csv(
            source,
            read_options=pyarrow.csv.ReadOptions(column_names=list(types), block_size=len(data) + 1, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, quote_char='"' if quoted else False),
            convert_options=pyarrow.csv.ConvertOptions(
                check_utf8=False, column_types=dict(types), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:  # its message quotes the row
        return None


def _chunk(column: Any) -> Any:
    """The dictionary array of a column: one, however many pieces Arrow made."""
    return column.chunk(0) if column.num_chunks == 1 else column.unify_dictionaries().combine_chunks()


def _words(columns: Sequence[Any], encoding: str) -> list[pl.Series] | None:
    """The words of every column as text, all decoded at once; None where one of them is not `encoding`."""
    every = _text(pa.concat_arrays(columns), encoding)
    if every is None:
        return None
    ends = np.cumsum([len(column) for column in columns]).tolist()
    return [every[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _text(words: Any, encoding: str) -> pl.Series | None:
    if encoding != "utf-8":
        every: Any = pa.ListArray.from_arrays(pa.array([0, len(words)], pa.int32()), words)
        joined: Any = pc.binary_join(every, b"\n")
        data: bytes = joined[0].as_py()
        if not data.isascii():
            text = fitting(data, encoding)
            return None if text is None else pl.Series([text]).str.split("\n").explode()
    try:
        return pl.Series(values=pl.from_arrow(words.cast(pa.string())), dtype=pl.String)
    except pa.ArrowInvalid:  # its message quotes the word
        return None
