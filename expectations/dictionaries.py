"""辞書: values that stand in a Parquet file's dictionaries and in no row. A recipient's program shows none of them, the
bytes hold them all the same: a category whose people were left out, a name that was overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def has_unused_values(path: Path, columns: Sequence[str]) -> bool:
    """Whether a dictionary of one of these text columns holds a value that none of its rows has."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, read_dictionary=list(columns)) as file:
        for group in range(file.metadata.num_row_groups):
            for name in columns:
                if _unused(file.read_row_group(group, columns=[name]).column(0)):
                    return True
    return False


def _unused(column: object) -> bool:
    """Chunks of one row group may share a dictionary, so they are looked at together."""
    whole = column.unify_dictionaries().combine_chunks()  # type: ignore[attr-defined]
    chunks = [whole] if hasattr(whole, "dictionary") else whole.chunks
    return any(len(one.dictionary) > len(one.indices.drop_null().unique()) for one in chunks)
