"""表の形式: how a table is written for a recipient. Writing the same table twice gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl


@dataclass(frozen=True)
class TableFormat:
    """One format: file ending, media type, what the data package says besides, and how it is written."""

    ending: str
    mediatype: str
    write: Callable[[pl.DataFrame, Path], None]
    extra: Mapping[str, Any] = field(default_factory=dict)


def _parquet(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path, compression="zstd", statistics=False)


def _csv(frame: pl.DataFrame, path: Path) -> None:
    frame.write_csv(path, line_terminator="\r\n", null_value="")


_DIALECT = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "header": True}

#: Every format a plan may ask for, by the name it asks with.
TABLE_FORMATS: Mapping[str, TableFormat] = {
    "parquet": TableFormat("parquet", "application/vnd.apache.parquet", _parquet),
    "csv": TableFormat("csv", "text/csv", _csv, {"encoding": "utf-8", "dialect": _DIALECT}),
}
