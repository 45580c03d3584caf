"""The coverage report says what really happens: filled files of every edition, de-identified, compared both ways."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from functools import cache

import polars as pl
import pytest

from anonymization.receipt import FLOOR, Applied
from provision.catalogue import Catalogue
from provision.cli import main
from provision.config import config_folder, load_layouts
from provision.formats import coverage, formats
from provision.formats.base import ColumnClass, Format, Report
from provision.formats.coverage import FieldCoverage
from provision.formats.tables import DROPPED, FieldTable
from provision.intake.deidentify import KEYS, deidentify
from tests.support.filled import MARK, encoding_of, filled_files, marker

EDITIONS = [
    pytest.param(name, number, id=f"{name}-{table.dataset.edition}")
    for name, source in sorted(formats().items())
    for number, table in enumerate(coverage.editions(source))
]
FORMATS = sorted(formats())
#: Those that the shipped configuration defines, too.
KNOWN = sorted(Catalogue(load_layouts(config_folder()).items).formats())
#: Classes that readers may pass over.
SKIPPABLE = {"free", "provider_name"}
#: A field of each of these classes may never have a place in the store.
NEVER_STORED = {str(cls) for cls in DROPPED}


#: Columns of the one shape of test values that a format has nothing for: C2XD has a number or a code per item.
_VALUES_ONLY = {"test_value.flag", "test_value.ref_low", "test_value.ref_high", "answer.answer_number", "answer.unit"}
NEVER_FILLED = {"checkup-c2xd-csv": _VALUES_ONLY}


@dataclass(frozen=True)
class Reality:
    """The filled file of an edition: its text, what the reader gave (raw tables, people) and what would be stored."""

    source: Format
    table: FieldTable
    text: str
    raw: list[tuple[dict[str, pl.DataFrame], pl.DataFrame]]
    stored: dict[str, pl.DataFrame]


@cache
def reality(name: str, number: int, empty: tuple[str, ...] = ()) -> Reality:
    """The filled file de-identified; fields with a role in `empty` are empty."""
    source = formats()[name]
    table = coverage.editions(source)[number]
    files = filled_files(source, table, empty)
    if not files:
        pytest.skip("nothing is taken of this format" if name == "dpc-k" else "filled with the payload tables")
    report, applied, raw = Report(), Applied(), []
    stored: dict[str, list[pl.DataFrame]] = {}
    for parcel in (one for data in files for one in source.read(io.BytesIO(data), report, {})):
        raw.append((parcel.tables, parcel.people))
        for place, frame in deidentify(parcel, source.dataset, report, applied).items():
            stored.setdefault(place, []).append(frame)
    text = b"".join(files).decode(encoding_of(source))
    assert not report.held
    assert report.edition in {"", table.dataset.edition}
    return Reality(source, table, text, raw, {place: pl.concat(frames) for place, frames in stored.items()})


def reported(source: Format, table: FieldTable) -> list[FieldCoverage]:
    """The report's lines of one edition; of a payload table, those of the file it lies in as well."""
    own = {t.name for t in source.dataset.tables}
    others = [t for t in coverage.editions(source) if all(f.table in own for f in t.fields)]
    wanted = {table.dataset.edition, *(t.dataset.edition for t in others if table not in others)}
    return [field for field in coverage.coverage(source) if field.edition in wanted]


def filled_places(stored: dict[str, pl.DataFrame]) -> set[str]:
    """``table.column`` of every column that holds anything."""
    return {
        f"{name}.{column}"
        for name, frame in stored.items()
        for column in frame.columns
        if column not in KEYS and frame[column].null_count() < frame.height
    }


def marks(frames: list[pl.DataFrame]) -> set[tuple[str, int]]:
    """Record (folded: readers make numbers upper-case) and index of the markers in text columns."""
    texts = [text for frame in frames for column in frame.select(pl.col(pl.String)) for text in column.drop_nulls()]
    found = (place for text in texts for place in re.findall(f"{MARK}([^{MARK}・]+)・([0-9]+){MARK}", text))
    return {(record.casefold(), int(index)) for record, index in found}


@pytest.mark.parametrize(("name", "number"), EDITIONS)
def test_what_is_stored_is_what_the_report_says(name: str, number: int) -> None:
    real = reality(name, number)
    places = {f.place for f in reported(real.source, real.table) if f.place}
    assert filled_places(real.stored) == places - NEVER_FILLED.get(name, set())


