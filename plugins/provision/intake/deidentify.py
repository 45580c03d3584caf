"""From a raw parcel to tables that may be stored: the receipt floor, then the closed domains."""

from __future__ import annotations

import polars as pl

from anonymization.receipt import Applied, on_receipt
from provision.formats.base import Dataset, Parcel, Report, Table
from provision.formats.emptied import EMPTIED, lost
from provision.intake.domains import enforce

#: Keys of ours that every stored table may carry besides the format's columns.
KEYS = ("claim_no", "alias", "claim_token", "claim_place", EMPTIED)


def deidentify(parcel: Parcel, dataset: Dataset, report: Report, applied: Applied) -> dict[str, pl.DataFrame]:
    """Every table of the parcel without anything direct. Raises `BadFile` where a column is not what it should be."""
    return {
        name: _one(dataset.table(name), frame, report, applied) for name, frame in parcel.tables.items() if frame.height
    }


def _one(table: Table, frame: pl.DataFrame, report: Report, applied: Applied) -> pl.DataFrame:
    classes = dict.fromkeys(KEYS, "ordinary") | {c.name: str(c.cls) for c in table.columns}
    stored = enforce(table, on_receipt(frame, classes, applied), report)
    return lost(frame, stored) if EMPTIED in frame.columns else stored
