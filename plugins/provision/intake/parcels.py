"""一区切りの取込: one parcel, made fit to be stored, then written with its keys; its strong values are remembered."""

from __future__ import annotations

import polars as pl

from anonymization.receipt import Applied
from provision.formats.base import BadFile, ColumnClass, Dataset, Parcel, Report
from provision.identity import card_marks
from provision.intake.deidentify import deidentify
from provision.intake.keying import with_keys
from provision.intake.work import Reading, Work
from provision.model import Source

_IDENTIFYING = frozenset({ColumnClass.DIRECT, ColumnClass.LINK})
_NOT_ANONYMISED = "the source says its data are anonymised, but identifying columns are filled; ask the sender"


def fit(source: Source, dataset: Dataset, parcel: Parcel, report: Report, applied: Applied) -> dict[str, pl.DataFrame]:
    """The tables of a parcel as they may be stored. Raises `BadFile`."""
    if source.legal_status == "anonymised_received":
        _refuse_identifying(parcel, dataset)
    return deidentify(parcel, dataset, report, applied)


def take_parcel(parcel: Parcel, work: Work, read: Reading) -> None:
    """Into the staging and the fingerprints, numbered on. Raises `BadFile`."""
    dataset, first = read.format.dataset, read.shelf.claims
    read.cards.append(card_marks(parcel.people))
    work.fingerprints.add(parcel.people)
    tables = fit(work.source, dataset, parcel, read.report, read.applied)
    if dataset.head in tables:
        tables[dataset.head] = with_keys(work.ctx, work.source, dataset, parcel, tables[dataset.head])
    for name, frame in tables.items():
        read.shelf.staging.write(name, frame.with_columns(pl.col("claim_no") + first))
        read.claims = max(read.claims, first + int(frame["claim_no"].max() or 0) + 1)  # type: ignore[arg-type]


def _refuse_identifying(parcel: Parcel, dataset: Dataset) -> None:
    """Direct identifiers or insured numbers in data said to be anonymised. Running numbers of the file may stand."""
    for name, frame in parcel.tables.items():
        for column in dataset.table(name).columns:
            if column.cls in _IDENTIFYING and column.name in frame.columns and _filled(frame[column.name]):
                raise BadFile("not_anonymised", field=f"{name}.{column.name}", remedy=_NOT_ANONYMISED)


def _filled(values: pl.Series) -> bool:
    return bool((values.cast(pl.String).fill_null("").str.strip_chars() != "").any())
