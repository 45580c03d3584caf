"""One piece of work of a hand: documents, or a block of lines, to de-identified tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from anonymization.receipt import Applied
from provision.errors import TokumeiError
from provision.formats import formats, get
from provision.formats.base import BadFile, Format, Parcel, Report
from provision.formats.documents import DocumentFormat, PassedOver, documents_of
from provision.formats.pieces import InPieces, Piece
from provision.intake.fitting import fit


@dataclass(frozen=True)
class Job:
    """`parts` are documents, or of a format of lines one block, before which so many lines of the file stand."""

    kind: str
    options: Mapping[str, object]
    anonymised: bool
    parts: Sequence[bytes] = field(repr=False)
    before: int = 0


@dataclass(frozen=True)
class Made:
    """What became of a job: for every document None where it was taken, else why not; of those taken the tables as they
    may be stored, claims numbered from 0, the people, the raw head table for the keys, and what was counted."""

    verdicts: Sequence[BadFile | PassedOver | None]
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    parcel: Parcel | None = None
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)


def ours(kind: Format) -> bool:
    """Whether another process finds this format by its name: those that configuration makes it does not."""
    return formats().get(kind.id) is kind and type(kind).__module__.startswith(f"{formats.__module__}.")


def do(job: Job) -> Made | None:
    """Do it. None where it is refused as a whole, or its options are wrong: then the process that knows all pieces does
    it again and says why."""
    kind, report, applied = get(job.kind), Report(), Applied()
    try:
        verdicts, parcel = _read(kind, job, report)
        if parcel is None:
            return Made(verdicts)
        tables = fit(parcel, kind.dataset, report, applied, anonymised=job.anonymised)
    except (BadFile, TokumeiError):
        return None
    head = {name: frame for name, frame in parcel.tables.items() if name == kind.dataset.head}
    return Made(verdicts, tables, Parcel(head, parcel.people, parcel.records), report, applied)


def _read(kind: Format, job: Job, report: Report) -> tuple[list[BadFile | PassedOver | None], Parcel | None]:
    """The verdict on each document, and the parcel of those that are taken, None where none is."""
    if isinstance(kind, InPieces):
        return [None], kind.of_piece(Piece(job.parts[0], job.before), report, job.options)
    if not isinstance(kind, DocumentFormat):
        raise TypeError("pieces of this format cannot be read alone")
    found = documents_of(kind, job.parts, job.options)
    verdicts = [one if isinstance(one, BadFile | PassedOver) else None for one in found]
    taken = [one for one, verdict in zip(found, verdicts, strict=True) if verdict is None]
    if not taken:
        return verdicts, None
    parcel = kind.parcel(taken, report, job.options)
    if report.held:  # whose they are cannot be told in a group
        raise BadFile(report.held[0].rule, remedy="records of the document cannot be taken; ask the sender")
    return verdicts, parcel
