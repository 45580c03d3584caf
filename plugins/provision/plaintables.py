"""Tables in plain files, for commands that look at any table: CSV with ``;`` or ``,`` in UTF-8, or Parquet.

Every column is read as text and missing is empty. The delimiter is the one under which the header has the columns that
are asked for; a header that is ambiguous, a ragged row or another encoding is refused. Errors never hold a cell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from provision.errors import FixConfiguration

DELIMITERS = (";", ",")
#: Bytes of CSV from which a table is counted on disk.
LARGE = 256_000_000
#: Longest header that is looked at, in bytes.
_HEADER = 1_000_000


def read(path: Path, columns: Sequence[str], where: str = "TABLE") -> pl.DataFrame:
    """The columns of a table as text; `FixConfiguration` where it is not there or not as it should be."""
    if is_parquet(path, where):
        try:
            return pl.read_parquet(path, columns=list(columns)).cast(pl.String)
        except Exception:
            raise _broken(where, "a Parquet file with these columns") from None
    return _csv(path, columns, delimiter(path, columns, where), where)


def is_parquet(path: Path, where: str = "TABLE") -> bool:
    """By its first bytes; `FixConfiguration` where there is no such file."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError:
        raise FixConfiguration(
            "there is no such file", where=where, rule="path", remedy="name a file that can be read"
        ) from None


def delimiter(path: Path, columns: Sequence[str], where: str = "TABLE") -> str:
    """The one delimiter under which the header has every column asked for, each once."""
    headers = {d: header(path, d, where) for d in DELIMITERS}
    found = [d for d, names in headers.items() if all(names.count(name) == 1 for name in columns)]
    if len(found) != 1:
        missing = [name for name in columns if all(names.count(name) != 1 for names in headers.values())]
        said = f"the header has no single column {', '.join(missing)}" if missing else "the delimiter is ambiguous"
        raise FixConfiguration(said, where=where, rule="table.header", remedy="name columns as the header does")
    return found[0]


def header(path: Path, separator: str, where: str = "TABLE") -> list[str]:
    """The names in the first line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader([file.readline(_HEADER)], delimiter=separator), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        raise _broken(where, "a CSV file in UTF-8") from None


def is_large(path: Path) -> bool:
    """Whether a table is better counted on disk: Parquet is several times as dense as CSV."""
    most = LARGE // 8 if is_parquet(path) else LARGE
    return path.stat().st_size > most


def labels(path: Path, where: str) -> list[tuple[str, ...]]:
    """All rows of a CSV file without a header; the delimiter is the one that makes rows equally long, and longest.

    `FixConfiguration` where there is none, or rows are ragged, or the file is larger than such a file can sensibly be.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGE // 4 else b""
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise _broken(where, "a CSV file in UTF-8") from None
    even = [found for found in (_split(text, d) for d in DELIMITERS) if found and len({len(row) for row in found}) == 1]
    widths = sorted(len(found[0]) for found in even)
    if not even or (len(even) == 2 and widths[0] == widths[1] > 1):
        raise _broken(where, "rows of one length and one delimiter, ; or ,")
    return max(even, key=lambda found: len(found[0]))


def _split(text: str, separator: str) -> list[tuple[str, ...]]:
    try:
        return [tuple(row) for row in csv.reader(io.StringIO(text), delimiter=separator, strict=True) if row]
    except csv.Error:
        return []


def _csv(path: Path, columns: Sequence[str], separator: str, where: str) -> pl.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as arrow

    try:
        table = arrow.read_csv(
            path,
            parse_options=arrow.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=arrow.ConvertOptions(
                include_columns=list(columns),
                column_types={name: pa.string() for name in columns},
                strings_can_be_null=False,
            ),
        )
        found = pl.from_arrow(table)
    except Exception:
        raise _broken(where, "a CSV file in UTF-8 whose rows are as long as its header") from None
    if not isinstance(found, pl.DataFrame) or not found.height:
        raise FixConfiguration(
            "the table has no rows", where=where, rule="table.empty", remedy="name a table with rows"
        )
    return found


def _broken(where: str, wanted: str) -> FixConfiguration:
    return FixConfiguration("the file cannot be read", where=where, rule="table.form", remedy=f"give {wanted}")
