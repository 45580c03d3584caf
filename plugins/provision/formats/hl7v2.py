"""HL7 v2.5 messages in files: one or many, with or without batches (FHS, BHS, BTS, FTS) and MLLP framing.

A message that cannot be taken is held for quarantine and the others go on, up to the limits of `Report.hold`; a file of
which nothing can be taken is refused. Kinds of messages, fields and rules are those of SS-MIX2 and the updates and
cancellations of them (`hl7kinds`, `hl7fields`). Files are drawn message by message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from provision.formats import hl7fields, hl7kinds, hl7recognise, hl7taken
from provision.formats.base import BadFile, Dataset, Parcel, Report
from provision.formats.documents import PARCEL_BYTES, PARCEL_DOCUMENTS
from provision.formats.hl7options import Options, options_of
from provision.formats.hl7stream import Envelope
from provision.formats.hl7taken import Taken
from provision.formats.tables import Field, FieldTable


@dataclass(frozen=True)
class Hl7v2:
    """The reader; options ``facility``, ``items`` and ``encoding`` (`hl7options`)."""

    id: str = "hl7v2"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "HL7 v2.5メッセージ", "en": "HL7 v2.5 messages"}

    @property
    def dataset(self) -> Dataset:
        """The tables of HL7 messages."""
        return hl7fields.plain().dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """HL7 v2.5; older and newer 2.x messages have the same fields where anything is kept."""
        return (hl7fields.plain(),)

    def never_reads(self, field: Field) -> bool:
        """Dropped fields that tell nobody's identity are never read."""
        return hl7fields.never_reads(field)

    def recognise(self, head: bytes) -> str:
        """By the header of the file, the batch or the first message, where it is no SS-MIX2 storage."""
        said = hl7recognise.begins(head) and not hl7recognise.is_storage(head)
        return "HL7 version 2 messages" if said else ""

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Parcels of many messages. Raises `BadFile`; `FixConfiguration` for options that are not ours."""
        said = options_of(self.id, options, "facility", "items", "encoding")
        taken, size, envelope = list[Taken](), 0, Envelope(report)
        for raw in envelope.messages(stream):
            taken += _one(raw, envelope.number, said, report)
            size += len(raw)
            if len(taken) >= PARCEL_DOCUMENTS or size >= PARCEL_BYTES:
                yield hl7taken.parcel(self.dataset.id, self.dataset.edition, taken, report)
                taken, size = [], 0
        if taken:
            yield hl7taken.parcel(self.dataset.id, self.dataset.edition, taken, report)
        elif not report.people:
            raise _nothing(report)


def _one(raw: bytes, number: int, options: Options, report: Report) -> list[Taken]:
    """The message, or nothing where it is held. Raises `BadFile` where that are more than a few."""
    try:
        return [hl7taken.take(raw, "hl7v2", hl7kinds.PLAIN, options)]
    except BadFile as error:
        report.records += 1
        report.hold(number, error.rule, raw)
    return []


def _nothing(report: Report) -> BadFile:
    """Of no message anything was taken: the file is refused for the first reason."""
    if not report.held:
        return BadFile("file.empty", remedy="there are no messages in the file; ask the sender for the right file")
    first = report.held[0]
    return BadFile(
        first.rule, record=first.record, remedy="no message of the file can be taken; ask the sender for it again"
    )


FORMAT = Hl7v2()
