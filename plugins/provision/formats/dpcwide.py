"""DPC survey files with one row per act, detail or assessment (EF, E, F, D, H) or per stay (様式4): the reader.

The head table ``stay`` has one row per stay or outpatient visit, the other table one per row of the file. In EF, E and
F column 3 is the discharge date, in outpatient files the birth date; nothing else in the row says which for certain, so
a day before the admission (or visit) is a birth, counted (``dpc.birth_in_discharge``), and kept as month only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import polars as pl

from provision.formats import tables
from provision.formats.base import ColumnClass, Dataset, Parcel, Report, Table
from provision.formats.columns import typed
from provision.formats.delimited import Coded
from provision.formats.dpcfile import DpcFile, Layout, Rows
from provision.formats.dpcrecognise import recognised
from provision.formats.dpcstays import Stays, dated, heads, people
from provision.formats.numbers import failing_insurer_numbers
from provision.formats.options import no_options
from provision.formats.tables import FieldTable

_PEOPLE = {"birth": "birth_month", "insurer": "insurer"}
_EITHER = "discharge_or_birth"
_NO_DAY = ["", "00000000", "99999999"]


@dataclass(frozen=True)
class WideDpc:
    """One of these formats. `forms` and `least`/`most` columns as in `Layout`; `strict`: a malformed number stops."""

    of_lines = True
    id: str
    words: tuple[str, str]
    table: str
    least: int
    most: int
    forms: tuple[tuple[int, str], ...]
    strict: bool = True

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": self.words[0], "en": self.words[1]}

    @cached_property
    def layout(self) -> Layout:
        """Columns and forms of the file."""
        return Layout(tables.load(self.table), self.least, self.most, dict(self.forms))

    @property
    def dataset(self) -> Dataset:
        """The stays and their rows."""
        return self.layout.table.dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The only layout known."""
        return (self.layout.table,)

    def recognise(self, head: bytes) -> str:
        """Why these bytes begin such a file; "" where they do not."""
        return recognised(self.layout, head, self.title["en"])

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of some 8 MiB each. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
        report.edition = self.dataset.edition
        reading = _Reading(self, report)
        for frame, records in DpcFile(self.layout, report).frames(stream):
            yield reading.parcel(frame, records)
        report.totals.update(stays=report.people, rows=reading.rows)


class _Reading:
    """What is known while one file is read."""

    def __init__(self, source: WideDpc, report: Report) -> None:
        self.source, self.report, self.stays = source, report, Stays()
        self.head = source.dataset.head
        physical = source.layout.physical
        self.places = {(f.table, f.column.name): f"c{f.index}" for f in physical}
        self.keys = [f"c{f.index}" for f in physical if f.table == self.head]
        self.rows = 0

    def parcel(self, frame: Coded, records: Rows) -> Parcel:
        """One frame of raw rows, typed, with the stays that begin in it."""
        rows, begins = self._numbered(self._split(frame), records)
        self.rows += rows.height
        begun = self._with_insurer(heads(self._of_the_head(rows), begins), rows)
        made = {
            table.name: self._table(table, begun if table.name == self.head else rows)
            for table in self.source.dataset.tables
        }
        made[self.head] = dated(made[self.head])
        who = people(made[self.head], _PEOPLE)
        self.report.people += who.height
        self.report.warn("check_digit:insurer", failing_insurer_numbers(who["insurer"]))
        return Parcel(made, who, frame.height)

    def _of_the_head(self, rows: Coded) -> Coded:
        """The columns that the head table is made of."""
        wanted = {place for (table, _), place in self.places.items() if table == self.head}
        wanted |= {column.name for column in self.source.dataset.table(self.head).columns} | {"claim_no", "record"}
        return Coded(rows.codes.select(name for name in rows.codes.columns if name in wanted), rows.words)

    def _numbered(self, rows: Coded, records: Rows) -> tuple[Coded, int]:
        """With claim numbers: one per stay, or one per row where the file has rows of stays only (様式4)."""
        dated = Coded(rows.codes.with_columns(record=pl.Series(records)), rows.words)
        if len(self.source.dataset.tables) > 1:
            return self.stays.number(dated, self.keys)
        begins = self.rows + 1
        numbers = pl.int_range(begins, begins + pl.len(), dtype=pl.Int64).alias("claim_no")
        return Coded(dated.codes.select(numbers, pl.all()), rows.words), begins

    def _split(self, rows: Coded) -> Coded:
        """With ``discharged`` and ``birth_month`` out of column 3 where it may be either."""
        if (self.head, _EITHER) not in self.places:
            return rows
        place, visited = self.places[self.head, _EITHER], self.places[self.head, "admitted"]
        filled, visit = (~rows.where(name, _is_no_day) for name in (place, visited))
        birth = filled & visit & (_days(rows, place) < _days(rows, visited))
        unknown = filled & ~visit
        self.report.warn("dpc.birth_in_discharge", int(birth.sum()))
        self.report.warn("dpc.discharge_or_birth_unknown", int(unknown.sum()))
        return rows.plus("birth_month", place, birth).plus("discharged", place, ~(birth | unknown))

    def _with_insurer(self, begun: Coded, rows: Coded) -> Coded:
        """Heads with ``insurer``, the first insurer number of each stay's rows, where there are any."""
        place = next((c for (_, name), c in self.places.items() if name == "row_insurer"), "")
        if not place:
            return begun
        own = rows.codes.filter(~rows.where(place, _is_no_number)).select("claim_no", insurer=pl.col(place))
        codes = begun.codes.join(
            own.unique("claim_no", keep="first", maintain_order=True), on="claim_no", how="left", maintain_order="left"
        )
        return Coded(codes, {**begun.words, "insurer": rows.words[place]})

    def _table(self, table: Table, rows: Coded) -> pl.DataFrame:
        columns = [c for c in table.columns if c.cls is not ColumnClass.FREE and c.name != _EITHER]
        places = {c.name: self.places.get((table.name, c.name), c.name) for c in columns}
        there = {name: place for name, place in places.items() if place in rows.words}
        absent = [pl.lit(None, pl.String).alias(name) for name in places if name not in there]
        raw = rows.codes.select("claim_no", *[pl.col(place).alias(name) for name, place in there.items()], *absent)
        words = {name: self._words(name, rows.words[place]) for name, place in there.items()}
        records = rows.codes["record"].to_numpy() if self.source.strict else None
        return typed(raw, table.name, columns, self.report, records, words)

    @staticmethod
    def _words(name: str, words: pl.Series) -> pl.Series:
        """Insurer numbers of zeros only are none."""
        return words.str.replace(r"^\s*0+\s*$", "") if name == "row_insurer" else words


def _is_no_day(word: pl.Expr) -> pl.Expr:
    return word.str.strip_chars(" ").is_in(_NO_DAY)


def _is_no_number(word: pl.Expr) -> pl.Expr:
    return word.str.strip_chars(" 0") == ""


def _days(rows: Coded, name: str) -> pl.Series:
    """Days as numbers that can be compared; null where the word is none."""
    return rows.words[name].str.strip_chars(" ").cast(pl.Int32, strict=False).gather(rows.codes[name])
