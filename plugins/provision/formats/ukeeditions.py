"""Editions (版) of the UKE family: field tables put together, and which one a file is read by.

An edition is a field table with the claim months it is in force (``#effective``). A file is read by the newest edition
that finds a month of claim (請求年月) at its own place of the file's header and is in force in it; a file of several
volumes is cut where that changes. Era and Gregorian months are told apart by length (記録条件仕様 別表4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from provision.errors import FixConfiguration
from provision.formats import tables
from provision.formats.base import BadFile, Column, Dataset, Table
from provision.formats.dates import ERA_BASES

if TYPE_CHECKING:
    from provision.formats.recordfile import Lines
    from provision.formats.ukekind import UkeKind

#: So many different headers are remembered while a file is read: one for each facility of a district.
_HEADERS = 10_000
_NO_MONTH = "the header has no month of claim, so nobody knows which edition this is; ask the sender"


def composed(name: str, added: Sequence[str], records: set[str]) -> tables.FieldTable:
    """The field table `name` with the fields of the `added` ones, cut to `records`. Where an added column has the role
    ``claim``, no other column keeps it."""
    base = tables.load(name)
    joined = [f for extra in added for f in tables.load(extra).fields if f.record in records]
    replaced = any(f.column.role == "claim" for f in joined)
    kept = [f for f in base.fields if f.record in records]
    if replaced:
        kept = [replace(f, column=replace(f.column, role="")) if f.column.role == "claim" else f for f in kept]
    known: dict[str, Table] = {}
    for source in (name, *added):
        for table in tables.load(source).dataset.tables:
            known.setdefault(table.name, table)
    made = tuple(_table(table, [*joined, *kept]) for table in known.values())
    filled = tuple(table for table in made if table.columns)
    return replace(base, dataset=replace(base.dataset, tables=filled), fields=(*joined, *kept))


def _table(table: Table, fields: Sequence[tables.Field]) -> Table:
    mine = [f for f in fields if f.table == table.name]
    source = " ".join(dict.fromkeys(f.record for f in mine))
    return replace(table, columns=tuple(f.column for f in mine), source=source)


def superset(datasets: Sequence[Dataset]) -> Dataset:
    """The newest (last) dataset with what only older ones have. `FixConfiguration` where a column is not the same."""
    newest = datasets[-1]
    found: dict[str, dict[str, Column]] = {}
    tables_by_name: dict[str, Table] = {}
    for dataset in reversed(datasets):
        for table in dataset.tables:
            tables_by_name.setdefault(table.name, table)
            columns = found.setdefault(table.name, {})
            for column in table.columns:
                _same(columns.setdefault(column.name, column), column, f"{dataset.id} {dataset.edition}: {table.name}")
    made = tuple(replace(table, columns=tuple(found[name].values())) for name, table in tables_by_name.items())
    return replace(newest, tables=made)


def _same(one: Column, other: Column, where: str) -> None:
    if (one.cls, one.dtype, one.domain) != (other.cls, other.dtype, other.domain):
        raise FixConfiguration(
            f"the editions do not agree on the column {one.name}", where=where, rule="fields.editions",
            remedy="a column has one class, dtype and domain in all editions; give it another name",
        )  # fmt: skip


@cache
def month_of(text: bytes) -> str:
    """A month as written in a header, as YYYY-MM; "" where it is none."""
    digits = text.decode("ascii", "replace").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) in {5, 6}):
        return ""
    year = digits[:4] if len(digits) == 6 else str(ERA_BASES.get(digits[0], 0) + int(digits[1:3]))
    month = digits[-2:]
    return f"{year}-{month}" if "1868" <= year <= "2199" and "01" <= month <= "12" else ""


@dataclass
class Choice:
    """Which edition is in force while a file is read: `kind` has that one only; `grown` says whether records may have
    more columns than its table; `used` are the names of the editions so far."""

    whole: UkeKind
    kind: UkeKind = field(init=False)
    grown: bool = False
    used: list[str] = field(default_factory=list)
    places: dict[bytes, list[tuple[UkeKind, int]]] = field(default_factory=dict)  # of the month in each edition
    headers: dict[bytes, tuple[UkeKind | None, str]] = field(default_factory=dict, repr=False)
    seen: bool = False  # whether a header was there yet: something may stand above the first

    def __post_init__(self) -> None:
        self.kind = self.whole.edition(-1)

    def parts(self, lines: Lines) -> Iterator[Lines]:
        """The chunk cut where the edition changes; `kind` and `grown` are those of the part just given. Raises
        `BadFile` ``uke.claim_month``."""
        done = 0
        for line in self._headers(lines):
            kind, month = self._known(lines.data[lines.starts[line] : lines.ends[line]])
            if kind is None:
                raise BadFile("uke.claim_month", record=lines.record(line), field="claim_month", remedy=_NO_MONTH)
            grown = month >= kind.grown
            if (kind is not self.kind or grown != self.grown) and line > done:
                yield self._used(lines.part(done, line))
                done = line
            self.kind, self.grown, self.seen = kind, grown, True
        yield self._used(lines.part(done, len(lines.ends)))

    def _used(self, part: Lines) -> Lines:
        name = self.kind.fields.dataset.edition
        if self.seen and name not in self.used:
            self.used.append(name)
        return part

    def _headers(self, lines: Lines) -> list[int]:
        """Every record that says a month of claim, in order."""
        said = lines.is_any({self.whole.opening, self.whole.header}) & (lines.padded[lines.starts + 2] == 0x2C)
        return np.flatnonzero(said).tolist()

    def _known(self, header: bytes) -> tuple[UkeKind | None, str]:
        """What `_chosen` says, looked up where the same header was there before: it may stand above every claim."""
        if (found := self.headers.get(header)) is None:
            if len(self.headers) >= _HEADERS:
                self.headers.clear()
            found = self.headers[header] = self._chosen(header.rstrip(b"\r").split(b","))
        return found

    def _chosen(self, cells: list[bytes]) -> tuple[UkeKind | None, str]:
        """The newest edition that fits, and the month as it reads it; None where there is none."""
        record = cells[0]
        if record not in self.places:
            known = [self.whole.edition(number) for number in reversed(range(len(self.whole.tables)))]
            name = record.decode("ascii", "replace")
            self.places[record] = [(kind, kind.index_of(name, "claim_month")) for kind in known]
        for kind, place in self.places[record]:
            month = month_of(cells[place]) if 0 < place < len(cells) else ""
            if month and kind.fields.in_force(month):
                return kind, month
        return None, ""
