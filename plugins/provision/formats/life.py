"""科学的介護情報システム（LIFE）: service users and evaluation forms of care facilities, CSV of the 2021 interface.

Line 1 is the data type (``SERVICE_USER_INFO``, ``FORM_0000_2021`` …), line 2 the ids of the columns, in any order, line
3 and on the data; UTF-8 with or without byte order mark, or CP932; quoted or not. Columns are found by their ids: those
that the field table of the data type does not have are dropped and counted, and a file without a required one is not
taken. An empty cell says nothing ("no update") and a single space takes a value back ("no value"): a later record of
one number (`intake.keying.PLACES`) completes an earlier one when a release is made (`releasing/completing.py`), so
cells that hold something without a value are noted (`formats/emptied.py`). A column that a file does not have says
nothing either. The renewal of LIFE in 2024 replaced these interfaces: a data type of another year is refused until it
has a field table (``fields/life_*.tsv``). Grade A: CSV連携仕様書 and 外部インターフェース項目一覧 of 2021; that absent
columns say nothing is inferred.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import BinaryIO

import polars as pl

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Column, ColumnClass, Dataset, Parcel, Report, Table
from provision.formats.columns import typed
from provision.formats.csvfile import CsvFile
from provision.formats.delimited import Coded
from provision.formats.emptied import noted
from provision.formats.lifefile import data_type, ends_with_returns, opened
from provision.formats.numbers import canonical_care_number, failing_insurer_numbers
from provision.formats.options import no_options
from provision.formats.tables import DROPPED, Field, FieldTable
from provision.formats.textfile import is_text
from provision.formats.ukekind import DERIVED

PARCEL_ROWS = 20_000
HEAD, DETAIL = "life_record", "external_detail_number"
#: Ids of LIFE -> our names where these differ; any other id is our name, in lower case.
NAMES: Mapping[str, str] = {
    "care_facility_id": "facility",
    "external_system_management_number": "external_number",
    "external_system_management_detail_number": "external_detail_number",
    "insurer_no": "care_insurer",
    "insured_no": "care_number",
    "gender": "sex",
    "birthday": "birth_month",
}
#: Free text, and names of staff and facilities: no column is made of them.
UNREAD = frozenset({ColumnClass.FREE, ColumnClass.PROVIDER_NAME})
#: Roles of the items that LIFE requires (◎).
_REQUIRED = frozenset({"required", "facility", "care_insurer", "care_number", "name", "birth", "sex"})
#: What stands for the given name where a facility keeps names in one piece: the item is required.
_NO_GIVEN_NAME = "^[0０]+$"
_AGAIN = "ask the sender for the file again"


@dataclass(frozen=True)
class Life:
    """The reader; it knows no options."""

    id: str = "life"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "科学的介護情報システム（LIFE）CSV", "en": "Long-term care information (LIFE), CSV"}

    @property
    def dataset(self) -> Dataset:
        """One head row per record, and a table for every data type."""
        return _dataset()

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """A field table per data type."""
        return tuple(_layouts().values())

    def never_reads(self, field: Field) -> bool:
        """Free text and names of staff."""
        return field.column.cls in UNREAD

    def recognise(self, head: bytes) -> str:
        """By the data type in line 1, also where we have no field table for it: the reader says so."""
        lines = head.replace(b"\r", b"\n") if ends_with_returns(head) else head
        return "the first line names a data type of LIFE" if data_type(head) and is_text(lines) else ""

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of at most 20,000 records. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
        name, rest = opened(stream)
        if name not in _layouts():
            remedy = "no field table of this data type or edition is known; add it, or leave the file out"
            raise BadFile("life.edition", record=1, remedy=remedy)
        layout = _layouts()[name]
        report.edition = layout.dataset.edition
        file = CsvFile(rest, report, family="life", lines=1)
        frames = file.frames()
        next(frames, None)
        sheet = _Sheet(layout, places(file.header, layout), report)
        report.records += 2
        report.warn("life.unknown_columns", len(file.header) - len(sheet.places))
        for frame in frames:
            for start in range(0, frame.height, PARCEL_ROWS):
                yield sheet.take(Coded(frame.codes[start : start + PARCEL_ROWS], frame.words))
        if not sheet.taken:
            rule = "text.encoding" if report.held else "file.empty"
            raise BadFile(rule, remedy=f"there is no record that can be read; {_AGAIN}")


def places(header: Sequence[str], layout: FieldTable) -> dict[str, int]:
    """Our column name -> place in line 2 of a file.

    Raises `BadFile`: ``life.duplicate_id`` where an id occurs twice, ``life.columns`` where a required one is missing.
    """
    folded = [column_name(cell) for cell in header]
    known = {f.column.name: f.column for f in layout.fields if f.index < DERIVED}
    found = {name: place for place, name in enumerate(folded) if name in known}
    for name, column in known.items():
        if name not in found and column.role in _REQUIRED:
            remedy = f"line 2 of a file must have every required id; {_AGAIN}"
            raise BadFile("life.columns", record=2, field=name, remedy=remedy)
    filled = [name for name in folded if name]
    if len(set(filled)) < len(filled):
        raise BadFile("life.duplicate_id", record=2, remedy=f"every id may stand once in line 2; {_AGAIN}")
    return found


def column_name(item: str) -> str:
    """Our name of a column with this id."""
    plain = re.sub("[^a-z0-9]+", "_", item.strip().lower()).strip("_")
    return NAMES.get(plain, plain)


@dataclass
class _Sheet:
    """The records of one file, read by its second line."""

    layout: FieldTable
    places: Mapping[str, int]
    report: Report
    taken: int = 0
    _read: dict[str, list[Column]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for table in self.layout.dataset.tables:
            columns = _dataset().table(table.name).columns  # of every edition: one shape in the store
            self._read[table.name] = [c for c in columns if c.cls not in UNREAD and c.name != "form"]

    def take(self, rows: Coded) -> Parcel:
        """The rows as one parcel."""
        numbers = pl.int_range(self.taken, self.taken + rows.height, dtype=pl.Int64, eager=True).alias("claim_no")
        self.taken += rows.height
        self.report.records += rows.height
        made = {name: self._table(name, columns, rows, numbers) for name, columns in self._read.items()}
        made[HEAD] = made[HEAD].with_columns(form=pl.lit(_form(self.layout.dataset.edition)))
        people = _people(made[HEAD])
        self._count(made[HEAD], people)
        made[HEAD] = self._with_numbers(made[HEAD])
        return Parcel(made, people, rows.height)

    def _table(self, name: str, columns: list[Column], rows: Coded, numbers: pl.Series) -> pl.DataFrame:
        own = {c.name: f"c{self.places[c.name]}" for c in columns if c.name in self.places}
        coded = [rows.codes[place].alias(column) for column, place in own.items()]
        absent = [pl.lit(None, pl.String).alias(c.name) for c in columns if c.name not in own]
        raw = pl.DataFrame([numbers, *coded]).with_columns(absent).select("claim_no", *[c.name for c in columns])
        words = {column: rows.words[place] for column, place in own.items()}
        made = typed(raw, name, columns, self.report, words=words)
        empty = [c.name for c in columns if c.name in own and c.cls not in DROPPED and made[c.name].null_count()]
        return noted(made, {column: made[column].is_null() & _filled(rows, own[column]) for column in empty})

    def _with_numbers(self, head: pl.DataFrame) -> pl.DataFrame:
        """Without its number a detail (明細) cannot be told from others of its record: such a record has no place."""
        if DETAIL not in self.places:
            return head
        return head.with_columns(external_number=pl.when(pl.col(DETAIL) != "").then("external_number"))

    def _count(self, head: pl.DataFrame, people: pl.DataFrame) -> None:
        """People, empty cells where LIFE requires a value, and insurer numbers that fail their check."""
        self.report.people += people.height
        for column in self._read[HEAD]:
            if column.name in self.places and column.role in _REQUIRED:
                self.report.warn(f"life.empty:{column.name}", head[column.name].null_count())
        self.report.warn("check_digit:care_insurer", failing_insurer_numbers(people["care_insurer"]))


def _filled(rows: Coded, place: str) -> pl.Series:
    """Where something stands in a cell, and be it a blank."""
    return rows.where(place, lambda word: word != "").fill_null(False)


def _people(head: pl.DataFrame) -> pl.DataFrame:
    """`PEOPLE_COLUMNS` of the records; forms say nothing but facility and long-term care numbers."""
    given = pl.col("first_name")
    own = pl.when(~given.str.contains(_NO_GIVEN_NAME)).then(given)
    known = {
        "claim_no": pl.col("claim_no"),
        "name": pl.concat_str(pl.col("last_name"), own, separator="　", ignore_nulls=True),
        "kana": pl.concat_str("last_name_kana", "first_name_kana", separator=" ", ignore_nulls=True),
        "birth": pl.col("birth_month"),
        "care_number": canonical_care_number(pl.col("care_number")),
        **{name: pl.col(name) for name in ("sex", "facility", "care_insurer")},
    }
    nothing = pl.lit(None, pl.String)
    return head.select(known.get(name, nothing).alias(name) for name in PEOPLE_COLUMNS)


def _form(edition: str) -> str:
    """様式番号 as in the code list life_form: the four digits of a form, USER of SERVICE_USER_INFO."""
    return edition.split("_")[1]


@cache
def _layouts() -> dict[str, FieldTable]:
    """Data type -> its field table: every ``fields/life_*.tsv``."""
    names = sorted(file.name.removesuffix(".tsv") for file in (files(__package__) / "fields").iterdir())
    loaded = [tables.load(name) for name in names if name.startswith("life_")]
    return {table.dataset.edition: table for table in loaded}


@cache
def _dataset() -> Dataset:
    """Tables of the same name are one, with the columns of all data types and editions that have it; the head first."""
    every = [layout.dataset for layout in _layouts().values()]
    alike: dict[str, list[Table]] = {}
    for table in (table for dataset in every for table in dataset.tables):
        alike.setdefault(table.name, []).append(table)
    return replace(every[0], edition="2021", tables=tuple(map(_joined, alike.values())), updates=True)


def _joined(found: Sequence[Table]) -> Table:
    columns = {column.name: column for table in found for column in table.columns}
    source = "every data type" if found[0].name == HEAD else ", ".join(table.source for table in found)
    return replace(found[-1], columns=tuple(columns.values()), source=source)


FORMAT = Life()
