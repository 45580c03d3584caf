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
#: Bytes of text from which a table is better counted on disk, and from which it is not read into memory at all.
LARGE, MOST = 64_000_000, 1_000_000_000
#: The same in rows, for Parquet: a column of one value takes no room there.
ROWS = 5_000_000
#: Longest header that is looked at, in bytes.
_HEADER = 1_000_000


def read(path: Path, columns: Sequence[str], where: str = "TABLE") -> pl.DataFrame:
    """The columns of a table as text; `FixConfiguration` where it is not there, not as it should be, or too large."""
    if size(path, where) > MOST:
        raise FixConfiguration(
            "the table is too large for memory", where=where, rule="table.size", remedy="give a smaller one"
        )
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


def size(path: Path, where: str = "TABLE") -> int:
    """Bytes a table has as text: those of a CSV file; of Parquet what its footer says, by rows where these are many."""
    if not is_parquet(path, where):
        return path.stat().st_size
    from pyarrow import parquet

    try:
        footer = parquet.read_metadata(path)
    except Exception:
        raise _broken(where, "a Parquet file") from None
    packed = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
    return max(packed, footer.num_rows * LARGE // ROWS)


def labels(path: Path, where: str) -> list[tuple[str, ...]]:
    """All rows of a CSV file without a header; the delimiter is the one that makes rows equally long, and longest.

    `FixConfiguration` where there is none, or rows are ragged, or the file is larger than such a file can sensibly be.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGE else b""
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise _broken(where, "a CSV file in UTF-8") from None
    split = [found for found in (_split(text, d) for d in DELIMITERS) if found]
    wide = [found for found in split if max(map(len, found)) > 1] or split[:1]
    even = sorted((found for found in wide if len(set(map(len, found))) == 1), key=lambda found: len(found[0]))
    if not even or (len(even) == 2 and len(even[0][0]) == len(even[1][0])):
        raise _broken(where, "rows of one length and one delimiter, ; or ,")
    return even[-1]


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
