"""一件のファイルの取込: one sealed file of a batch -> parcels -> the staging of its dataset, whole or not at all.

Parcels are read one ahead. A file that is one document waits for others of its format, see `documents`.
"""

from __future__ import annotations

from contextlib import closing

from provision.ahead import ahead
from provision.formats.base import BadFile, Format
from provision.formats.documents import DOCUMENT_BYTES, DocumentFormat, Named, PassedOver, whole
from provision.formats.pieces import InPieces
from provision.formats.recognising import of_file
from provision.intake.documents import Documents
from provision.intake.groups import Waiting
from provision.intake.handed import Handed, take_pieces
from provision.intake.hands.job import ours
from provision.intake.parcels import take_parcel
from provision.intake.progress import Watched
from provision.intake.sealed import SealedFile, opened
from provision.intake.work import Reading, Work


def take_file(item: SealedFile, work: Work, documents: Documents, handed: Handed | None = None) -> None:
    """Take one file, or keep it in quarantine where it is not whole or of none of the source's formats (`BadFile`), or
    count it where it holds nothing to take."""
    if not work.mixed and (rule := _by_name(work.formats[0], item)):
        work.progress.heard(item.size)
        work.pass_over(work.formats[0], rule)
        return
    try:
        with opened(work.landing / item.sealed_name(), work.identity) as sealed:
            stream = work.progress.watch(item.number, sealed)
            _take(item, stream, of_file(work.formats, stream.head(), stream.head), work, documents, handed)
    except BadFile as error:
        work.refuse(item, error)


def _by_name(kind: Format, item: SealedFile) -> str:
    """The rule under which the sender's name says that there is nothing to take, "" where it says nothing such."""
    return kind.passed_over(item.name) if isinstance(kind, Named) else ""


def _take(
    item: SealedFile, stream: Watched, kind: Format, work: Work, documents: Documents, handed: Handed | None
) -> None:
    if rule := _by_name(kind, item):
        work.pass_over(kind, rule)
    elif isinstance(kind, DocumentFormat):
        _take_document(item, stream, kind, work, documents, handed)
    else:
        _take_records(item, stream, kind, work, handed)


def _take_document(
    item: SealedFile, stream: Watched, kind: DocumentFormat, work: Work, documents: Documents, handed: Handed | None
) -> None:
    data = whole(stream.stream(), DOCUMENT_BYTES)
    if handed is not None and ours(kind):
        handed.add(kind, Waiting(item, data, len(data)))
        return
    try:
        document = kind.document(data, work.source.options_of(kind.id))
    except PassedOver as over:
        work.pass_over(kind, over.rule)
    else:
        documents.add(kind, Waiting(item, document, len(data)))


def _take_records(item: SealedFile, stream: Watched, kind: Format, work: Work, handed: Handed | None) -> None:
    """Into the staging and the fingerprints, or, with the reader's `BadFile`, nothing of it into either."""
    read = work.reading(kind)
    mark = read.shelf.staging.mark()
    try:
        _read(stream, work, read, handed)
    except BadFile:
        read.shelf.staging.rollback(mark)
        work.fingerprints.settle(taken=False)
        raise
    work.fingerprints.settle(taken=True)
    if read.report.held:
        work.keeping.records(item, read.report.held)
        work.held += len(read.report.held)
    work.add(read)


def _read(stream: Watched, work: Work, read: Reading, handed: Handed | None) -> None:
    report, kind = work.progress.counting(read.report), read.format
    if handed is not None and isinstance(kind, InPieces) and ours(kind):
        take_pieces(kind, kind.pieces(stream.stream()), handed.hands, work, read)
        return
    reading = kind.read(stream.stream(), report, work.source.options_of(kind.id))
    with closing(ahead(reading)) as parcels:
        for parcel in parcels:
            take_parcel(parcel, work, read)
