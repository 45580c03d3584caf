"""表の形式: how a table is written for a recipient. Writing the same table twice gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from provision.packaging import workbook


@dataclass(frozen=True)
class TableFormat:
    """One format: file ending, media type, what the data package says besides, how to write it, what it cannot hold."""

    ending: str
    mediatype: str
    write: Callable[[pl.DataFrame, Path], None]
    extra: Mapping[str, Any] = field(default_factory=dict)
    #: Raises `Refused` for a table (by name) that the format cannot hold.
    fits: Callable[[str, pl.DataFrame], None] = lambda name, frame: None


def _parquet(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path, compression="zstd", statistics=False)


def _csv(frame: pl.DataFrame, path: Path) -> None:
    frame.write_csv(path, line_terminator="\r\n", null_value="")


_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DIALECT = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "header": True}

#: Every format a plan may ask for, by the name it asks with.
TABLE_FORMATS: Mapping[str, TableFormat] = {
    "parquet": TableFormat("parquet", "application/vnd.apache.parquet", _parquet),
    "csv": TableFormat("csv", "text/csv", _csv, {"encoding": "utf-8", "dialect": _DIALECT}),
    "xlsx": TableFormat("xlsx", _WORKBOOK, workbook.write, fits=workbook.fits),
}
