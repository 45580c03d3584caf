"""取込の集計: one batch being taken in: where it goes, and what was counted of the files taken so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyrage

from anonymization.receipt import Applied
from provision.context import Context
from provision.formats.base import BadFile, Format, Problem, Report
from provision.identity import shared_marks
from provision.intake.fingerprints import Fingerprints
from provision.intake.progress import Progress
from provision.intake.quarantine import Keeping
from provision.intake.sealed import SealedFile
from provision.intake.shelves import Shelf, Shelves
from provision.intake.vetoes import Vetoes
from provision.model import Source


@dataclass
class Reading:
    """What is counted of one file, or one group of documents, until it is known to be whole. `claims` is the first
    claim number after it, `files` how many files it is."""

    format: Format
    shelf: Shelf
    claims: int
    files: int = 1
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)
    cards: list[pl.DataFrame] = field(default_factory=list)


@dataclass
class Work:
    """One batch. `landing` holds its sealed files, `identity` opens them."""

    ctx: Context
    source: Source
    formats: tuple[Format, ...]
    landing: Path
    identity: pyrage.x25519.Identity
    shelves: Shelves
    fingerprints: Fingerprints
    keeping: Keeping
    progress: Progress
    vetoes: Vetoes
    report: Report = field(default_factory=Report)
    applied: Applied = field(default_factory=Applied)
    editions: set[str] = field(default_factory=set)
    files: dict[str, int] = field(default_factory=dict)  # format id -> files taken
    passed: dict[str, int] = field(default_factory=dict)  # rule -> files that hold nothing to take
    bad: int = 0
    held: int = 0
    cards: int = 0

    @property
    def mixed(self) -> bool:
        """Whether the source has several formats, so that what is said of one must name it."""
        return len(self.formats) > 1

    @property
    def anonymised(self) -> bool:
        """Whether the source says that its data are anonymised already."""
        return self.source.legal_status == "anonymised_received"

    @property
    def taken(self) -> int:
        """How many files were taken."""
        return sum(self.files.values())

    def reading(self, kind: Format, files: int = 1) -> Reading:
        """Begin with a file, or a group of them."""
        shelf = self.shelves.of(kind)
        return Reading(kind, shelf, shelf.claims, files)

    def said(self, kind: Format, words: str) -> str:
        """Words about files of one format."""
        return f"{kind.id} {words}" if self.mixed else words

    def refuse(self, item: SealedFile, why: BadFile) -> None:
        """Keep a file in quarantine that is not whole, or of none of the source's formats."""
        self.keeping.whole(item, Problem(f"file {item.number}", why.record, why.field, why.rule, why.remedy))
        self.bad += 1

    def pass_over(self, kind: Format, rule: str) -> None:
        """Count a file that holds nothing to take."""
        said = self.said(kind, rule)
        self.passed[said] = self.passed.get(said, 0) + 1

    def add(self, read: Reading) -> None:
        """What was read is whole, and in the staging."""
        kind = read.format
        read.shelf.claims, read.shelf.files = read.claims, read.shelf.files + read.files
        self.files[kind.id] = self.files.get(kind.id, 0) + read.files
        self.cards += shared_marks(pl.concat(read.cards)) if read.cards else 0
        self.editions.update(self.said(kind, edition) for edition in editions_of(kind, read.report))
        self.report.records += read.report.records
        self.report.people += read.report.people
        for rule, count in read.report.warnings.items():
            self.report.warn(self.said(kind, rule), count)
        for rule, count in read.applied.cells.items():
            self.applied.add(rule, count)


def editions_of(kind: Format, report: Report) -> set[str]:
    """The editions a file or a group was read by, as its reader says; a reader of one edition need not say it."""
    return report.editions or {report.edition or kind.dataset.edition}
