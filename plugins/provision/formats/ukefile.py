"""The engine of the UKE readers (レセプト電算処理): a stream of records to parcels of whole claims.

Source: 記録条件仕様（医科用）令和4年4月版; what the kinds share is the same in 歯科, 調剤 and DPC. `UkeKind` says what
differs. Free text and names of facilities are never read as columns; reserved columns that are filled are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from provision.formats.base import BadFile, Dataset, Parcel, Report
from provision.formats.numbers import failing_insurer_numbers
from provision.formats.recordfile import CHUNK, Lines, chunks
from provision.formats.ukechunk import Chunk, Running
from provision.formats.ukekind import UkeKind
from provision.formats.ukepeople import people
from provision.formats.uketotals import reconcile


@dataclass(frozen=True)
class UkeFormat:
    """A reader of one kind of claims; see `provision.formats.base.Format`."""

    id: str
    ja: str
    en: str
    kind: UkeKind

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": self.ja, "en": self.en}

    @property
    def dataset(self) -> Dataset:
        """The tables of this kind of claims."""
        return self.kind.fields.dataset

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Parcels of whole claims; see `Format.read`. Raises `BadFile`; GO totals are reconciled per volume."""
        return self.claims(stream, report, CHUNK)

    def claims(self, stream: BinaryIO, report: Report, size: int) -> Iterator[Parcel]:
        """The work of `read`, in chunks of about `size` bytes."""
        running = Running()
        for data in chunks(stream, self.kind.start.encode() + b",", size):
            lines = Lines(_without_end_marks(data), running.records)
            yield self._parcel(Chunk(lines, running, self.kind), report)
        _finished(running, closes=not self.kind.repeats)
        for name, count in running.warnings.items():
            report.warn(name, count)

    def _parcel(self, chunk: Chunk, report: Report) -> Parcel:
        chunk.check()
        frames = chunk.frames()
        found = people(frames, self.kind)
        reconcile(chunk, frames, report)
        report.records += len(chunk.lines.ends)
        report.people += found.height
        report.warn("check_digit:insurer", failing_insurer_numbers(found["insurer"]))
        for record in self.kind.about_file:  # no claim may carry along what is about the file
            if (name := self.kind.table_of(record)) in frames:
                frames[name] = frames[name].with_columns(claim_no=pl.lit(None, pl.Int64))
        wanted = {t.name: [c.name for c in t.columns] for t in self.dataset.tables}
        return Parcel(
            {
                name: frame.select("claim_no", *[c for c in wanted[name] if c in frame.columns])
                for name, frame in frames.items()
            },
            found,
            len(chunk.lines.ends),
        )


def _finished(running: Running, *, closes: bool) -> None:
    """Raise `BadFile` where the file had no records, no claims or, where it `closes` with one, no GO."""
    if not running.records:
        raise BadFile("uke.empty", remedy="the file holds no records; ask the sender for the file again")
    if closes and not running.closed:
        raise BadFile("uke.no_go", record=running.records, remedy="the file is cut off; ask the sender for it again")
    if not running.claims:
        raise BadFile("uke.empty", record=1, remedy="the file holds no claims; ask the sender for the right file")


def _without_end_marks(data: bytes) -> bytes:
    """The chunk without the 0x1A that stand between concatenated files."""
    return data.replace(b"\n\x1a", b"\n").removeprefix(b"\x1a") if b"\x1a" in data else data
