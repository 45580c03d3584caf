"""Parquet files as rows of text: columns of texts, numbers, days and truth values; nested and binary ones refuse it.

Every column is read, the unknown ones too: any of them may hold My Numbers. Row groups are read one after another,
texts as the dictionaries they are stored by, so that a word repeated a million times is held once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from provision.formats.base import BadFile, Report
from provision.formats.delimited import Coded
from provision.formats.excelfile import number_text
from provision.formats.textfile import LINE_LIMIT

#: A file over this size is not read, nor one whose footer, row groups or columns are more than this.
PARQUET_BYTES, FOOTER_BYTES, GROUP_BYTES, COLUMNS = 256 * 2**20, 16 * 2**20, 512 * 2**20, 2_000
ROWS = 50_000
MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_AGAIN = "ask the sender for the file again, or for CSV"


@dataclass
class ParquetFile:
    """One file being read: the header first, then its rows in frames with a column ``c<place>`` per heading."""

    data: bytes
    report: Report
    header: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)

    def frames(self) -> Iterator[Coded]:
        """The rows; the first frame has none and comes when the header is known.

        Raises `BadFile`: ``parquet.size``, ``parquet.encrypted``, ``parquet.type``, ``parquet.broken``.
        """
        _refuse(self.data)
        file, schema = _opened(self.data)
        self.header = list(schema.names)
        for place, kind in enumerate(schema.types, 1):
            if not _is_ours(kind):
                remedy = "texts, numbers, days without a time zone and truth values are read; ask the sender"
                raise BadFile("parquet.type", field=f"column {place}", remedy=remedy)
        yield Coded(pl.DataFrame(), {})
        for batch in _batches(file):
            yield _coded(batch)


def _refuse(data: bytes) -> None:
    if len(data) > PARQUET_BYTES:
        raise BadFile("parquet.size", remedy=f"a file has at most {PARQUET_BYTES >> 20} MiB; ask for several")
    if data[:4] == _ENCRYPTED or data[-4:] == _ENCRYPTED:
        raise BadFile("parquet.encrypted", remedy="its columns are encrypted; ask the sender for a plain file")
    if len(data) < 12 or data[:4] != MAGIC or data[-4:] != MAGIC:
        raise BadFile("parquet.broken", remedy=f"it is cut off, or no Parquet file; {_AGAIN}")
    if int.from_bytes(data[-8:-4], "little") > min(FOOTER_BYTES, len(data) - 12):
        raise BadFile("parquet.size", remedy=f"its footer is beyond all measure; {_AGAIN}")


def _opened(data: bytes) -> tuple[Any, Any]:
    """The file, reading texts as dictionaries, and its schema."""
    limits: dict[str, Any] = {"thrift_string_size_limit": FOOTER_BYTES, "thrift_container_size_limit": 1_000_000}
    try:
        schema = pq.ParquetFile(pa.BufferReader(data), **limits).schema_arrow
        texts = [f.name for f in schema if _is_text(f.type)] if len(schema) <= COLUMNS else []
        file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts, **limits)
        groups = [file.metadata.row_group(n).total_byte_size for n in range(file.metadata.num_row_groups)]
    except (pa.ArrowException, OSError, ValueError, KeyError, IndexError):  # what they say may quote the file
        raise BadFile("parquet.broken", remedy=f"it is damaged; {_AGAIN}") from None
    if len(schema) > COLUMNS or len(set(schema.names)) < len(schema) or max(groups, default=0) > GROUP_BYTES:
        remedy = f"at most {COLUMNS} columns of different names, {GROUP_BYTES >> 20} MiB a row group; {_AGAIN}"
        raise BadFile("parquet.size", remedy=remedy)
    return file, schema


def _batches(file: Any) -> Iterator[Any]:
    batches = file.iter_batches(batch_size=ROWS, use_threads=False)
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowException, OSError, ValueError, NotImplementedError):
            batch = False
        if batch is False:
            raise BadFile("parquet.broken", remedy=f"a part of it is damaged; {_AGAIN}")
        if batch is None:
            return
        if batch.num_rows:
            yield batch


def _is_text(kind: Any) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))


def _is_ours(kind: Any) -> bool:
    types = pa.types
    plain = (
        types.is_integer(kind) or types.is_float32(kind) or types.is_float64(kind) or types.is_decimal128(kind)
        or types.is_boolean(kind) or types.is_date(kind) or types.is_null(kind)
    )  # fmt: skip
    return bool(_is_text(kind) or plain or (types.is_timestamp(kind) and kind.tz is None))


def _coded(batch: Any) -> Coded:
    names = [f"c{place}" for place in range(batch.num_columns)]
    made = [_column(array) for array in batch.columns]
    codes = pl.DataFrame([numbers.alias(name) for name, (numbers, _) in zip(names, made, strict=True)])
    return Coded(codes, {name: words for name, (_, words) in zip(names, made, strict=True)})


def _column(array: Any) -> tuple[pl.Series, pl.Series]:
    """Numbers of words, and the words: those of the dictionary, else of every row; "" where there is none."""
    if pa.types.is_dictionary(array.type):
        words = pl.Series(values=pl.from_arrow(array.dictionary), dtype=pl.String).fill_null("")
        if (words.str.len_bytes().max() or 0) > LINE_LIMIT:  # type: ignore[operator]
            raise BadFile("parquet.size", remedy=f"a text has at most 64 KiB; {_AGAIN}")
        numbers = pl.Series(values=pl.from_arrow(array.indices)).cast(pl.UInt32).fill_null(words.len())
        return numbers, pl.concat([words, pl.Series([""], dtype=pl.String)])
    words = _texts(pl.Series(values=pl.from_arrow(array))).fill_null("")
    return pl.Series(np.arange(words.len(), dtype=np.uint32)), words


def _texts(values: pl.Series) -> pl.Series:
    """Plain values as text, as `excelfile` writes them."""
    if values.dtype in {pl.Float32, pl.Float64}:
        distinct = values.drop_nulls().unique()
        read = pl.Series([number_text(value) for value in distinct.to_list()], dtype=pl.String)
        return values.replace_strict(distinct, read, default=None, return_dtype=pl.String)
    if values.dtype.base_type() == pl.Decimal:
        text = values.cast(pl.String)
        return pl.select(
            pl.when(text.str.contains(".", literal=True)).then(text.str.strip_chars_end("0").str.strip_chars_end("."))
            .otherwise(text)
        ).to_series()  # fmt: skip
    if values.dtype.base_type() == pl.Datetime:
        return values.dt.strftime("%Y-%m-%d %H:%M:%S")
    return values.cast(pl.String)
