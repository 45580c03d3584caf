"""文書の取込: documents of a batch go together into parcels, parcels into the staging of their dataset."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from anonymization.receipt import Applied
from provision.formats.base import BadFile, Report
from provision.formats.documents import DocumentFormat
from provision.identity import shared_marks
from provision.intake.fitting import fit
from provision.intake.groups import Groups, Waiting, made
from provision.intake.hands.job import Made
from provision.intake.parcels import put, take_parcel
from provision.intake.sealed import SealedFile
from provision.intake.work import Reading, Work


class Documents(Groups[SealedFile]):
    """The documents of one batch. `flush` ends them."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work
        self.cards: dict[str, pl.DataFrame] = {}

    def together(self, kind: DocumentFormat, waiting: list[Waiting[SealedFile]]) -> None:
        """See `Groups`."""
        work, read = self.work, self.work.reading(kind, len(waiting))
        options = work.source.options_of(kind.id)
        self._whole(read, lambda: take_parcel(made(kind, waiting, read.report, options), work, read))

    def ready(self, kind: DocumentFormat, files: int, made: Made) -> None:
        """Take the tables that a hand made of so many documents. Raises `BadFile` with nothing of them left behind."""
        read = self.work.reading(kind, files)
        read.report, read.applied = made.report, made.applied
        parcel = made.parcel
        if parcel is not None:
            self._whole(read, lambda: put(parcel, made.tables, self.work, read, read.shelf.claims))

    def _whole(self, read: Reading, take: Callable[[], None]) -> None:
        """Cards are kept for the end: two people on one card may be in two groups."""
        work, kind = self.work, read.format
        mark = read.shelf.staging.mark()
        try:
            take()
        except BadFile:
            read.shelf.staging.rollback(mark)
            work.fingerprints.settle(taken=False)
            raise
        work.fingerprints.settle(taken=True)
        work.progress.counting(read.report)
        known = [self.cards[kind.id]] if kind.id in self.cards else []
        self.cards[kind.id] = pl.concat([*known, *read.cards]).unique(maintain_order=True)
        read.cards.clear()
        work.add(read)

    def trial(self, kind: DocumentFormat, waiting: list[Waiting[SealedFile]], report: Report) -> None:
        """See `Groups`."""
        source = self.work.source
        parcel = made(kind, waiting, report, source.options_of(kind.id))
        fit(parcel, kind.dataset, report, Applied(), anonymised=self.work.anonymised)

    def refused(self, place: SealedFile, why: BadFile) -> None:
        """Into quarantine."""
        self.work.refuse(place, why)

    def flush(self) -> None:
        """No more will come."""
        super().flush()
        self.work.cards += sum(shared_marks(marks) for marks in self.cards.values())
        self.cards.clear()
