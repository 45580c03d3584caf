"""The engine of the UKE readers (レセプト電算処理): a stream of records to parcels of whole claims.

Source: 記録条件仕様（医科用）令和4年4月版; what the kinds share is the same in 歯科, 調剤 and DPC. `UkeKind` says what
differs. Free text and names of facilities are never read as columns; reserved columns that are filled are counted. A
claim with undecodable bytes is held (`ukeheld`), the rest of the file goes on.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, cast

import polars as pl

from provision.ahead import ahead
from provision.formats.base import BadFile, Dataset, Parcel, Report
from provision.formats.numbers import failing_insurer_numbers
from provision.formats.options import no_options
from provision.formats.recordfile import CHUNK, Lines, chunks
from provision.formats.tables import DROPPED, FieldTable, polars_type
from provision.formats.ukechunk import Chunk, Running
from provision.formats.ukeeditions import Choice, superset
from provision.formats.ukeheld import RULE, raw_claims, without
from provision.formats.ukekind import UkeKind
from provision.formats.ukepeople import people
from provision.formats.ukerecognise import PLAIN, may_yet_be, recognised
from provision.formats.uketotals import reconcile


@dataclass(frozen=True)
class UkeFormat:
    """A reader of one kind of claims; see `provision.formats.base.Format`. `earlier` are the kinds of older files that
    begin with another record; `form` is how the lines look (`ukerecognise`)."""

    of_lines = True
    id: str
    ja: str
    en: str
    kind: UkeKind
    earlier: tuple[UkeKind, ...] = ()
    form: str = PLAIN

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": self.ja, "en": self.en}

    @cached_property
    def dataset(self) -> Dataset:
        """The tables of this kind of claims, one schema for all editions."""
        return superset([kind.dataset for kind in (*self.earlier, self.kind)])

    @cached_property
    def editions(self) -> tuple[FieldTable, ...]:
        """The field tables, oldest first."""
        return tuple(table for kind in (*self.earlier, self.kind) for table in kind.editions)

    def recognise(self, head: bytes) -> str:
        """See `Format.recognise`: by the first record, front columns and the record kinds that only one kind has."""
        return recognised(head, self.form, self.kind.sort)

    def may_yet_be(self, head: bytes) -> bool:
        """See `recognising.Undecided`: a DPC file may begin with claims by the medical point table."""
        return may_yet_be(head, self.form, self.kind.sort)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Parcels of whole claims; see `Format.read`. Raises `BadFile`; GO totals are reconciled per volume."""
        no_options(self.id, options)
        return self.claims(stream, report, CHUNK)

    def claims(self, stream: BinaryIO, report: Report, size: int) -> Iterator[Parcel]:
        """The work of `read`, in chunks of about `size` bytes."""
        kind, stream = self._opened(stream)
        running = Running()
        with closing(ahead(_scanned(stream, kind, running, size))) as scanned:
            for chunk, report.edition in scanned:
                yield self._parcel(chunk, report)
        _finished(running, report, kind)
        for name, count in running.warnings.items():
            report.warn(name, count)

    def _opened(self, stream: BinaryIO) -> tuple[UkeKind, BinaryIO]:
        """The kind whose opening record the file begins with (the newest where none has it), and the whole stream."""
        if not self.earlier:
            return self.kind, stream
        head = b""
        while len(head) < 2 and (piece := stream.read(2 - len(head))):
            head += piece
        found = [kind for kind in self.earlier if kind.opening.encode() == head]
        return (found[0] if found else self.kind), cast(BinaryIO, _Rejoined(head, stream))

    def _parcel(self, chunk: Chunk, report: Report) -> Parcel:
        chunk.check()
        frames = chunk.frames()
        reconcile(chunk, frames, report)
        if chunk.held:
            frames = self._hold(chunk, frames, report)
        found = people(frames, chunk.kind)
        report.records += len(chunk.lines.ends)
        report.people += found.height
        report.warn("check_digit:insurer", failing_insurer_numbers(found["insurer"]))
        for record in chunk.kind.about_file:  # no claim may carry along what is about the file
            if record in chunk.kind.present and (name := chunk.kind.table_of(record)) in frames:
                frames[name] = frames[name].with_columns(claim_no=pl.lit(None, pl.Int64))
        tables = {name: self._complete(name, frame) for name, frame in frames.items()}
        return Parcel(tables, found, len(chunk.lines.ends))

    def _complete(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The table's columns in their order; those that are stored and an edition does not have are empty."""
        columns = [c for c in self.dataset.table(name).columns if c.name in frame.columns or c.cls not in DROPPED]
        return frame.select(
            "claim_no",
            *[c.name if c.name in frame.columns else pl.lit(None, polars_type(c)).alias(c.name) for c in columns],
        )

    def _hold(self, chunk: Chunk, frames: dict[str, pl.DataFrame], report: Report) -> dict[str, pl.DataFrame]:
        """Put the damaged claims aside, for quarantine, and give the frames without them."""
        lines, outside = chunk.original, chunk.outside
        for line, raw in zip(chunk.held.values(), raw_claims(chunk.held, lines, chunk.claim_of, outside), strict=True):
            report.hold(lines.record(line), RULE, raw)
        about = {chunk.kind.table_of(record) for record in chunk.kind.about_file if record in chunk.kind.present}
        return without(frames, chunk.held, about)


def _scanned(stream: BinaryIO, kind: UkeKind, running: Running, size: int) -> Iterator[tuple[Chunk, str]]:
    """The chunks of about `size` bytes with what can be found of each without those before it, and the editions used so
    far; drawn ahead, so nothing here may touch `running`, which the chunks are handed."""
    choice, records = Choice(kind), 0
    for data in chunks(stream, kind.start.encode() + b",", size):
        for lines in choice.parts(Lines(_without_end_marks(data), records)):
            chunk = Chunk(lines, running, choice.kind, grown=choice.grown)
            chunk.scan()
            records += len(lines.ends)
            yield chunk, ", ".join(choice.used)


def _finished(running: Running, report: Report, kind: UkeKind) -> None:
    """Raise `BadFile` where the file had no records, no claims, none but held ones or, where it closes with one, no
    GO."""
    if not running.records:
        raise BadFile("uke.empty", remedy="the file holds no records; ask the sender for the file again")
    if not kind.repeats and not running.closed:
        rule = f"uke.no_{kind.closing.lower()}"
        raise BadFile(rule, record=running.records, remedy="the file is cut off; ask the sender for it again")
    if not running.claims:
        raise BadFile("uke.empty", record=1, remedy="the file holds no claims; ask the sender for the right file")
    if report.held and not report.people:
        raise BadFile(RULE, record=report.held[0].record, remedy="no claim of it can be taken; ask the sender again")


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were looked at."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self.head, self.rest = head, rest

    def read(self, size: int = -1) -> bytes:
        """The bytes that were looked at, then the others."""
        head, self.head = self.head, b""
        return head or self.rest.read(size)


def _without_end_marks(data: bytes) -> bytes:
    """The chunk without the 0x1A that stand between concatenated files."""
    return data.replace(b"\n\x1a", b"\n").removeprefix(b"\x1a") if b"\x1a" in data else data
