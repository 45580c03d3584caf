"""検査値と回答の行: results of checkups as rows of `testvalues`, judged once each, put into frames at once.

Checkups repeat themselves: the same test with the same result, unit and range comes back thousands of times. So what an
observation means is remembered with the way it is written, and documents only point to what it means. Rows hold cells
in the form of their columns already, and a frame of tens of thousands is made without looking at a cell again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats import tables
from provision.formats.base import Column, Dataset, Parcel, Report, Table
from provision.formats.cda_values import Said, Value, flag, plain
from provision.formats.checkup_items import ANSWER, Item
from provision.formats.documents import Document, gathered
from provision.formats.numbers import canonical_insurer
from provision.formats.testvalues import JLAC10

#: So many ways of writing are remembered; a region's checkups of a year have some ten thousand.
MEANINGS = 32_768
_WIDE = pl.Decimal(18, 6)  # numbers are written with up to six places, and rounded to the column's

#: Cells of one row behind its number, in the order of the table's columns; the day first, None for the document's own.
Cells = tuple[str | None, ...]


#: Longer ones are judged anew each time, so that what is remembered stays below 32 MB, whatever senders write.
_LONGEST = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """What one observation means: rows of tables, and rules by which something of it is not kept."""

    rows: tuple[tuple[str, Cells], ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass
class Checkup(Document):
    """One document (or one row of a file of rows): its head row and day, what its observations mean, and rules by
    which something of its head was not kept."""

    day: str | None = None
    meanings: list[Meaning] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def remembered(judge: Callable[..., Meaning]) -> Callable[..., Meaning]:
    """`judge`, a function of texts, asked once for each way of writing."""
    known = lru_cache(maxsize=MEANINGS)(judge)

    def asked(*written: str) -> Meaning:
        return known(*written) if sum(map(len, written)) <= _LONGEST else judge(*written)

    return asked


def rows(said: Said, item: Item, values: Sequence[Value]) -> tuple[tuple[str, Cells], ...]:
    """Values of an observation as rows of ``test_value``, or of ``answer`` where it is a question."""
    if item.kind == ANSWER:
        return tuple(("answer", (said.day, item.code, v.code, v.system, v.number, v.unit, v.absent)) for v in values)
    around = (plain(said.low), plain(said.high), flag(said.flag))
    return tuple(("test_value", _test_value(said.day, item, value, around)) for value in values)


def _test_value(day: str | None, item: Item, value: Value, around: Cells) -> Cells:
    start = (day, item.item, JLAC10, item.code, value.number, value.comparator, value.code, value.system)
    return (*start, value.unit, *around, value.absent)


def parcelled(dataset: Dataset, documents: Sequence[Checkup], report: Report) -> Parcel:
    """One parcel of many documents, each with one head row; results are numbered within their document."""
    first = report.people
    made = gathered(dataset, documents, report)
    made.people = with_plain_insurers(made.people)
    for document in documents:
        for rule, count in document.counts.items():
            report.warn(rule, count)
    told = Told.of(documents)
    told.count_dropped(report)
    for table in dataset.tables:
        if (frame := told.frame(table, first)) is not None:
            made.tables[table.name] = frame
    return made


def with_plain_insurers(people: pl.DataFrame) -> pl.DataFrame:
    """People with insurer numbers as compared everywhere: these senders fill six digits up with zeros to eight."""
    return people.with_columns(canonical_insurer(pl.col("insurer")))


@dataclass(frozen=True, repr=False)
class Told:
    """What all observations of many documents mean: `meanings` are the different ones, `which` the place of each
    observation's among them, `whose` its document, `days` the days of the documents."""

    meanings: Sequence[Meaning]
    which: npt.NDArray[np.int64]
    whose: npt.NDArray[np.int64]
    days: pl.Series

    @classmethod
    def of(cls, documents: Sequence[Checkup]) -> Self:
        """Of documents, in order. Equal meanings that are not the same object are different ones here."""
        every = [meaning for document in documents for meaning in document.meanings]
        _, first, which = np.unique(np.fromiter(map(id, every), np.int64), return_index=True, return_inverse=True)
        whose = np.repeat(np.arange(len(documents)), [len(document.meanings) for document in documents])
        days = pl.Series([document.day for document in documents], dtype=pl.String)
        return cls([every[place] for place in first.tolist()], which, whose, days)

    def count_dropped(self, report: Report) -> None:
        """Count what was not kept, by rule."""
        times = np.bincount(self.which, minlength=len(self.meanings)).tolist()
        for meaning, count in zip(self.meanings, times, strict=True):
            for rule in meaning.dropped:
                report.warn(rule, count)

    def frame(self, table: Table, first: int) -> pl.DataFrame | None:
        """The rows of a table, claims numbered on from `first`: the different rows, then each as often as it came.

        The first column numbers rows within their document; the second is their day.
        """
        own = [[cells for name, cells in meaning.rows if name == table.name] for meaning in self.meanings]
        counts = np.array([len(rows) for rows in own], np.int64)
        if not counts.sum():
            return None
        starts, times = (counts.cumsum() - counts)[self.which], counts[self.which]
        whose, within = np.repeat(self.whose, times), _numbered(times)
        words = [
            _series(column, cells)
            for column, cells in zip(table.columns[1:], zip(*chain.from_iterable(own), strict=True), strict=True)
        ]
        cells = pl.DataFrame(words)[np.repeat(starts, times) + within]
        day = cells.to_series(0)
        cells = cells.with_columns(day.zip_with(day.is_not_null(), self.days.gather(whose).alias(day.name)))
        per_document = np.bincount(whose, minlength=len(self.days))
        numbers = pl.Series(table.columns[0].name, _numbered(per_document) + 1)
        claims = pl.Series("claim_no", whose + first, pl.Int64)
        return pl.DataFrame([claims, numbers.cast(tables.polars_type(table.columns[0])), *cells.get_columns()])


def _numbered(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0, 1, 2 … within each of groups of these sizes."""
    return np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)


def _series(column: Column, cells: Sequence[str | None]) -> pl.Series:
    text = pl.Series(column.name, cells, pl.String)
    if column.dtype == "string":
        return text
    wanted = tables.polars_type(column)
    if text.null_count() == text.len():
        return text.cast(wanted)
    return text.cast(_WIDE).round(wanted.scale if isinstance(wanted, pl.Decimal) else 0).cast(wanted)
