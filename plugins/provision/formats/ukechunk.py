"""One chunk of whole UKE claims on its way to frames: form and order of the records, then one frame per table."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats import tables
from provision.formats.base import BadFile, ColumnClass
from provision.formats.dates import as_date, as_month, to_gregorian
from provision.formats.numbers import canonical_insurer
from provision.formats.recordcells import Positions
from provision.formats.recordfile import Lines
from provision.formats.ukeabove import with_above
from provision.formats.ukeheld import claims_of, mended, whole_sets
from provision.formats.ukekind import COUNTED, UNREAD, UkeKind

_CATEGORIES = pl.Series([f"{code:02d}" for code in range(100)])
_Mask = npt.NDArray[np.bool_]


@dataclass
class Running:
    """What is carried from chunk to chunk: records and claims so far, the header and the record above a claim in force,
    the sums since the last GO, how many details of a claim are still to come and the number of the last one."""

    records: int = 0
    claims: int = 0
    header: pl.DataFrame | None = None
    above: pl.DataFrame | None = None
    opened: bool = False
    closed: bool = False
    warnings: dict[str, int] = field(default_factory=dict)
    sums: Positions = field(default_factory=lambda: np.zeros(4, np.int64))
    details_left: int = 0
    detail_no: int = 0

    def warn(self, rule: str, count: int) -> None:
        """Count breaches of a rule that does not stop the file."""
        if count:
            self.warnings[rule] = self.warnings.get(rule, 0) + count


class Chunk:
    """The records of one chunk. `detail_no` is the number of each claim among its claim's details (0: none); `grown`
    says whether records may have more columns than the field table."""

    def __init__(self, lines: Lines, running: Running, kind: UkeKind, *, grown: bool = False) -> None:
        self.original = self.lines = lines
        self.running, self.kind, self.grown = running, kind, grown
        self.detail_no: list[int] = []
        self.damaged: Positions = np.zeros(0, np.int64)  # lines that are no text
        self.held: dict[int, int] = {}  # claim -> its first damaged line

    @cached_property
    def claim_of(self) -> Positions:
        """Claim number (from 0 over the whole file) of every line; opening and GO lines belong to none in truth."""
        return np.cumsum(self.lines.is_kind(self.kind.start)).astype(np.int64) + self.running.claims - 1

    @cached_property
    def outside(self) -> _Mask:
        """The lines that are about the file, or about the claim below them."""
        records = {self.kind.opening, self.kind.header, self.kind.closing, self.kind.above} - {self.kind.start, ""}
        found: _Mask = self.lines.is_any(records)
        return found

    @property
    def _above(self) -> tuple[str, ...]:
        return (self.kind.above,) if self.kind.above else ()

    def scan(self) -> None:
        """Form and encoding, and where the cells are: all that needs nothing of the chunks before."""
        self.lines.unread = self.kind.unread
        self.lines.check_form((*self.kind.present, *self.kind.unread, *self._above))
        self.damaged = self.lines.damaged()
        if not len(self.damaged):
            self.lines.cells.find()

    def check(self) -> None:
        """The order of what was scanned: opening record, claims, GO. Damaged claims are put aside."""
        if len(self.damaged):
            self.held = claims_of(self.damaged, self.lines, self.claim_of, self.outside)
            self.lines = mended(self.lines, self.damaged, self.kind)
        for record, count in self.lines.check_widths(self.kind.widths(), self.kind.surplus * self.grown).items():
            self.running.warn(f"surplus_columns:{record}", count)
        for record in set(self.kind.unread) & set(COUNTED):
            self.running.warn(f"unread:{record}", int(self.lines.is_kind(record).sum()))
        self._order(np.flatnonzero(~self.lines.is_any((*self.kind.unread, *self._above))))

    def _order(self, read: Positions) -> None:
        """The order of the lines that are read."""
        if not len(read):
            return
        opening, start, go = (
            self.lines.is_kind(kind)[read] for kind in (self.kind.opening, self.kind.start, self.kind.closing)
        )
        if not self.running.opened and not opening[0]:
            rule = f"uke.no_{self.kind.opening.lower()}"
            record = self.lines.record(read[0])
            raise BadFile(rule, record=record, remedy=f"a file of these claims starts with {self.kind.opening}")
        outside = np.concatenate(([self.running.closed or not self.running.opened], go[:-1]))
        # a chunk starts with a claim, or with the file's opening record
        wrong = _after(opening) & ~(start | go)
        wrong |= (outside & ~opening) if self.kind.repeats else (outside != opening)
        if self.kind.start != "RE":  # then RE stands behind the record that starts the claim and nowhere else
            wrong |= self.lines.is_kind("RE")[read] != _after(start)
        everywhere = np.zeros(len(self.lines.ends), np.bool_)
        everywhere[read] = wrong
        remedy = f"expected {self.kind.opening}, then claims from {self.kind.start} on, then {self.kind.closing}"
        self.stop(everywhere, "uke.order", remedy)
        self.running.opened, self.running.closed = True, bool(go[-1])

    def stop(self, wrong: _Mask, rule: str, remedy: str, field: str = "") -> None:
        """Raise `BadFile` naming the first line that is `wrong`, if any is."""
        if wrong.any():
            record = self.lines.record(int(np.flatnonzero(wrong)[0]))
            raise BadFile(rule, record=record, field=field, remedy=remedy)

    def frames(self) -> dict[str, pl.DataFrame]:
        """One frame per table with `claim_no`, dates and months in their stored form, insurers canonical."""
        found: dict[str, pl.DataFrame] = {}
        for record in self.kind.present:
            mask = self.lines.is_kind(record)
            if mask.any() and record != self.kind.header:
                found[self.kind.table_of(record)] = self.frame(record, mask)
        headers = self._headers()
        if "claim" in found:
            found["claim"] = self._with_header(self._with_details(found["claim"]), headers)
        if self.kind.above and (claims := with_above(self, found.get("claim"))) is not None:
            found["claim"] = claims
        if self.held:
            first = self.running.claims
            self.held = whole_sets(self.held, first, self.detail_no, open_set=self.running.details_left > 0)
        self.running.records += len(self.lines.ends)
        self.running.claims = int(self.claim_of[-1]) + 1
        return found

    def frame(self, record: str, mask: _Mask) -> pl.DataFrame:
        """The masked lines, all of one record kind, as columns in their stored form."""
        physical = self.kind.physical(record)
        types: dict[str, pl.DataType] = {"_kind": pl.String()}
        types |= {f.column.name: tables.polars_type(f.column) for f in physical}
        wanted = [f.column.name for f in physical if f.column.cls not in UNREAD]
        frame = self.lines.parse(mask, types, wanted, japanese=record not in self.kind.plain)
        self._count_reserved(record, frame)
        made = [_stored(f.column.name, f.column.domain, f.column.role) for f in physical if f.column.name in wanted]
        return frame.with_columns(*self._derived(record, mask)).with_columns(
            *[m for m in made if m is not None], claim_no=pl.Series(self.claim_of[mask])
        )

    def _derived(self, record: str, mask: _Mask) -> list[pl.Series]:
        """The columns made here: the running category and its group, or the numbers of the enclosing records."""
        if record in self.kind.summary:
            filled, group = self._categories
            category = _CATEGORIES.gather(filled[mask]).alias("service_category")
            return [category, pl.Series("group_no", group[mask], dtype=pl.Int32)]
        if record in self.kind.nesting or record in self.kind.nested:
            outer, inner = self._nesting
            numbers = [pl.Series("group_no", outer[mask], dtype=pl.Int32)]
            if record != self.kind.nesting[0]:
                numbers.append(pl.Series("dispensing_no", inner[mask], dtype=pl.Int32))
            return numbers
        return []

    def _count_reserved(self, record: str, frame: pl.DataFrame) -> None:
        for item in self.kind.physical(record):
            if item.column.cls is ColumnClass.RESERVED:
                if frame[item.column.name].null_count() == frame.height:
                    continue
                filled = int((frame[item.column.name].fill_null("").str.strip_chars() != "").sum())
                self.running.warn(f"reserved_filled:{record}.{item.index}", filled)

    @cached_property
    def _categories(self) -> tuple[Positions, Positions]:
        """診療識別 as a number with blanks filled from above, over all records of the 摘要 section together, and the
        group's number in its claim, for every line (meaningless outside these records)."""
        summary = self.lines.is_any(self.kind.summary)
        start, padded = self.lines.starts + 3, self.lines.padded
        given = summary & (padded[start] != 0x2C)
        tens, ones = padded[start].astype(np.int64) - 0x30, padded[start + 1].astype(np.int64) - 0x30
        digits = (tens >= 0) & (tens <= 9) & (ones >= 0) & (ones <= 9) & (padded[start + 2] == 0x2C)
        self.stop(given & ~digits, "uke.category", "two digits expected", "service_category")
        source = np.maximum.accumulate(np.where(given, np.arange(len(start)), -1))
        same_claim = (source >= 0) & (self.claim_of[source] == self.claim_of)
        self.stop(summary & ~same_claim, "uke.category", "the first of a claim is blank", "service_category")
        return (tens * 10 + ones)[np.maximum(source, 0)], _numbered(given, self.lines.is_kind("RE"))

    @cached_property
    def _nesting(self) -> tuple[Positions, Positions]:
        """For every line the number of its outer record in the claim, and of its inner record in the outer one."""
        outer, inner = (self.lines.is_kind(record) for record in self.kind.nesting)
        number = _numbered(outer, self.lines.is_kind("RE"))
        inside = inner | self.lines.is_any(self.kind.nested)
        names = " ".join(self.kind.nesting)
        self.stop(inside & (number == 0), "uke.order", f"expected {names}, then {' '.join(self.kind.nested)}")
        return number, _numbered(inner, outer | self.lines.is_kind("RE"))

    def _headers(self) -> pl.DataFrame:
        """The header in force at the start of the chunk, if any, and those in it; the last is carried on."""
        mask = self.lines.is_kind(self.kind.header)
        parts = [self.running.header] if self.running.header is not None else []
        if mask.any():
            parts.append(self.frame(self.kind.header, mask).drop("claim_no"))
        if not parts:  # only where the opening record is not the header: a chunk of it alone
            return pl.DataFrame()
        headers = pl.concat(parts, how="diagonal")  # of different editions, where a part begins with another one
        self.running.header = headers.tail(1)
        return headers

    def _with_header(self, claims: pl.DataFrame, headers: pl.DataFrame) -> pl.DataFrame:
        """Add facility, review body and claim month of the header above to each claim."""
        mask = self.lines.is_kind(self.kind.header)
        carried = headers.height - int(mask.sum())
        at = np.cumsum(mask)[self.lines.is_kind("RE")] + carried - 1
        above: pl.DataFrame = headers[at.tolist()]
        unwanted = {ColumnClass.RESERVED, ColumnClass.TECHNICAL}
        dropped = [f.column.name for f in self.kind.physical(self.kind.header) if f.column.cls in unwanted]
        return pl.concat((claims, above.drop(dropped)), how="horizontal")

    def _with_details(self, claims: pl.DataFrame) -> pl.DataFrame:
        """Number the details that follow a 総括; a set that GO cuts short is counted (`details_missing`)."""
        if not self.kind.details:
            self.detail_no = [0] * claims.height
            return claims
        ends = set((self.claim_of[self.lines.is_kind(self.kind.closing)] - self.running.claims).tolist())
        left, number = self.running.details_left, self.running.detail_no
        for at, said in enumerate(claims[self.kind.details].fill_null(0).to_list()):
            left, number = (left - 1, number + 1) if left else (max(said, 0), 0)
            self.detail_no.append(number)
            if at in ends:
                self.running.warn("details_missing", left)
                left = 0
        self.running.details_left, self.running.detail_no = left, number
        return claims.with_columns(detail_no=pl.Series(self.detail_no, dtype=pl.Int16))


def _after(mask: _Mask) -> _Mask:
    """True for the lines behind the masked ones."""
    return np.concatenate(([False], mask[:-1])).astype(np.bool_)


def _numbered(marks: _Mask, restarts: _Mask) -> Positions:
    """For every line how many marks stand above it (itself counted) since the last restart."""
    count = np.cumsum(marks)
    first = np.maximum.accumulate(np.where(restarts, count - marks * restarts, 0))
    return (count - first).astype(np.int64)


def _stored(name: str, domain: str, role: str) -> pl.Expr | None:
    """Raw text to its stored form: dates and months ISO, insurers without padding. Births become YYYYMMDD whatever the
    edition writes: identity needs them whole, and the rule on receipt reads no other form."""
    if role == "birth" or name == "birth_month":
        return to_gregorian(pl.col(name)).alias(name)
    if domain == "date":
        return as_date(pl.col(name)).alias(name)
    if domain == "month":
        return as_month(pl.col(name)).alias(name)
    if domain == "insurer":
        return canonical_insurer(pl.col(name)).alias(name)
    return None