@pytest.mark.parametrize(("name", "number"), EDITIONS)
def test_nothing_that_must_go_is_stored(name: str, number: int) -> None:
    real = reality(name, number)
    text = repr([frame.rows() for frame in real.stored.values()])
    assert MARK not in text
    assert "19560203" not in text
    assert "1000001" not in text
    classes = {(t.name, c.name): str(c.cls) for t in real.source.dataset.tables for c in t.columns}
    columns = {
        (table, column) for table, frame in real.stored.items() for column in frame.columns if column not in KEYS
    }
    assert not {classes[place] for place in columns} & NEVER_STORED


@pytest.mark.parametrize(("name", "number"), EDITIONS)
def test_what_is_never_read_is_in_no_parcel(name: str, number: int) -> None:
    """And free text and names that are not said to be passed over are: the report may not say better than it is."""
    real = reality(name, number)
    found = marks([frame for tables, _ in real.raw for frame in tables.values()])
    texts = {(f.record, f.index): f for f in reported(real.source, real.table) if f.cls in SKIPPABLE}
    placed = {(f.record, f.index) for f in real.table.fields if marker(f) in real.text} & set(texts)
    read = {(record.casefold(), i) for record, i in placed if texts[record, i].happens != coverage.NEVER_READ}
    assert {place for place in found if place in {(r.casefold(), i) for r, i in texts}} == read


@pytest.mark.parametrize(("name", "number"), EDITIONS)
def test_people_are_known_by_the_fields_the_report_names(name: str, number: int) -> None:
    real = reality(name, number)
    roles = {field.column.role for field in real.table.fields}
    instead = tuple(sorted(role for role in roles if role.startswith(("confirmed_", "elderly_"))))
    seen = marks([people for empty in ((), instead) for _, people in reality(name, number, empty).raw])
    named = {(f.record, f.index) for f in reported(real.source, real.table) if f.used_for == coverage.IDENTITY}
    placed = {(f.record, f.index) for f in real.table.fields if marker(f) in real.text}
    assert seen == {(record.casefold(), index) for record, index in named & placed}


@pytest.mark.parametrize("name", FORMATS)
def test_every_field_has_a_class_that_decides(name: str) -> None:
    fields = coverage.coverage(formats()[name])
    assert fields
    for field in fields:
        assert field.cls in {str(cls) for cls in ColumnClass}
        assert field.happens
        assert field.ja
        assert field.en
        assert bool(field.place) == (field.cls not in NEVER_STORED)
        assert field.happens != coverage.KEPT_AS_IT_IS, "a stored field needs a closed domain"


@pytest.mark.parametrize("name", FORMATS)
def test_every_place_is_a_column_of_the_dataset(name: str) -> None:
    dataset = formats()[name].dataset
    known = {f"{table.name}.{c.name}" for table in dataset.tables for c in table.columns if coverage.is_stored(c)}
    places = {field.place for field in coverage.coverage(formats()[name])} - {""}
    assert places == known


def test_every_rule_of_the_floor_has_its_words() -> None:
    assert set(coverage.RULES) == set(FLOOR.values())


def test_every_field_of_every_table_is_read_by_some_format() -> None:
    assert coverage.unread_fields() == ()


def test_the_command_prints_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", "--coverage", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)["formats"]
    assert [entry["format"] for entry in printed] == KNOWN
    for entry in printed:
        assert len(entry["fields"]) == sum(edition["fields"] for edition in entry["editions"])
        assert sum(entry["counts"].values()) == len(entry["fields"])
    name = next(
        f for e in printed for f in e["fields"] if (f["format"], f["record"], f["index"]) == ("uke-medical", "RE", 4)
    )
    assert (name["cls"], name["used_for"], name["happens"], name["place"]) == (
        "direct",
        "identity",
        "dropped on receipt",
        "",
    )
    assert main(["formats", "uke-medical", "--coverage"]) == 0
    assert "used for claim token, then dropped on receipt" in capsys.readouterr().out


def test_the_datasets_name_categories_and_editions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {entry["format"] for entry in printed} == set(KNOWN)
    for entry in printed:
        used = {column["category"] for table in entry["tables"] for column in table["columns"]} - {0}
        assert {int(number) for number in entry["content_categories"]} == used
        assert entry["editions"]
