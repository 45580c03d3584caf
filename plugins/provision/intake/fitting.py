"""What may be stored of a parcel: nothing direct, and of data that are said to be anonymised nothing identifying."""

from __future__ import annotations

import polars as pl

from anonymization.receipt import Applied
from provision.formats.base import BadFile, ColumnClass, Dataset, Parcel, Report
from provision.intake.deidentify import deidentify

_IDENTIFYING = frozenset({ColumnClass.DIRECT, ColumnClass.LINK})
_NOT_ANONYMISED = "the source says its data are anonymised, but identifying columns are filled; ask the sender"


def fit(
    parcel: Parcel, dataset: Dataset, report: Report, applied: Applied, *, anonymised: bool
) -> dict[str, pl.DataFrame]:
    """The tables of a parcel as they may be stored; `anonymised` where its source says that they are. Raises
    `BadFile`."""
    if anonymised:
        _refuse_identifying(parcel, dataset)
    return deidentify(parcel, dataset, report, applied)


def _refuse_identifying(parcel: Parcel, dataset: Dataset) -> None:
    """Direct identifiers or insured numbers in data said to be anonymised. Running numbers of the file may stand."""
    for name, frame in parcel.tables.items():
        for column in dataset.table(name).columns:
            if column.cls in _IDENTIFYING and column.name in frame.columns and _filled(frame[column.name]):
                raise BadFile("not_anonymised", field=f"{name}.{column.name}", remedy=_NOT_ANONYMISED)


def _filled(values: pl.Series) -> bool:
    return bool((values.cast(pl.String).fill_null("").str.strip_chars() != "").any())
