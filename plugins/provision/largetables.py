"""Tables that do not fit into memory, opened for counting: DuckDB over the file, with bounded memory.

What does not fit is spilled into a private temporary folder, encrypted with a key that is in memory only, and is gone
when counting ends.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from anonymization.risk.larger import quoted
from provision.errors import FixConfiguration
from provision.plaintables import delimiter, header, is_parquet

#: The name the table has in the connection.
TABLE = "plain"


@contextmanager
def opened(path: Path, columns: Sequence[str], memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows the columns as `TABLE`; `FixConfiguration` where the file is not as it should be."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}(MB|GB)", memory):
        raise FixConfiguration("that is no amount of memory", where="--memory", rule="memory", remedy="write 2GB")
    with tempfile.TemporaryDirectory(prefix="tokumei-risk-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "temp_directory": folder,
            "temp_file_encryption": True,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(":memory:", config=settings) as connection:
            names = ", ".join(quoted(name) for name in columns)
            source, values = _source(path, columns)
            try:
                connection.execute(f"CREATE TEMP TABLE {TABLE} AS SELECT {names} FROM {source}", values)
            except duckdb.Error:
                raise FixConfiguration(
                    "the file cannot be read", where="TABLE", rule="table.form",
                    remedy="give a Parquet file with these columns, or a CSV file in UTF-8 whose rows are as long as "
                    "its header",
                ) from None  # fmt: skip
            yield connection


def _source(path: Path, columns: Sequence[str]) -> tuple[str, list[object]]:
    """What stands behind FROM, and its values. A CSV file is read strictly, everything as text."""
    if is_parquet(path):
        return "read_parquet(?)", [str(path)]
    separator = delimiter(path, columns)
    kinds = dict.fromkeys(header(path, separator), "VARCHAR")
    return (
        "read_csv(?, delim = ?, header = true, quote = '\"', escape = '\"', auto_detect = false, strict_mode = true, "
        "null_padding = false, columns = ?)",
        [str(path), separator, kinds],
    )
