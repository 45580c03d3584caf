"""What differs between the kinds of claims of the レセプト電算処理 family (UKE): record kinds, who opens what, tables.

Everything else (running state, order, sums) is the engine's: `ukefile`, `ukechunk`, `ukepeople`, `uketotals`. Which
column holds what is told by the *role* in the field table, so that the indexes stand in one place only. A kind has one
field table per edition; `ukeeditions` says which one a file is read by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from provision.formats.base import ColumnClass, Dataset
from provision.formats.tables import Field, FieldTable
from provision.formats.ukeeditions import composed, superset

DERIVED = 900  # field-table indexes from here on are made by the reader
#: Unread records that an operator should know of: 事由, 返戻, 再審査, 日計.
COUNTED = ("JY", "HI", "HR", "HG", "MD", "RT", "JR", "MK", "NI")
#: A record of a file with front columns that is not to be read; no sender can write this kind.
MARKED = "**"
#: Classes that are never read into memory as columns.
UNREAD = frozenset({ColumnClass.FREE, ColumnClass.PROVIDER_NAME})
#: Classes whose text is wanted as text: records with such a column are decoded, others hold codes and numbers only.
_TEXT = frozenset({ColumnClass.DIRECT, ColumnClass.LINK, ColumnClass.INSURER, ColumnClass.BIRTH})


@dataclass(frozen=True)
class UkeKind:
    """One kind of claims. `tables` are the field tables' files, oldest edition first; `records` the kinds it reads."""

    sort: str  # medical | dental | dispensing | dpc
    tables: tuple[str, ...]
    records: tuple[str, ...]
    #: Record kinds that may occur and are never read (those of `COUNTED` as ``unread:<kind>``).
    unread: tuple[str, ...] = ()
    #: First record of a file; the record with the facility, above one or all claims; first record of a claim; the last.
    opening: str = "IR"
    header: str = "IR"
    start: str = "RE"
    closing: str = "GO"
    #: A record above a claim whose columns become the claim's (保険者向け MN).
    above: str = ""
    #: Field tables with records of their own, read together with every edition.
    added: tuple[str, ...] = ()
    #: Records sharing one running 診療識別 (column 1): blank means "as above".
    summary: tuple[str, ...] = ()
    #: Records inside each other, outermost first, and the records that lie in them: 調剤 SH > CZ > IY, TO, CO.
    nesting: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    #: Fewest columns of a record (its kind counted) without which it says nothing; others need two.
    least: Mapping[str, int] = field(default_factory=dict)
    #: Columns a record may have beyond the newest table (never read), in files of this claim month or a later one.
    surplus: int = 20
    grown: str = ""
    #: Column of RE that says how many details follow (DPC 明細情報数); empty where claims have no details.
    details: str = ""
    #: The opening record may stand above every claim, and GO may be missing (files made for insurers).
    repeats: bool = False
    #: Id, Japanese and English name of the dataset where it is another one than the field table's; what it withdraws.
    dataset_words: tuple[str, str, str] | None = None
    withdraws: str = ""

    @cached_property
    def editions(self) -> tuple[FieldTable, ...]:
        """The loaded field tables, oldest first, cut to the records of this kind, under its own dataset id."""
        known = {*self.records, self.above}
        made = [composed(name, self.added, known) for name in self.tables]
        if self.dataset_words is None:
            return tuple(made)
        ident, ja, en = self.dataset_words
        return tuple(
            replace(table, dataset=replace(table.dataset, id=ident, ja=ja, en=en, withdraws=self.withdraws))
            for table in made
        )

    @cached_property
    def fields(self) -> FieldTable:
        """The newest edition."""
        return self.editions[-1]

    @cached_property
    def dataset(self) -> Dataset:
        """One schema for all editions, named by the newest."""
        return superset([table.dataset for table in self.editions])

    def edition(self, number: int) -> UkeKind:
        """This kind with one edition only, by its place in `editions`."""
        return self._single[number]

    @cached_property
    def _single(self) -> tuple[UkeKind, ...]:
        return tuple(replace(self, tables=(name,)) for name in self.tables) if len(self.tables) > 1 else (self,)

    @cached_property
    def present(self) -> tuple[str, ...]:
        """The record kinds that the newest edition has."""
        known = {f.record for f in self.fields.fields}
        return tuple(record for record in self.records if record in known)

    @cached_property
    def about_file(self) -> frozenset[str]:
        """Records about the whole file, which no claim may carry along."""
        return frozenset({self.closing, self.opening}) - {self.header}

    def physical(self, record: str) -> Sequence[Field]:
        """The fields of a record kind that stand in the file."""
        return [f for f in self.fields.record(record) if f.index < DERIVED]

    def widths(self) -> dict[str, tuple[int, int]]:
        """Fewest and most columns of every record kind, the kind itself counted, by the newest field table."""
        return {
            record: (self.least.get(record, 2), max(f.index for f in self.physical(record)) + 1)
            for record in (*self.present, *([self.above] if self.above else []))
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

    def index_of(self, record: str, name: str) -> int:
        """Place of the column called `name` in the physical record, 0 where it has none."""
        return next((f.index for f in self.fields.fields if f.record == record and f.column.name == name), 0)

    @cached_property
    def plain(self) -> frozenset[str]:
        """Records whose wanted columns are codes and numbers only, so that they need no decoding."""
        records = (*self.present, *([self.above] if self.above else []))
        return frozenset(r for r in records if not any(f.column.cls in _TEXT for f in self.physical(r)))
