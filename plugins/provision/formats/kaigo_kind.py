"""What differs between the three kinds of 国保連 files (711 claims, 812 care planning, 821 benefit plans).

A *record* is a layout of the field tables: its name stands in their column ``record``. A claim is a run of records with
one key; its head row is made of its first or its last record.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats.base import Report
from provision.formats.kaigo_text import Mask
from provision.formats.tables import Field, FieldTable, load

if TYPE_CHECKING:
    from provision.formats.kaigo_page import Page


class Order(NamedTuple):
    """For every line of a page: the place of its record in `CareKind.records` (-1 for none) and whether it opens a
    claim."""

    record: npt.NDArray[Any]
    opening: Mask


class Totals(Protocol):
    """Sums of one set of records (control record to end record) and what is said about them."""

    def add(self, found: Mapping[str, pl.DataFrame], page: Page) -> None:
        """Add the tables of a page, claims that will be held included."""

    def reconcile(self, report: Report, *, part: bool) -> None:
        """Raise `BadFile` where they differ; `part` says that the set is a later volume of something."""


@dataclass(frozen=True)
class CareKind(ABC):
    """One kind of file. `editions` are field tables, oldest first; `records` the layouts a file may hold."""

    editions: tuple[str, ...]
    data_kinds: frozenset[str]
    records: tuple[str, ...]
    #: Items that all records of a claim share: first item, last item, and their width in bytes at most.
    key: tuple[tuple[int, int, int], ...]
    #: Records without a claim (請求書, 総括票): their names are their exchange forms.
    lone: frozenset[str]
    #: Data kind of a file with lone records only, and the exchange forms of claims, as a pattern and in words.
    main_kind: str
    forms: str
    words: str
    #: Fewest columns of a record where that is less than its field table has: layouts of older editions.
    least: Mapping[str, int] = field(default_factory=dict)
    #: The head row is made of a claim's last record (合計行), not of its first.
    head_last: bool = False
    #: Columns that every record of a claim repeats: read from the head.
    shared: frozenset[str] = frozenset()
    #: Tables without rows, made once.
    empty: dict[str, pl.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def loaded(self) -> tuple[FieldTable, ...]:
        """The loaded field tables, oldest first."""
        return tuple(load(name) for name in self.editions)

    @property
    def head(self) -> str:
        """Name of the head table."""
        return self.loaded[-1].dataset.head

    @cached_property
    def fields(self) -> Mapping[str, Sequence[Field]]:
        """The fields of every record, from the newest edition that has it."""
        found: dict[str, Sequence[Field]] = {}
        for edition in self.loaded:
            for record in {f.record for f in edition.fields}:
                found[record] = edition.record(record)
        return found

    def key_of(self, line: bytes) -> object:
        """What is the same for all records of a claim, of one line as it came: where it changes, a block may end."""
        items = [item.strip(b' \t\r\n"') for item in line.split(b",", 12)]
        if items[0] != b"2":
            return items[0]
        return [items[first : last + 1] for first, last, _ in self.key]

    @abstractmethod
    def arrange(self, page: Page) -> Order:
        """Which record is of which layout, and which ones open a claim. Raises `BadFile` at an unknown one."""

    @abstractmethod
    def new_totals(self) -> Totals:
        """Sums for a set."""

    def recognised(self, head: bytes) -> str:
        """See `Format.recognise`: the data kind of the control record, and the form of the first claim if there is."""
        lines = [line.split(b",", 12) for line in head.split(b"\n", 400)]
        rows = [[item.strip(b' \t\r"') for item in items] for items in lines]
        kind = rows[0][4].decode("latin-1") if rows[0][0] == b"1" and len(rows[0]) >= 12 else ""
        if kind not in self.data_kinds:
            return ""
        forms = [row[2].decode("latin-1") for row in rows[1:] if row[0] == b"2" and len(row) > 3]
        own = next((form for form in forms if form not in self.lone), None)
        if own is None:
            return f"a control record of data kind {kind}" if kind == self.main_kind else ""
        return (
            f"a control record of data kind {kind}, then records of {self.words}"
            if re.fullmatch(self.forms, own)
            else ""
        )

    def edition(self, month: str) -> str:
        """Name of the edition in force in a claim month (YYYY-MM); the newest where none is."""
        return next((t for t in reversed(self.loaded) if t.in_force(month)), self.loaded[-1]).dataset.edition


def changes(page: Page, rows: Mask, detail: int) -> Mask:
    """Lines of `rows` that begin a claim: another key than the line above, a first line number (item `detail`) or a
    line behind number 99."""
    number = page.lines.text(detail, 2)
    begins = (number == b"01") | (number == b"1")
    begins[0] = True
    begins[1:] |= (number[:-1] == b"99") | ~rows[:-1]
    for texts in page.keys:
        begins[1:] |= texts[1:] != texts[:-1]
    return np.asarray(begins & rows)
