"""What differs between the kinds of claims of the レセプト電算処理 family (UKE): record kinds, who opens what, tables.

Everything else (running state, order, sums) is the engine's: `ukefile`, `ukechunk`, `ukepeople`, `uketotals`. Which
column holds what is told by the *role* in the field table, so that the indexes stand in one place only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from provision.formats import tables
from provision.formats.base import ColumnClass

DERIVED = 900  # field-table indexes from here on are made by the reader
#: Classes that are never read into memory as columns.
UNREAD = frozenset({ColumnClass.FREE, ColumnClass.PROVIDER_NAME})
#: Classes whose text is wanted as text: records with such a column are decoded, others hold codes and numbers only.
_TEXT = frozenset({ColumnClass.DIRECT, ColumnClass.LINK, ColumnClass.INSURER, ColumnClass.BIRTH})


@dataclass(frozen=True)
class UkeKind:
    """One kind of claims. `table` is the field table's file; `records` are the record kinds a file may hold."""

    table: str
    records: tuple[str, ...]
    #: First record of a file; the record with the facility, above one or all claims; first record of a claim.
    opening: str = "IR"
    header: str = "IR"
    start: str = "RE"
    #: Records sharing one running 診療識別 (column 1): blank means "as above".
    summary: tuple[str, ...] = ()
    #: Records inside each other, outermost first, and the records that lie in them: 調剤 SH > CZ > IY, TO, CO.
    nesting: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    #: Fewest columns of a record (its kind counted) without which it says nothing; others need two.
    least: Mapping[str, int] = field(default_factory=dict)
    #: Columns a record may have beyond the field table (never read): for layouts known from older editions.
    surplus: int = 0
    #: Column of RE that says how many details follow (DPC 明細情報数); empty where claims have no details.
    details: str = ""
    #: The opening record may stand above every claim, and GO may be missing (files made for insurers).
    repeats: bool = False
    #: Id, Japanese and English name of the dataset where it is another one than the field table's.
    dataset: tuple[str, str, str] | None = None

    @cached_property
    def fields(self) -> tables.FieldTable:
        """The loaded field table, under the kind's own dataset id where it has one."""
        loaded = tables.load(self.table)
        if self.dataset is None:
            return loaded
        ident, ja, en = self.dataset
        return replace(loaded, dataset=replace(loaded.dataset, id=ident, ja=ja, en=en))

    @cached_property
    def about_file(self) -> frozenset[str]:
        """Records about the whole file, which no claim may carry along."""
        return frozenset({"GO", self.opening}) - {self.header}

    def physical(self, record: str) -> Sequence[tables.Field]:
        """The fields of a record kind that stand in the file."""
        return [f for f in self.fields.record(record) if f.index < DERIVED]

    def widths(self) -> dict[str, tuple[int, int]]:
        """Fewest and most columns of every record kind, the kind itself counted."""
        return {
            record: (self.least.get(record, 2), max(f.index for f in self.physical(record)) + 1 + self.surplus)
            for record in self.records
        }

    def table_of(self, record: str) -> str:
        """Name of the table a record kind fills."""
        return self.fields.record(record)[0].table

    def named(self, record: str, role: str) -> str:
        """Name of the column of `record` with this role; KeyError where none has it."""
        for item in self.fields.record(record):
            if item.column.role == role:
                return item.column.name
        raise KeyError(f"{record}: {role}")

    @cached_property
    def plain(self) -> frozenset[str]:
        """Records whose wanted columns are codes and numbers only, so that they need no decoding."""
        return frozenset(r for r in self.records if not any(f.column.cls in _TEXT for f in self.physical(r)))
