"""一件のファイルの取込: one sealed file of a batch -> parcels -> the batch's staging, whole or not at all.

Parcels are read one ahead. What the batch adds up to is kept in `Work`.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from anonymization.receipt import Applied
from provision.context import Context
from provision.formats.base import BadFile, ColumnClass, Dataset, Format, Parcel, Problem, Report
from provision.formats.recognising import refuse_another
from provision.identity import card_marks, shared_marks
from provision.intake.ahead import ahead
from provision.intake.deidentify import deidentify
from provision.intake.fingerprints import Fingerprints
from provision.intake.keying import with_keys
from provision.intake.progress import Progress
from provision.intake.quarantine import LEFT_OUT, Keeping
from provision.intake.sealed import SealedFile, opened
from provision.model import Source
from provision.store import Staging

_IDENTIFYING = frozenset({ColumnClass.DIRECT, ColumnClass.LINK})
_NOT_ANONYMISED = "the source says its data are anonymised, but identifying columns are filled; ask the sender"


@dataclass
class Work:
    """One batch being taken in: where it goes, and what was counted of the files taken so far."""

    ctx: Context
    source: Source
    format: Format
    staging: Staging
    fingerprints: Fingerprints
    keeping: Keeping
    progress: Progress
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)
    problems: list[Problem] = field(default_factory=list)
    editions: set[str] = field(default_factory=set)
    bad: int = 0
    held: int = 0
    claims: int = 0
    cards: int = 0


@dataclass
class _File:
    """What is counted of one file until it is known to be whole. `claims` is the first claim number after it."""

    claims: int
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)
    cards: list[pl.DataFrame] = field(default_factory=list)


def take_file(batch: str, folder: Path, item: SealedFile, work: Work) -> None:
    """Take one file, or keep it in quarantine where it is not whole or not of the source's format (`BadFile`)."""
    mark, file = work.staging.mark(), _File(work.claims)
    try:
        with opened(folder / item.sealed_name(), work.ctx.keys.identity(f"batch-{batch}")) as sealed:
            stream = work.progress.watch(item.number, sealed)
            refuse_another(work.format, stream.head())
            report = work.progress.counting(file.report)
            reading = work.format.read(stream.stream(), report, work.source.format_options)
            with closing(ahead(reading)) as parcels:
                for parcel in parcels:
                    _take_parcel(parcel, work, file)
    except BadFile as error:
        work.staging.rollback(mark)
        work.fingerprints.settle(taken=False)
        work.keeping.whole(item)
        work.bad += 1
        work.problems.append(Problem(f"file {item.number}", error.record, error.field, error.rule, error.remedy))
        return
    work.fingerprints.settle(taken=True)
    _keep_held(item, work, file.report)
    _add(work, file)


def _take_parcel(parcel: Parcel, work: Work, file: _File) -> None:
    dataset = work.format.dataset
    file.cards.append(card_marks(parcel.people))
    work.fingerprints.add(parcel.people)
    if work.source.legal_status == "anonymised_received":
        _refuse_identifying(parcel, dataset)
    tables = deidentify(parcel, dataset, file.report, file.applied)
    if dataset.head in tables:
        tables[dataset.head] = with_keys(work.ctx, work.source, dataset, parcel, tables[dataset.head])
    for name, frame in tables.items():
        work.staging.write(name, frame.with_columns(pl.col("claim_no") + work.claims))
        file.claims = max(file.claims, work.claims + int(frame["claim_no"].max() or 0) + 1)  # type: ignore[arg-type]


def _refuse_identifying(parcel: Parcel, dataset: Dataset) -> None:
    """Direct identifiers or insured numbers in data said to be anonymised. Running numbers of the file may stand."""
    for name, frame in parcel.tables.items():
        for column in dataset.table(name).columns:
            if column.cls in _IDENTIFYING and column.name in frame.columns and _filled(frame[column.name]):
                raise BadFile("not_anonymised", field=f"{name}.{column.name}", remedy=_NOT_ANONYMISED)


def _filled(values: pl.Series) -> bool:
    return bool((values.cast(pl.String).fill_null("").str.strip_chars() != "").any())


def _keep_held(item: SealedFile, work: Work, report: Report) -> None:
    """Only of a file that was taken: one that was not is in quarantine as a whole, with these records in it."""
    if report.held:
        work.keeping.records(item, report.held)
        work.held += len(report.held)
        work.problems += [Problem(f"file {item.number}", h.record, "", h.rule, LEFT_OUT) for h in report.held]


def _add(work: Work, file: _File) -> None:
    work.claims = file.claims
    work.cards += shared_marks(pl.concat(file.cards)) if file.cards else 0
    work.editions.add(edition_of(work.format, file.report))
    work.report.records += file.report.records
    work.report.people += file.report.people
    for rule, count in file.report.warnings.items():
        work.report.warn(rule, count)
    for rule, count in file.applied.cells.items():
        work.applied.add(rule, count)


def edition_of(source_format: Format, report: Report) -> str:
    """The edition a file was read by, as its reader says; a reader of one edition need not say it."""
    return report.edition or source_format.dataset.edition
