"""What becomes of every field that a format's files hold: read as what, used for what, kept as what, and where.

Nothing is listed here a second time. The fields are those of the formats' own tables (`Format.editions`), what happens
to a class is the floor of `anonymization.receipt`, whether a field is read at all is what the readers' own rules say,
and what it is used for follows from its role. tests/contract/test_coverage.py compares the report with what
de-identifying real files gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol, runtime_checkable

from anonymization.receipt import FLOOR, KEPT
from provision.formats import dpc_form1, dpcpayloads, tables
from provision.formats.base import PEOPLE_COLUMNS, Column, ColumnClass, Format
from provision.formats.kaigo_file import CareFormat
from provision.formats.kaigo_page import is_read
from provision.formats.member_ledger import MemberLedger
from provision.formats.tables import Field, FieldTable
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import DERIVED, UNREAD

#: What each rule of the floor does, in a few words.
RULES: Mapping[str, str] = {
    "drop-column": "dropped on receipt",
    "birth-month": "cut to the month",
    "zip3": "cut to the first three digits",
    "insurer-number": "kept if it is an insurer number, else emptied",
}
NEVER_READ, CHECKED, KEPT_AS_IT_IS = "never read", "kept after its domain was checked", "kept"
IDENTITY, CLAIM_TOKEN = "identity", "claim token"
#: Roles with one of these in front fill the same column of the people: a card as confirmed on the day (資格確認), the
#: card of the late-elderly insurance (後期高齢者医療).
_OTHER_CARDS = ("confirmed_", "elderly_")


@runtime_checkable
class Selective(Protocol):
    """A format that says itself which fields of its tables its reader makes no column of."""

    def never_reads(self, field: Field) -> bool:
        """Whether the reader passes the field over because of its class."""


@dataclass(frozen=True)
class FieldCoverage:
    """One field of one edition. `place` is ``table.column`` in the store, "" where nothing of it is stored."""

    format: str
    edition: str
    record: str
    index: int  # from 0 in the physical record; from 900 on made by the reader
    ja: str
    en: str
    cls: str
    read_as: str
    used_for: str
    happens: str
    place: str
    unit: str = ""
    category: int = 0


def on_receipt(column: Column) -> str:
    """What de-identification on receipt does to a column, in words. Raises ValueError for a class it does not know."""
    cls = str(column.cls)
    if cls in FLOOR:
        return RULES[FLOOR[cls]]
    if cls not in KEPT:
        raise ValueError(f"the floor knows no class {cls}")
    return KEPT_AS_IT_IS if column.domain in {"none", "free"} else CHECKED


def is_stored(column: Column) -> bool:
    """Whether anything of the column may enter the store."""
    return FLOOR.get(str(column.cls)) != "drop-column"


def used_for(column: Column) -> str:
    """What a field is used for on receipt besides what is stored of it: identity, the claim token, or nothing."""
    if column.role == "claim":
        return CLAIM_TOKEN
    part = column.role
    for prefix in _OTHER_CARDS:
        part = part.removeprefix(prefix)
    return IDENTITY if part in PEOPLE_COLUMNS else ""


def coverage(source: Format) -> tuple[FieldCoverage, ...]:
    """Every field of every edition of a format, the dropped and the unread ones included, oldest edition first."""
    return tuple(_one(source, table, field) for table in editions(source) for field in table.fields)


def editions(source: Format) -> tuple[FieldTable, ...]:
    """The field tables a format reads by, oldest first, and those that say what its numbered payloads are."""
    own = tuple(source.editions)
    named = {table.name for table in source.dataset.tables}
    payloads = () if "form1_item" not in named else tuple(e.table for e in dpcpayloads.editions())
    return (*own, *(table for table in payloads if table not in own))


@cache
def unread_fields() -> tuple[str, ...]:
    """Fields of the tables in ``fields/`` (``table record index``) that no format reads by: there should be none."""
    from provision.formats import formats

    known = {_place_of(field) for source in formats().values() for t in editions(source) for field in t.fields}
    names = (file.name.removesuffix(".tsv") for file in (files(__package__) / "fields").iterdir())
    found = ((name, field) for name in names for field in tables.load(name).fields if _place_of(field) not in known)
    return tuple(sorted(f"{name} {field.record} {field.index}" for name, field in found))


def _place_of(field: Field) -> tuple[str, str, int, str]:
    return field.table, field.record, field.index, field.column.name


def counts(fields: Iterable[FieldCoverage]) -> dict[str, int]:
    """How many fields each thing happens to."""
    return dict(Counter(f"used for {f.used_for}, then {f.happens}" if f.used_for else f.happens for f in fields))


def never_read(source: Format, field: Field) -> bool:
    """Whether the reader makes no column of the field because of its class: each family has its own rule for that."""
    if field.index >= DERIVED:
        return False
    if isinstance(source, Selective):
        return source.never_reads(field)
    if isinstance(source, CareFormat):
        return not is_read(field.column, field.table == source.dataset.head)
    if isinstance(source, MemberLedger):
        return False
    return field.column.cls in (UNREAD if isinstance(source, UkeFormat) else {ColumnClass.FREE})


def _one(source: Format, table: FieldTable, field: Field) -> FieldCoverage:
    column = field.column
    unread = never_read(source, field)
    return FieldCoverage(
        format=source.id,
        edition=table.dataset.edition,
        record=field.record,
        index=field.index,
        ja=column.ja,
        en=column.en,
        cls=str(column.cls),
        read_as="" if unread else f"{column.dtype}, {column.domain}",
        used_for="" if unread else used_for(column),
        happens=NEVER_READ if unread else on_receipt(column),
        place=_place(source, field) if is_stored(column) else "",
        unit=column.unit,
        category=column.category,
    )


def _place(source: Format, field: Field) -> str:
    """Table and column in the store. A payload of DPC 様式1 goes to the column of its kind of value; what its table
    has of the patient (birth, sex, postal code) to the head table."""
    if any(table.name == field.table for table in source.dataset.tables):
        return f"{field.table}.{field.column.name}"
    for name, place in dpc_form1.OF_THE_STAY.items():
        if place == (field.record, field.index):
            return f"{source.dataset.head}.{name}"
    return f"form1_item.{dpcpayloads.value_column(field.column.dtype, field.column.domain)}"
