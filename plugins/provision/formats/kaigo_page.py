"""One page of whole claims of a 国保連 file on its way to tables: which record is what, whose it is, and its columns.

Checked here: every record has the columns its layout needs at least, and belongs to the claim opened above it (the same
form, month, provider, insurer and insured number).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import polars as pl

from provision.formats import tables
from provision.formats.base import BadFile, Column, Report, Table
from provision.formats.kaigo_columns import LINE, Known, Place, header, read, scan
from provision.formats.kaigo_kind import CareKind, Order
from provision.formats.kaigo_text import AGAIN, Lines, Mask, Positions, Texts

#: Records of one claim at most.
CLAIM_RECORDS = 5_000

#: Columns that identity and totals need although they never reach the store.
_NEEDED = frozenset({"birth", "sex", "care_insurer", "care_number", "facility"})
_KEYS = {
    "service_month": re.compile(rb"0{6}"),
    "facility": re.compile(rb"[0HA]{10}"),
    "care_insurer": re.compile(rb"0{6}|0{8}"),
    "insured_number": re.compile(rb"0{10}|H0{9}"),
}
#: Keys whose form says that they are read as they came.
_CHECKED = frozenset({"facility", "insured_number"})
_FEW = 64
#: Digits as 0 and capitals as A, so that few different texts are left: H is that of the insured number of welfare.
_SHAPE = bytes.maketrans(b"0123456789ABCDEFGIJKLMNOPQRSTUVWXYZ", b"0" * 10 + b"A" * 25)


@dataclass
class Page:
    """Lines of one set; `offset` records and `claims` claims of the file stand before them. `bad` are lines with
    undecodable bytes, `data` is the mask of the data records."""

    kind: CareKind
    lines: Lines
    report: Report
    offset: int
    claims: int
    data: Mask
    bad: Positions
    #: What words of columns are read as, in the file so far.
    known: Known = field(default_factory=dict)

    def stop(self, wrong: Mask, rule: str, remedy: str, field: str = "") -> None:
        """Raise `BadFile` naming the first line that is `wrong`, if any is."""
        if wrong.any():
            record = self.offset + int(np.flatnonzero(wrong)[0]) + 1
            raise BadFile(f"kaigo.{rule}", record=record, field=field, remedy=f"{remedy}; {AGAIN}")

    def among(self, texts: Texts, rows: Mask, pattern: str) -> Mask:
        """Which of `rows` have a text of this form; false from the first on that has not."""
        found = np.zeros(self.lines.count, np.bool_)
        found[rows] = _each(texts[rows], re.compile(pattern.encode()))
        return found

    @cached_property
    def keys(self) -> list[Texts]:
        """For every part of `CareKind.key`, the text of all lines."""
        return [self.lines.text(item, width, last) for item, last, width in self.kind.key]

    def arrange(self, order: Order) -> None:
        """Take the order of the records, and check widths and owners."""
        self.order = order
        self.owner = self._owners()
        for record in self.kind.records:
            mask = self._mask(record)
            self._check_width(record, mask)
            self._check_keys(record, mask if record in self.kind.lone else mask & order.opening)
        self._check_owners()

    def _mask(self, record: str) -> Mask:
        return np.asarray(self.order.record == self.kind.records.index(record))

    def _owners(self) -> Positions:
        """For every line the line that opened its claim, -1 for lines without one."""
        lone = [i for i, record in enumerate(self.kind.records) if record in self.kind.lone]
        breaks = np.isin(self.order.record, [-1, *lone])
        place = np.arange(self.lines.count)
        last = np.maximum.accumulate(np.where(self.order.opening | breaks, place, -1))
        owned = (last >= 0) & self.order.opening[last]
        return np.where(owned, last, -1)

    def _check_width(self, record: str, mask: Mask) -> None:
        most = self.kind.fields[record][-1].index + 1
        least = self.kind.least.get(record, most)
        self.stop(mask & (self.lines.items < least), "columns", "the record has too few columns")
        if record != "other":
            self.report.warn("kaigo.surplus_columns", int((mask & (self.lines.items > most)).sum()))

    def _check_keys(self, record: str, rows: Mask) -> None:
        """The keys of a claim as they came; what holds undecodable bytes is held anyway."""
        if not rows.any():
            return
        usable = rows.copy()
        usable[self.bad] = False
        places = np.flatnonzero(usable)
        for item in self.kind.fields[record]:
            if (form := _KEYS.get(item.column.name)) is not None:
                texts = _shapes(self.lines.text(item.index, 12, rows=places))
                wrong = np.zeros(self.lines.count, np.bool_)
                wrong[places] = ~_each(texts, form)
                self.stop(wrong, "key", "a key of the record is missing or malformed", item.column.name)

    def _check_owners(self) -> None:
        lone = [self._mask(record) for record in self.kind.records if record in self.kind.lone]
        inside = self.data & ~np.logical_or.reduce(lone)
        wrong = inside & (self.owner < 0)
        owner = np.maximum(self.owner, 0)
        held = np.isin(self.owner, self.owner[self.bad])  # their keys may be what is broken
        sought = inside & ~held & (self.owner != np.arange(self.lines.count))
        for texts in self.keys:  # a claim is a run of lines: its first line with another key differs from the one above
            wrong[1:] |= sought[1:] & (texts[1:] != texts[:-1])
        self.stop(wrong, "orphan", "the record belongs to no claim: none was opened with its keys", "insured_number")
        length = np.bincount(owner[inside], minlength=self.lines.count)
        self.stop(length > CLAIM_RECORDS, "claim_length", "no claim has so many records")

    @cached_property
    def number(self) -> Positions:
        """The number of every line's claim in the file, from 1."""
        return self.claims + np.cumsum(self.order.opening).astype(np.int64)

    @property
    def last_claim(self) -> int:
        """Claims of the file up to the end of this page."""
        return self.claims + int(self.order.opening.sum())

    def held(self) -> list[tuple[int, int]]:
        """First and last line of every claim, or of every record without one, that cannot be taken."""
        found = []
        for line in self.bad.tolist():
            same = np.flatnonzero(self.owner == self.owner[line]) if self.owner[line] >= 0 else np.array([line])
            found.append((int(same[0]), int(same[-1])))
        return sorted(set(found))

    def frames(self) -> dict[str, pl.DataFrame]:
        """Every table of the dataset: `claim_no`, its typed columns, and `LINE`, where each row comes from."""
        parts: dict[str, list[pl.DataFrame]] = {}
        for record in sorted(self.kind.records, key=lambda r: self.kind.fields[r][0].table != self.kind.head):
            for name, frame in self._record(record, parts.get(self.kind.head, [])).items():
                parts.setdefault(name, []).append(frame)
        found = self.kind.loaded[-1].dataset.tables
        return {t.name: _joined(self.kind, t, parts.get(t.name, [])) for t in found}

    def _record(self, record: str, heads: list[pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """The tables that one layout fills."""
        mask = self._mask(record)
        if not mask.any():
            return {}
        fields = self.kind.fields[record]
        names = list(dict.fromkeys(f.table for f in fields))
        wanted = {name: self._wanted(record, name) for name in names}
        scanned = self._scanned(fields, wanted, mask)
        found: dict[str, pl.DataFrame] = {}
        for name in names:
            rows = self._rows(name, mask)
            frame = self._read(fields, wanted[name], name, rows, scanned.get(name))
            copied = self._copied(record, name)
            found[name] = self._with_shared(frame.with_columns(self._numbers(record, rows)), heads, copied)
        return found

    def _rows(self, table: str, mask: Mask) -> Mask:
        return mask & self._head_rows if table == self.kind.head else mask

    def _copied(self, record: str, table: str) -> frozenset[str]:
        return frozenset() if table == self.kind.head or record in self.kind.lone else self.kind.shared

    def _wanted(self, record: str, table: str) -> list[Column]:
        """The columns that are made of a record's items."""
        copied, is_head = self._copied(record, table), table == self.kind.head
        every = (f.column for f in self.kind.fields[record] if f.table == table)
        return [c for c in every if c.name not in copied and is_read(c, is_head)]

    def _scanned(
        self, fields: Sequence[tables.Field], wanted: dict[str, list[Column]], mask: Mask
    ) -> dict[str, pl.DataFrame]:
        """The columns of all tables of a layout, from one look at its lines; {} where that does not pay: where fewer
        than half of the lines have a head row."""
        heads = self._head_rows[mask]
        if len(wanted) == 1 or self.kind.head not in wanted or 2 * np.count_nonzero(heads) < len(heads):
            return {}
        columns = [f.column for f in fields]
        frame = scan(self.lines.take(mask, header(columns)), columns, [c for table in wanted.values() for c in table])
        if frame is None:
            return {}
        parts = {name: frame.select(c.name for c in table) for name, table in wanted.items()}
        parts[self.kind.head] = parts[self.kind.head].filter(pl.Series(heads))
        return parts

    def _read(
        self,
        fields: Sequence[tables.Field],
        wanted: list[Column],
        table: str,
        rows: Mask,
        scanned: pl.DataFrame | None,
    ) -> pl.DataFrame:
        columns = [f.column for f in fields]
        place = Place(np.flatnonzero(rows), self.offset, frozenset() if self.bad.size else _CHECKED)
        text = partial(self.lines.take, rows, header(columns))
        return read(text, columns, wanted, table, self.report, place, self.known, scanned)

    @cached_property
    def _head_rows(self) -> Mask:
        if not self.kind.head_last:
            return self.order.opening
        following = np.concatenate((self.owner[1:], [-1]))
        return np.asarray((self.owner >= 0) & (following != self.owner))

    def _numbers(self, record: str, rows: Mask) -> pl.Series:
        if record in self.kind.lone:
            return pl.Series("claim_no", [None] * int(rows.sum()), dtype=pl.Int64)
        return pl.Series("claim_no", self.number[rows], dtype=pl.Int64)

    def _with_shared(self, frame: pl.DataFrame, heads: list[pl.DataFrame], names: frozenset[str]) -> pl.DataFrame:
        """Add the columns that the records of a claim share, from its head row."""
        if not names or not heads:
            return frame
        at = frame["claim_no"] - (self.claims + 1)
        return frame.with_columns(heads[0][name].gather(at) for name in sorted(names))


def _shapes(texts: Texts) -> Texts:
    return np.frombuffer(texts.tobytes().translate(_SHAPE), texts.dtype)


def _each(texts: Texts, form: re.Pattern[bytes]) -> Mask:
    """Which texts have the form; false from the first on that has not. Each of the few different ones is looked at
    once."""
    known, left = np.zeros(len(texts), np.bool_), np.arange(len(texts))
    for _ in range(_FEW):
        if not left.size or form.fullmatch(bytes(texts[left[0]])) is None:
            return known
        same = texts[left] == texts[left[0]]
        if same.all():
            known[left] = True
            return known
        known[left[same]] = True
        left = left[~same]
    for at in left.tolist():
        if form.fullmatch(bytes(texts[at])) is None:
            return known
        known[at] = True
    return known


def is_read(column: Column, is_head: bool) -> bool:
    """Whether a column is made of an item at all: it may be stored, or the head row needs it to know the person."""
    return column.cls not in tables.DROPPED or (is_head and column.role in _NEEDED)


def _joined(kind: CareKind, table: Table, parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The rows of a table from all its layouts, in the order of the file; what a layout lacks is null."""
    empty = _empty(kind, table)
    if len(parts) == 1 and len(parts[0].columns) == len(empty.columns):
        return parts[0].select(empty.columns)
    joined = pl.concat([empty, *parts], how="diagonal")
    return joined.sort(LINE) if len(parts) > 1 else joined


def _empty(kind: CareKind, table: Table) -> pl.DataFrame:
    """The table without rows, made once."""
    if table.name not in kind.empty:
        columns = {c.name: tables.polars_type(c) for c in table.columns if is_read(c, table.name == kind.head)}
        kind.empty[table.name] = pl.DataFrame(schema={"claim_no": pl.Int64(), LINE: pl.Int64(), **columns})
    return kind.empty[table.name]
