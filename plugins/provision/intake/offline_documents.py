"""Documents outside the platform: all of one format go into one set of tables, those of an archive when it is certain.

Groups are written as parts, which become one file a table at the end, so that memory does not grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from anonymization.receipt import Applied
from provision.formats.base import BadFile, Problem, Report
from provision.formats.documents import DocumentFormat
from provision.identity import card_marks, shared_marks
from provision.intake.deidentify import deidentify
from provision.intake.groups import Groups, Waiting, made
from provision.intake.offline import Writers
from provision.intake.outcome import FileResult, Outcome
from provision.intake.progress import Progress
from provision.intake.work import editions_of
from provision.store import Staging


@dataclass
class _Set:
    """Everything taken of one format: parts of tables, and what they add up to. `claims` is the next claim number."""

    kind: DocumentFormat
    staging: Staging
    documents: int = 0
    claims: int = 0
    editions: set[str] = field(default_factory=set)
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)
    cards: list[pl.DataFrame] = field(default_factory=list)

    def write(self, name: str, frame: pl.DataFrame, first: int) -> None:
        numbered = frame.with_columns(pl.col("claim_no") + first)
        self.staging.write(name, numbered)
        self.claims = max(self.claims, int(numbered["claim_no"].max() or 0) + 1)  # type: ignore[arg-type]

    def parts(self) -> Iterator[tuple[str, pl.DataFrame]]:
        for name, count in self.staging.parts.items():
            for number in range(count):
                yield name, pl.read_parquet(self.staging.folder / name / f"part-{number:05d}.parquet")

    def count(self, report: Report, applied: Applied, documents: int, editions: set[str]) -> None:
        self.documents += documents
        self.editions |= editions
        self.report.records += report.records
        self.report.people += report.people
        for rule, number in report.warnings.items():
            self.report.warn(rule, number)
        for name, number in report.totals.items():
            self.report.totals[name] = self.report.totals.get(name, 0) + number
        for rule, number in applied.cells.items():
            self.applied.add(rule, number)

    def result(self, label: str, reason: str) -> FileResult:
        report = self.report
        return FileResult(
            label, self.kind.id, reason, ", ".join(sorted(self.editions)), "", self.documents, report.records,
            report.people, self.staging.rows, self.applied.cells, report.warnings, report.totals,
            shared_marks(pl.concat(self.cards)) if self.cards else 0,
        )  # fmt: skip


class Gathered(Groups[str]):
    """Documents of a run, or of one archive until it is certain. `folder` is made where it is needed; places are labels
    of files for people. What is refused goes to `outcome`."""

    def __init__(self, folder: Path, outcome: Outcome, progress: Progress) -> None:
        super().__init__()
        self.folder, self.outcome, self.progress = folder, outcome, progress
        self.sets: dict[str, _Set] = {}
        self.reasons: dict[str, set[str]] = {}

    def read(self, kind: DocumentFormat, data: bytes, label: str, reason: str) -> None:
        """One more document. Raises `BadFile` and `PassedOver`."""
        document = kind.document(data, {})
        self.reasons.setdefault(kind.id, set()).add(reason)
        self.add(kind, Waiting(label, document, len(data)))

    def together(self, kind: DocumentFormat, waiting: list[Waiting[str]]) -> None:
        """See `Groups`."""
        report, applied = Report(), Applied()
        parcel = made(kind, waiting, report, {})
        tables = deidentify(parcel, kind.dataset, report, applied)
        self.progress.counting(report)
        whole = self._set(kind)
        first = whole.claims
        for name, frame in tables.items():
            whole.write(name, frame, first)
        whole.count(report, applied, len(waiting), editions_of(kind, report))
        whole.cards.append(card_marks(parcel.people))

    def trial(self, kind: DocumentFormat, waiting: list[Waiting[str]], report: Report) -> None:
        """See `Groups`."""
        deidentify(made(kind, waiting, report, {}), kind.dataset, report, Applied())

    def refused(self, place: str, why: BadFile) -> None:
        """Told with the files."""
        self.outcome.add(FileResult(place, problem=Problem(place, why.record, why.field, why.rule, why.remedy)))

    def join(self, other: Gathered) -> None:
        """Take over an archive that turned out to be whole: what waits goes on waiting, parts are numbered on."""
        for kind_id, reasons in other.reasons.items():
            self.reasons.setdefault(kind_id, set()).update(reasons)
        for theirs in other.sets.values():
            mine = self._set(theirs.kind)
            first = mine.claims
            for name, frame in theirs.parts():
                mine.write(name, frame, first)
            mine.count(theirs.report, theirs.applied, theirs.documents, theirs.editions)
            mine.cards += theirs.cards
        for kind, one in other.waiting():
            self.add(kind, one)

    def finish(self, out: Path, *, alone: bool) -> None:
        """Write the tables of every format: into `out` itself where one document was named, else ``<format>/``."""
        self.flush()
        for kind_id, whole in sorted(self.sets.items()):
            result = whole.result("file 1" if alone else "documents", "; ".join(sorted(self.reasons[kind_id])))
            result.folder = "" if alone else kind_id
            _write(whole, self.folder / "tables", out / result.folder)
            self.outcome.add(result)

    def _set(self, kind: DocumentFormat) -> _Set:
        if kind.id not in self.sets:
            folder = self.folder / kind.id
            folder.mkdir(parents=True)
            self.sets[kind.id] = _Set(kind, Staging(folder, folder))
        return self.sets[kind.id]


def _write(whole: _Set, making: Path, target: Path) -> None:
    making.mkdir()
    writers = Writers(making)
    try:
        for name, frame in whole.parts():
            writers.write({name: frame})
    finally:
        writers.close()
    target.mkdir(parents=True, exist_ok=True)
    for file in making.iterdir():
        file.rename(target / file.name)
    making.rmdir()
