"""手分けした取込: documents and pieces of files on their way through hands (`hands`), taken in their order.

A piece that hands do not make is made here, as if there were none; so is every decision about more than one piece.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping

from provision.formats.base import BadFile, Report
from provision.formats.documents import DocumentFormat, PassedOver, documents_of
from provision.formats.pieces import InPieces, Piece
from provision.intake.documents import Documents
from provision.intake.domains import OUTSIDE, check_share
from provision.intake.groups import Gathering, Place, Waiting
from provision.intake.hands.job import Job, Made
from provision.intake.hands.pool import Hands, InOrder
from provision.intake.parcels import put, take_parcel
from provision.intake.sealed import SealedFile
from provision.intake.work import Reading, Work

_Documents = list[Waiting[SealedFile]]


class Handing(Gathering[Place]):
    """Documents, as bytes, that go to hands in groups. What becomes of them is said by who inherits this."""

    def __init__(self, hands: Hands, *, anonymised: bool) -> None:
        super().__init__()
        self.hands, self.anonymised = hands, anonymised
        self._jobs: InOrder[tuple[DocumentFormat, list[Waiting[Place]]]] = InOrder(hands)

    @abstractmethod
    def options_of(self, kind: DocumentFormat) -> Mapping[str, object]:
        """The options that a format is read with."""

    @abstractmethod
    def settle(self, kind: DocumentFormat, group: list[Waiting[Place]], made: Made | None) -> None:
        """What became of a group, groups in their order."""

    def take(self, kind: DocumentFormat, waiting: list[Waiting[Place]]) -> None:
        """Hand out a group, and settle what is done."""
        parts = [one.document for one in waiting]
        self._jobs.send((kind, waiting), Job(kind.id, self.options_of(kind), self.anonymised, parts))
        self._settle(all_of_them=False)

    def flush(self) -> None:
        """No more will come."""
        super().flush()
        self._settle(all_of_them=True)

    def _settle(self, *, all_of_them: bool) -> None:
        for (kind, group), made in self._jobs.done(all_of_them=all_of_them):
            self.settle(kind, group, made)


class Handed(Handing[SealedFile]):
    """Documents of a batch on their way; those that come back are taken by `documents`."""

    def __init__(self, hands: Hands, documents: Documents) -> None:
        super().__init__(hands, anonymised=documents.work.anonymised)
        self.documents, self.work = documents, documents.work

    def options_of(self, kind: DocumentFormat) -> Mapping[str, object]:
        """See `Handing`."""
        return self.work.source.options_of(kind.id)

    def settle(self, kind: DocumentFormat, group: _Documents, made: Made | None) -> None:
        """Take the tables, or read the documents here where there are none."""
        if made is None:
            self._again(kind, group)
            return
        taken = self._judged(kind, group, made.verdicts)
        try:
            self.documents.ready(kind, len(taken), made)
        except BadFile:
            self._again(kind, taken)

    def _again(self, kind: DocumentFormat, group: _Documents) -> None:
        """Read documents here, one by one where some of them spoil the others."""
        found = documents_of(kind, [one.document for one in group], self.options_of(kind))
        read = [Waiting(one.place, document, one.size) for one, document in zip(group, found, strict=True)]
        self.documents.take(kind, self._judged(kind, read, found))

    def _judged(self, kind: DocumentFormat, group: _Documents, verdicts: Iterable[object]) -> _Documents:
        """The documents that are taken; others are refused or passed over."""
        taken = []
        for one, verdict in zip(group, verdicts, strict=True):
            if isinstance(verdict, PassedOver):
                self.work.pass_over(kind, verdict.rule)
            elif isinstance(verdict, BadFile):
                self.documents.refused(one.place, verdict)
            else:
                taken.append(one)
        return taken


def take_pieces(kind: InPieces, pieces: Iterable[Piece], hands: Hands, work: Work, read: Reading) -> None:
    """All pieces of a file. Raises `BadFile`."""
    options = work.source.options_of(kind.id)
    jobs: InOrder[Piece] = InOrder(hands)
    for piece in pieces:
        jobs.send(piece, Job(kind.id, options, work.anonymised, [piece.data], piece.before))
        for done, made in jobs.done():
            _take_piece(kind, done, made, work, read)
    for done, made in jobs.done(all_of_them=True):
        _take_piece(kind, done, made, work, read)
    kind.check_whole(read.report)


def _take_piece(kind: InPieces, piece: Piece, made: Made | None, work: Work, read: Reading) -> None:
    if made is None or made.parcel is None:
        take_parcel(kind.of_piece(piece, read.report, work.source.options_of(kind.id)), work, read)
        return
    first = read.shelf.claims + read.report.people
    add(read.report, made.report)
    for rule, count in made.applied.cells.items():
        read.applied.add(rule, count)
    put(made.parcel, made.tables, work, read, first)


def add(report: Report, piece: Report) -> None:
    """Add what was counted of a piece to what was counted of the file. Raises `BadFile` where that is too much."""
    report.edition = piece.edition
    report.records += piece.records
    report.people += piece.people
    for table, rows in piece.rows.items():
        report.rows[table] = report.rows.get(table, 0) + rows
    for held in piece.held:
        report.hold(held.record, held.rule, held.raw)
    for name, total in piece.totals.items():
        report.totals[name] = report.totals.get(name, 0) + total
    for rule, count in piece.warnings.items():
        if not rule.startswith("held:"):  # counted just now
            report.warn(rule, count)
        if rule.startswith(OUTSIDE):
            check_share(report, rule.removeprefix(OUTSIDE))
