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
from provision.formats.base import Column, ColumnClass, Dataset, Parcel, Report, Table
from provision.formats.columns import typed
from provision.formats.dpcfile import DpcFile, Layout, Rows, no_options
from provision.formats.dpcstays import Stays, heads, people
from provision.formats.numbers import failing_insurer_numbers

_PEOPLE = {"birth": "birth_month", "insurer": "insurer"}
_EITHER = "discharge_or_birth"
_NO_DAY = ["", "00000000", "99999999"]


@dataclass(frozen=True)
class WideDpc:
    """One of these formats. `forms` and `least`/`most` columns as in `Layout`; `strict`: a malformed number stops."""

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

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of some 8 MiB each. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
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

    def parcel(self, frame: pl.DataFrame, records: Rows) -> Parcel:
        """One frame of raw rows, typed, with the stays that begin in it."""
        rows, first = self._numbered(self._split(frame).with_columns(record=pl.Series(records)))
        self.rows += rows.height
        made = {
            table.name: self._table(table, heads(rows, first) if table.name == self.head else rows)
            for table in self.source.dataset.tables
        }
        who = people(made[self.head], _PEOPLE)
        self.report.people += who.height
        self.report.warn("check_digit:insurer", failing_insurer_numbers(who["insurer"]))
        return Parcel(made, who, frame.height)

    def _numbered(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """With claim numbers: one per stay, or one per row where the file has rows of stays only (様式4)."""
        if len(self.source.dataset.tables) > 1:
            numbered, first = self.stays.number(rows, self.keys)
            return self._with_insurer(numbered), first
        first = self.rows + 1
        return rows.select(pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias("claim_no"), pl.all()), first

    def _split(self, frame: pl.DataFrame) -> pl.DataFrame:
        """With ``discharged`` and ``birth_month`` out of column 3 where it may be either."""
        if (self.head, _EITHER) not in self.places:
            return frame
        day, visit = (pl.col(self.places[self.head, name]).str.strip_chars(" ") for name in (_EITHER, "admitted"))
        filled = ~day.is_in(_NO_DAY)
        known = frame.select(
            birth=filled & ~visit.is_in(_NO_DAY) & (day < visit), unknown=filled & visit.is_in(_NO_DAY)
        )
        self.report.warn("dpc.birth_in_discharge", int(known["birth"].sum()))
        self.report.warn("dpc.discharge_or_birth_unknown", int(known["unknown"].sum()))
        kept = ~(known["birth"] | known["unknown"])
        return frame.with_columns(
            birth_month=pl.when(known["birth"]).then(day).otherwise(pl.lit("")),
            discharged=pl.when(kept).then(day).otherwise(pl.lit("")),
        )

    def _with_insurer(self, rows: pl.DataFrame) -> pl.DataFrame:
        """With ``insurer``, the first insurer number of each stay, where the rows have any. Zeros are none."""
        place = next((c for (_, name), c in self.places.items() if name == "row_insurer"), "")
        if not place:
            return rows
        cleaned = rows.with_columns(pl.col(place).str.replace(r"^\s*0+\s*$", ""))
        own = cleaned.select("claim_no", insurer=pl.col(place)).filter(pl.col("insurer") != "")
        return cleaned.join(own.unique("claim_no", keep="first"), on="claim_no", how="left", maintain_order="left")

    def _table(self, table: Table, rows: pl.DataFrame) -> pl.DataFrame:
        columns = [c for c in table.columns if c.cls is not ColumnClass.FREE and c.name != _EITHER]
        raw = rows.select("claim_no", *[self._column(table.name, column, rows) for column in columns])
        records = rows["record"].to_list() if self.source.strict else None
        return typed(raw, table.name, columns, self.report, records)

    def _column(self, table: str, column: Column, rows: pl.DataFrame) -> pl.Expr:
        """The raw column; empty where an older or shorter layout does not have it."""
        place = self.places.get((table, column.name), column.name)
        return (pl.col(place) if place in rows.columns else pl.lit("")).alias(column.name)
