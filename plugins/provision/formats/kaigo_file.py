"""The engine of the 国保連 readers: a stream of records to parcels of whole claims.

Physical file: one or more sets of a control record ``1``, data records ``2`` and an end record ``3``; column 2 is a
running number without a gap. Control items: 3 volume, 4 data count, 5 data kind, 11 processing month (grade C). Sets in
one file are read one after the other; volumes (通番 2 and more) go on with the totals of the set before them.

Undecodable bytes: the whole claim is held for quarantine and left out of the parcels; totals are reconciled with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from typing import BinaryIO

import numpy as np
import polars as pl

from provision.ahead import ahead
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.kaigo_columns import LINE, Known
from provision.formats.kaigo_kind import CareKind, Totals
from provision.formats.kaigo_page import Page
from provision.formats.kaigo_text import AGAIN, Lines, Mask, Positions, clean, pages
from provision.formats.numbers import failing_insurer_numbers
from provision.formats.options import no_options
from provision.formats.tables import FieldTable

_CONTROL, _DATA, _END = b"123"
_CONTROL_ITEMS = 12
_DIGITS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class CareFormat:
    """A reader of one kind of file; see `provision.formats.base.Format`. Takes no options."""

    of_lines = True
    id: str
    ja: str
    en: str
    kind: CareKind

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": self.ja, "en": self.en}

    @property
    def dataset(self) -> Dataset:
        """The tables of the newest edition."""
        return self.kind.loaded[-1].dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """Every field table, oldest first."""
        return self.kind.loaded

    def recognise(self, head: bytes) -> str:
        """By the data kind of the control record and the exchange form of the first claim."""
        return self.kind.recognised(head)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of whole claims. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
        reading = _Reading(self.kind, report)
        with closing(ahead(_blocks(stream, self.kind))) as blocks:
            for block in blocks:
                yield from reading.block(block)
        reading.finish()


@dataclass(frozen=True, repr=False)
class _Block:
    """Whole claims as they came and cleaned; `bad` are the lines with undecodable bytes."""

    raw: bytes
    lines: Lines
    bad: Positions


def _blocks(stream: BinaryIO, kind: CareKind) -> Iterator[_Block]:
    """The blocks of a file with what can be found of each without those before it; drawn ahead."""
    records = 0
    for raw in pages(stream, kind.key_of):
        cleaned = clean(raw, records)
        lines = Lines(cleaned.data)
        records += lines.count
        yield _Block(raw, lines, np.array(cleaned.bad, np.int64))


@dataclass
class _Reading:
    """What is known while one file is read. `following` is the next running number, 0 where a control is due."""

    kind: CareKind
    report: Report
    records: int = 0
    claims: int = 0
    data: int = 0
    left: int = 0
    following: int = 0
    volume: int = 0
    totals: Totals | None = None
    known: Known = field(default_factory=dict)

    def fail(self, rule: str, name: str, remedy: str, record: int = 0) -> BadFile:
        return BadFile(f"kaigo.{rule}", record=record or self.records, field=name, remedy=f"{remedy}; {AGAIN}")

    def block(self, block: _Block) -> Iterator[Parcel]:
        """The parcels of one block, one for each set it holds a part of."""
        raw, lines, bad = block.raw, block.lines, block.bad
        controls = np.flatnonzero(lines.kinds == _CONTROL).tolist()
        cuts = sorted({0, *controls, lines.count})
        for first, last in pairwise(cuts):
            part = lines if len(cuts) == 2 else Lines(lines.data[lines.starts[first] : lines.ends[last - 1] + 1])
            yield self._part(part, raw, first, bad[(bad >= first) & (bad < last)] - first)

    def _part(self, lines: Lines, raw: bytes, first: int, bad: Positions) -> Parcel:
        """The records of one set, or of a piece of it."""
        data = self._envelope(lines, bad)
        page = Page(self.kind, lines, self.report, self.records, self.claims, data, bad, self.known)
        page.arrange(self.kind.arrange(page))
        found = page.frames()
        self.totals = self.totals or self.kind.new_totals()
        self.totals.add(found, page)
        if bad.size:
            found = _without_held(found, page, raw, first)
        self.claims = page.last_claim
        self.records += lines.count
        self.report.records += lines.count
        return self._parcel(found, int(data.sum()))

    def _envelope(self, lines: Lines, bad: Positions) -> Mask:
        """Check kinds and running numbers of the records, and the count at the end; gives the data records."""
        kinds, place = lines.kinds, np.arange(lines.count)
        if kinds[0] == _CONTROL:
            self._control(lines.data[: lines.ends[0]].decode("latin-1").split(","))
        elif not self.following:
            rule, remedy = ("after_end", "nothing but a further set") if self.records else ("control", "a set")
            raise self.fail(rule, "line_kind", f"{remedy} may begin here, with a control record", self.records + 1)
        ends = np.flatnonzero(kinds == _END)
        self._stop(place > (ends[0] if ends.size else lines.count), "after_end", "nothing may follow the end record")
        self._stop(lines.number(1) != self.following + place, "running_number", "they count from 1 without a gap")
        data = kinds == _DATA
        known = (data & (lines.items >= 4)) | (kinds == _END) | ((kinds == _CONTROL) & (place == 0))
        self._stop(~known, "line_kind", "after the control record come data records and the end record")
        self._stop(np.isin(place, bad) & ~data, "encoding", "the frame of the file holds undecodable bytes")
        self.following = 0 if ends.size else self.following + lines.count
        self.left -= int(data.sum())
        self.data += int(data.sum())
        if self.left and not self.following:
            record = self.records + lines.count
            raise self.fail("data_count", "data_count", "the control record announces another number of data", record)
        return np.asarray(data)

    def _stop(self, wrong: Mask, rule: str, remedy: str) -> None:
        if wrong.any():
            record = self.records + int(np.flatnonzero(wrong)[0]) + 1
            raise self.fail(rule, "line_no" if rule == "running_number" else "line_kind", remedy, record)

    def _control(self, control: list[str]) -> None:
        """Begin a set: with totals of its own, or as a further volume of the set before it."""
        record = self.records + 1
        if self.following:
            raise self.fail("line_kind", "line_kind", "the set before has no end record", record)
        if len(control) < _CONTROL_ITEMS or not all(map(_DIGITS.fullmatch, (control[1], control[3]))):
            raise self.fail("control", "line_kind", "no control record of 12 items", record)
        if control[4] not in self.kind.data_kinds:
            kinds = " or ".join(sorted(self.kind.data_kinds))
            raise self.fail("data_kind", "data_kind", f"this format takes data kind {kinds}", record)
        volume = int(control[2]) if _DIGITS.fullmatch(control[2]) else 0
        if int(control[1]) != 1 and volume < 2:
            raise self.fail("control", "line_no", "running numbers count from 1", record)
        if self.totals is not None and volume < 2:
            self._close()
        if self.totals is None:
            self.volume = volume
        self.following, self.left = int(control[1]), int(control[3])
        self.report.edition = self.kind.edition(f"{control[10][:4]}-{control[10][4:6]}")

    def _close(self) -> None:
        """Reconcile a set, with its further volumes; what begins with a further volume is only a part."""
        if self.totals is not None:
            self.totals.reconcile(self.report, part=self.volume > 1)
        self.totals = None

    def finish(self) -> None:
        """Check that the file is whole and adds up."""
        if self.records == 0:
            raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
        if self.following:
            raise self.fail("no_end", "line_kind", "the file is cut off: there is no end record")
        self._close()
        self.report.totals.update(claims=self.claims, data_records=self.data)

    def _parcel(self, found: Mapping[str, pl.DataFrame], records: int) -> Parcel:
        people = _people(found[self.kind.head])
        self.report.people += people.height
        self.report.warn("check_digit:care_insurer", failing_insurer_numbers(people["care_insurer"]))
        return Parcel({name: frame.drop(LINE) for name, frame in found.items()}, people, records)


def _without_held(found: Mapping[str, pl.DataFrame], page: Page, raw: bytes, first: int) -> dict[str, pl.DataFrame]:
    """The tables without the claims that cannot be taken, which are given to the report as they came."""
    source = raw.split(b"\n")
    gone: set[int] = set()
    for start, last in page.held():
        text = b"\n".join(source[first + start : first + last + 1]) + b"\n"
        page.report.hold(page.offset + start + 1, "text.encoding", text)
        gone.update(range(start, last + 1))
    return {name: frame.filter(~pl.col(LINE).is_in(sorted(gone))) for name, frame in found.items()}


def _people(claims: pl.DataFrame) -> pl.DataFrame:
    """`PEOPLE_COLUMNS` of the claims: long-term care insurer and number, birth, sex and provider is all there is.

    The key was checked (`Page`): an insured number is ten digits, or H and nine, which is its canonical form.
    """
    known = {
        "claim_no": pl.col("claim_no"),
        "birth": pl.col("birth_month"),
        "sex": pl.col("sex"),
        "care_insurer": pl.col("care_insurer"),
        "care_number": pl.col("insured_number"),
        "facility": pl.col("facility"),
    }
    return claims.select(known.get(name, pl.lit(None, pl.String)).alias(name) for name in PEOPLE_COLUMNS)
