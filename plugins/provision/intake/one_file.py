"""一件のファイルの取込: one sealed file of a batch -> parcels -> the staging of its dataset, whole or not at all.

Parcels are read one ahead. What the batch adds up to is kept in `Work`.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from anonymization.receipt import Applied
from provision.ahead import ahead
from provision.context import Context
from provision.formats.base import BadFile, ColumnClass, Dataset, Format, Parcel, Problem, Report
from provision.formats.recognising import of_file
from provision.identity import card_marks, shared_marks
from provision.intake.deidentify import deidentify
from provision.intake.fingerprints import Fingerprints
from provision.intake.keying import with_keys
from provision.intake.progress import Progress, Watched
from provision.intake.quarantine import LEFT_OUT, Keeping
from provision.intake.sealed import SealedFile, opened
from provision.intake.shelves import Shelf, Shelves
from provision.model import Source

_IDENTIFYING = frozenset({ColumnClass.DIRECT, ColumnClass.LINK})
_NOT_ANONYMISED = "the source says its data are anonymised, but identifying columns are filled; ask the sender"


@dataclass
class Work:
    """One batch being taken in: where it goes, and what was counted of the files taken so far."""

    ctx: Context
    source: Source
    formats: tuple[Format, ...]
    shelves: Shelves
    fingerprints: Fingerprints
    keeping: Keeping
    progress: Progress
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)
    problems: list[Problem] = field(default_factory=list)
    editions: set[str] = field(default_factory=set)
    files: dict[str, int] = field(default_factory=dict)  # format id -> files taken
    bad: int = 0
    held: int = 0
    cards: int = 0

    @property
    def mixed(self) -> bool:
        """Whether the source has several formats, so that what is said of one must name it."""
        return len(self.formats) > 1


@dataclass
class _File:
    """What is counted of one file until it is known to be whole. `claims` is the first claim number after it."""

    format: Format
    shelf: Shelf
    claims: int
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)
    cards: list[pl.DataFrame] = field(default_factory=list)


def take_file(batch: str, folder: Path, item: SealedFile, work: Work) -> None:
    """Take one file, or keep it in quarantine where it is not whole or of none of the source's formats (`BadFile`)."""
    try:
        with opened(folder / item.sealed_name(), work.ctx.keys.identity(f"batch-{batch}")) as sealed:
            stream = work.progress.watch(item.number, sealed)
            kind = of_file(work.formats, stream.head())
            file = _File(kind, work.shelves.of(kind), work.shelves.of(kind).claims)
            _read(stream, work, file)
    except BadFile as error:
        work.keeping.whole(item)
        work.bad += 1
        work.problems.append(Problem(f"file {item.number}", error.record, error.field, error.rule, error.remedy))
        return
    work.fingerprints.settle(taken=True)
    _keep_held(item, work, file.report)
    _add(work, file)


def _read(stream: Watched, work: Work, file: _File) -> None:
    """Into the staging and the fingerprints, or, with the reader's `BadFile`, nothing of it into either."""
    mark = file.shelf.staging.mark()
    try:
        report = work.progress.counting(file.report)
        reading = file.format.read(stream.stream(), report, work.source.options_of(file.format.id))
        with closing(ahead(reading)) as parcels:
            for parcel in parcels:
                _take_parcel(parcel, work, file)
    except BadFile:
        file.shelf.staging.rollback(mark)
        work.fingerprints.settle(taken=False)
        raise


def _take_parcel(parcel: Parcel, work: Work, file: _File) -> None:
    dataset, first = file.format.dataset, file.shelf.claims
    file.cards.append(card_marks(parcel.people))
    work.fingerprints.add(parcel.people)
    if work.source.legal_status == "anonymised_received":
        _refuse_identifying(parcel, dataset)
    tables = deidentify(parcel, dataset, file.report, file.applied)
    if dataset.head in tables:
        tables[dataset.head] = with_keys(work.ctx, work.source, dataset, parcel, tables[dataset.head])
    for name, frame in tables.items():
        file.shelf.staging.write(name, frame.with_columns(pl.col("claim_no") + first))
        file.claims = max(file.claims, first + int(frame["claim_no"].max() or 0) + 1)  # type: ignore[arg-type]


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
    said = f"{file.format.id} " if work.mixed else ""
    file.shelf.claims, file.shelf.files = file.claims, file.shelf.files + 1
    work.files[file.format.id] = work.files.get(file.format.id, 0) + 1
    work.cards += shared_marks(pl.concat(file.cards)) if file.cards else 0
    work.editions.add(said + edition_of(file.format, file.report))
    work.report.records += file.report.records
    work.report.people += file.report.people
    for rule, count in file.report.warnings.items():
        work.report.warn(said + rule, count)
    for rule, count in file.applied.cells.items():
        work.applied.add(rule, count)


def edition_of(source_format: Format, report: Report) -> str:
    """The edition a file was read by, as its reader says; a reader of one edition need not say it."""
    return report.edition or source_format.dataset.edition
