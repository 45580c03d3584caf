"""Reads the tables of a payload as the recipient will: every format apart, every value as text, exactly as it stands.

Parquet is checked by its physical types, because readers convert silently (123456789012.0 is not an identifier, and
its float column is refused). CSV is checked against RFC 4180 byte by byte, so that no two readers can disagree. A
workbook must be nothing but a sheet of plain cells in a shell that people have looked at (`workbook`).
"""

from __future__ import annotations

import codecs
import mmap
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.dictionaries import has_unused_values

if TYPE_CHECKING:
    import polars as pl

_CHUNK = 1 << 20


class Unreadable(Exception):
    """A file is not what its name says. `rule` is a stable slug; the message holds no value."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


@dataclass(frozen=True, repr=False)
class TableText:
    """One table in one format. `types` has one of string, integer, decimal, text (CSV), number (Excel) or
    ``refused:<what>`` for each column; `metadata` is every text that stands beside the rows in the file."""

    header: tuple[str, ...]
    types: tuple[str, ...]
    rows: int
    metadata: tuple[str, ...]
    frame: pl.LazyFrame

    def distinct(self, column: str) -> pl.DataFrame:
        """Distinct values of `column` as text with the number of their rows: columns ``value`` (null for null) and
        ``rows``, in order. An empty CSV field is null, as there is no other way to write one."""
        import polars as pl

        counted = self.frame.select(value=pl.col(column)).group_by("value").len("rows").collect(engine="streaming")
        # Counted and sorted as they are: to make text of a million numbers first takes four times as long.
        return counted.sort("value").select(pl.col("value").cast(pl.String), pl.col("rows").cast(pl.Int64))


def read_table(path: Path, form: str) -> TableText:
    """Open `path` as ``parquet``, ``csv``, ``xlsx``. Raises `Unreadable` where the bytes do not keep to the format."""
    if form == "parquet":
        return _read_parquet(path)
    if form == "csv":
        return _read_csv(path)
    if form == "xlsx":
        return _read_xlsx(path)
    raise Unreadable("format.unknown")


def _read_parquet(path: Path) -> TableText:
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows, schema, arrow = file.metadata.num_rows, file.schema, file.schema_arrow
            texts = _metadata(file.metadata, arrow)
            types = tuple(_type(schema.column(i)) for i in range(len(schema.names)))
            header = tuple(arrow.names)
    except (pa.ArrowException, OSError):
        raise Unreadable("parquet.broken") from None
    if len(header) != len(types):
        types = ("refused:nested",) * len(header)
    _check_header(header)
    _check_dictionaries(path, [name for name, kind in zip(header, types, strict=True) if kind == "string"])
    return TableText(header, types, rows, texts, pl.scan_parquet(path, hive_partitioning=False, glob=False))


def _check_dictionaries(path: Path, texts: list[str]) -> None:
    import pyarrow as pa

    try:
        unused = bool(texts) and has_unused_values(path, texts)
    except (pa.ArrowException, OSError):
        raise Unreadable("parquet.broken") from None
    if unused:
        raise Unreadable("parquet.unused_dictionary_value")


def _type(column: object) -> str:
    """Contract word for a Parquet column from its physical and logical type (Parquet format, LogicalTypes.md)."""
    physical, logical = column.physical_type, column.logical_type.type  # type: ignore[attr-defined]
    if column.max_repetition_level or column.max_definition_level > 1 or "." in column.path:  # type: ignore[attr-defined]
        return "refused:nested"
    if physical == "BYTE_ARRAY":
        return "string" if logical == "STRING" else "refused:binary"
    if logical == "DECIMAL":
        return "decimal"
    if physical in ("INT32", "INT64") and logical in ("NONE", "INT"):
        return "integer"
    return f"refused:{logical.lower() if logical != 'NONE' else physical.lower()}"


def _metadata(metadata: object, arrow: object) -> tuple[str, ...]:
    """Texts of the file's own key-value pairs and of those inside the Arrow schema (itself a base64 block)."""
    pairs = dict(metadata.metadata or {})  # type: ignore[attr-defined]
    pairs.pop(b"ARROW:schema", None)
    blocks = [pairs, arrow.metadata or {}, *(field.metadata or {} for field in arrow)]  # type: ignore[attr-defined]
    texts = [metadata.created_by or ""]  # type: ignore[attr-defined]
    for block in blocks:
        for key, value in block.items():
            if key == b"PARQUET:field_id":
                continue
            texts += [_utf8(key), _utf8(value)]
    return tuple(dict.fromkeys(texts))


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Unreadable("parquet.metadata.binary") from None


def _check_header(header: tuple[str, ...]) -> None:
    if not header or len(set(header)) != len(header) or not all(header):
        raise Unreadable("header.not_unique")


def _read_xlsx(path: Path) -> TableText:
    from expectations.workbook import read_workbook

    with path.open("rb") as stream:
        book = read_workbook(stream)
    _check_header(book.header)
    return TableText(book.header, book.types, book.frame.height, (book.sheet,), book.frame.lazy())


_FIELD = rb'(?:[^",\r\n]*+|"(?:[^"]++|"")*+")'


def _read_csv(path: Path) -> TableText:
    import polars as pl

    _check_utf8(path)
    header, rows = _check_rfc4180(path)
    _check_header(header)
    types = ("text",) * len(header)
    try:
        frame = pl.scan_csv(path, infer_schema=False, glob=False)
        counted = int(frame.select(pl.len()).collect(engine="streaming").item())
        names = tuple(frame.collect_schema().names())
    except pl.exceptions.PolarsError:
        raise Unreadable("csv.broken") from None
    if counted != rows or names != header:
        raise Unreadable("csv.ambiguous")
    filled = [pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in header]
    return TableText(header, types, rows, (), frame.select(filled))


def _check_utf8(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                if b"\0" in chunk:
                    raise Unreadable("csv.nul")
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Unreadable("csv.not_utf8") from None


def _check_rfc4180(path: Path) -> tuple[tuple[str, ...], int]:
    """Header and number of data rows of a file in which every record has the same number of well-formed fields."""
    if path.stat().st_size == 0:
        raise Unreadable("csv.empty")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:3] == codecs.BOM_UTF8:
            raise Unreadable("csv.byte_order_mark")
        first = re.compile(rb"(?:%s(?:,|(?=\r\n|\n)))+" % _FIELD).match(data)
        header = _fields(first.group()) if first else ()
        if not header:
            raise Unreadable("csv.header")
        newline = b"\r\n" if data[first.end() : first.end() + 2] == b"\r\n" else b"\n"  # type: ignore[union-attr]
        record = re.compile(_FIELD + rb"(?:,%s){%d}" % (_FIELD, len(header) - 1) + newline)
        place, rows = 0, -1
        while place < len(data):
            found = record.match(data, place)
            if found is None:
                raise Unreadable("csv.rfc4180")
            place, rows = found.end(), rows + 1
    return header, rows


def _fields(record: bytes) -> tuple[str, ...]:
    import csv

    return tuple(next(csv.reader([record.decode()], strict=True), []))
