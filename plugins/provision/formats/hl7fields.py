"""The field table of HL7 v2.5 messages, for both formats: segments and fields by HL7 number (MSH-1 is the separator).

Fields from 900 on are made of parts of fields by the reader: component, repetition or what stands around them. Fields
of dropped classes make no column, but for those that tell who it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, Column, Dataset
from provision.formats.tables import DROPPED, Field, FieldTable
from provision.formats.ukekind import DERIVED

#: Segments around messages: only files of many have them.
ENVELOPE = frozenset({"FHS", "BHS", "BTS", "FTS"})
#: Made for claim places (`intake/keying.py`) of what never enters the store.
TRANSACTION = "transaction"
#: Columns of the head that hold what is in `PEOPLE_COLUMNS` under the same name.
IDENTIFYING = ("chart", "name", "kana", "address", "phone", "symbol", "number", "branch")


@cache
def plain() -> FieldTable:
    """Of the format ``hl7v2``."""
    return tables.load("hl7v2_25")


@cache
def storage() -> FieldTable:
    """Of the format ``ssmix2``: the same without the envelope."""
    whole = plain()
    dataset = replace(whole.dataset, id="ssmix2", ja="SS-MIX2標準化ストレージ", en="SS-MIX2 standard storage")
    fields = tuple(f for f in whole.fields if f.record not in ENVELOPE)
    kept = tuple(replace(t, columns=tuple(f.column for f in fields if f.table == t.name)) for t in dataset.tables)
    return replace(whole, dataset=replace(dataset, edition="1.2", tables=kept), fields=fields)


def never_reads(item: Field) -> bool:
    """Whether a field makes no column: it is dropped and tells nobody's identity."""
    return item.index < DERIVED and item.column.cls in DROPPED and item.column.role not in PEOPLE_COLUMNS


@cache
def made(dataset_id: str) -> Dataset:
    """The dataset with the columns that the reader makes: those that may be kept, those that tell who it is (they go on
    receipt, and must be empty where a source says that its data are anonymised), and the transaction."""
    whole = {table().dataset.id: table().dataset for table in (plain, storage)}[dataset_id]
    return replace(whole, tables=tuple(replace(t, columns=tuple(filter(_is_made, t.columns))) for t in whole.tables))


def _is_made(column: Column) -> bool:
    return column.cls not in DROPPED or column.name in (TRANSACTION, *IDENTIFYING)


@cache
def names(dataset_id: str, table: str) -> Sequence[str]:
    """Columns of a table that the reader makes, in order."""
    return tuple(column.name for column in made(dataset_id).table(table).columns)
