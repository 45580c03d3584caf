"""Tables that do not fit into memory, opened for counting: DuckDB over the file, with bounded memory.

What does not fit is spilled into a private temporary folder that is gone when counting ends: numbers, not the table's
text (see `anonymization.risk.larger`).
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
    """A connection that knows the columns as `TABLE`.

    `FixConfiguration` where the file is not as it should be, then or while it is counted, or memory does not suffice.
    """
    if not re.fullmatch(r"[1-9][0-9]{0,5}(MB|GB)", memory):
        raise FixConfiguration("that is no amount of memory", where="--memory", rule="memory", remedy="write 2GB")
    with tempfile.TemporaryDirectory(prefix="tokumei-risk-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        try:
            with duckdb.connect(":memory:", config=settings) as connection:
                yield _viewed(connection, path, columns)
        except duckdb.OutOfMemoryException:
            raise _fault("there is too little memory for this table", "give --memory more") from None
        except duckdb.Error:
            raise _fault(
                "the file cannot be read", "give Parquet with these columns, or CSV in UTF-8 with rows of one length"
            ) from None


def _viewed(connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """The connection with a view of the file: its text is read anew in each pass and never kept."""
    names = ", ".join(quoted(name) for name in columns)
    if is_parquet(path):
        source = connection.read_parquet(str(path))
    else:
        separator = delimiter(path, columns)
        source = connection.read_csv(
            str(path), delimiter=separator, header=True, quotechar='"', escapechar='"', auto_detect=False,
            strict_mode=True, null_padding=False, columns=dict.fromkeys(header(path, separator), "VARCHAR"),
        )  # fmt: skip
    source.project(names).create_view(TABLE)
    return connection


def _fault(what: str, remedy: str) -> FixConfiguration:
    return FixConfiguration(what, where="TABLE", rule="table.form", remedy=remedy)
