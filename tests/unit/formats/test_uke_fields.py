"""The field tables of the UKE family: every place of every record has a line and a class, none is let off lightly."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from provision import codes
from provision.formats import formats, uke_dental, uke_dispensing, uke_dpc, uke_medical
from provision.formats.tables import DROPPED
from provision.formats.ukefile import UkeFormat
from provision.formats.ukekind import UkeKind
from tests.support.uke import Claim, lines
from tests.support.ukekinds import stored

KINDS = {
    "medical": uke_medical.KIND, "dental": uke_dental.KIND, "dispensing": uke_dispensing.KIND, "dpc": uke_dpc.KIND,
}  # fmt: skip
FAMILY = {name: source for name, source in formats().items() if isinstance(source, UkeFormat)}
REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "field_tables" / "uke_fields.tsv"
WIDTHS = {
    "medical": {"IR": 10, "RE": 38, "HO": 15, "KO": 12, "SN": 9, "SI": 44, "TO": 48, "GO": 4},
    "dental": {"UK": 10, "IR": 9, "RE": 27, "HO": 14, "KO": 10, "HS": 13, "SS": 109, "GO": 4},
    "dispensing": {"YK": 9, "RE": 42, "HO": 14, "KO": 10, "SH": 10, "CZ": 71, "KI": 114, "ST": 16},
    "dpc": {"RE": 30, "HO": 16, "KO": 13, "BU": 6, "SB": 8, "KK": 14, "GT": 12, "CD": 11},
}
#: Privacy classes of the reference and the classes a column may have for them; `free` is stricter than any of them.
CLASSES = {
    "ORD": {"ordinary", "technical", "sensitive", "reserved"}, "QUASI": {"quasi", "provider"},
    "SENS": {"sensitive", "ordinary", "free"}, "DIRECT": {"direct"}, "LINK": {"link"}, "BIRTH": {"birth"},
    "INSURER": {"insurer"}, "FREE": {"free"}, "TECH": {"technical"}, "RES": {"reserved", "direct"},
    "PROV": {"provider", "provider_name"}, "PROV-NAME": {"provider_name"},
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_every_place_has_one_line(name: str) -> None:
    kind = KINDS[name]
    for record in kind.records:
        indexes = [f.index for f in kind.physical(record)]
        assert indexes == list(range(1, len(indexes) + 1)), record
    assert {record: kind.widths()[record][1] for record in WIDTHS[name]} == WIDTHS[name]


@pytest.mark.parametrize("form", FAMILY)
def test_every_edition_has_every_place_and_the_roles_it_needs(form: str) -> None:
    source = FAMILY[form]
    for kind in (*source.earlier, source.kind):
        for number in range(len(kind.tables)):
            one = kind.edition(number)
            for record in (*one.present, *([one.above] if one.above else [])):
                indexes = [f.index for f in one.physical(record)]
                assert indexes == list(range(1, len(indexes) + 1)), (one.tables, record)
            assert _class(one, one.header, "facility") == "provider"
            assert one.index_of(one.header, "claim_month")
            assert one.index_of("HO", "points")
            heads = [f for f in one.fields.fields if f.table == "claim" and f.column.role == "claim"]
            assert [f.column.cls for f in heads] == ["technical"]


def test_one_edition_is_in_force_in_every_month_and_all_fill_one_schema() -> None:
    for source in FAMILY.values():
        for kind in (*source.earlier, source.kind):
            if len({table.since + table.until for table in kind.editions}) > 1:
                months = [f"{year}-{month:02d}" for year in range(2010, 2031) for month in range(1, 13)]
                assert {sum(table.in_force(month) for table in kind.editions) for month in months} == {1}
        assert source.dataset.edition == source.editions[-1].dataset.edition
        for edition in source.editions:
            for table in edition.dataset.tables:
                for column in table.columns:
                    same = source.dataset.table(table.name).column(column.name)
                    assert (column.cls, column.dtype, column.domain) == (same.cls, same.dtype, same.domain)


def test_the_edition_of_2014_is_as_wide_as_it_was() -> None:
    widths = uke_medical.KIND.edition(0).widths()
    known = {"IR": 10, "RE": 36, "HO": 15, "KO": 12, "SI": 44, "IY": 44, "TO": 48, "TI": 10, "TR": 18, "GO": 4}
    assert {record: widths[record][1] for record in known} == known
    assert not {"SN", "JD", "MF"} & set(widths)


@pytest.mark.parametrize("name", KINDS)
def test_the_roles_of_a_person_are_there(name: str) -> None:
    kind: UkeKind = KINDS[name]
    for role in ("name", "kana", "chart"):
        assert _class(kind, "RE", role) == "direct"
    assert (_class(kind, "RE", "birth"), _class(kind, "RE", "claim")) == ("birth", "technical")
    assert {_class(kind, "HO", role) for role in ("symbol", "number")} == {"link"}
    assert {_class(kind, "SN", role) for role in ("confirmed_symbol", "confirmed_number", "branch")} == {"link"}
    assert _class(kind, kind.header, "facility") == "provider"


def _class(kind: UkeKind, record: str, role: str) -> str:
    wanted = kind.named(record, role)
    return next(f.column.cls.value for f in kind.physical(record) if f.column.name == wanted)


@pytest.mark.parametrize("name", KINDS)
def test_the_tables_agree_with_the_reference(name: str) -> None:
    if not REFERENCE.is_file():
        pytest.skip("the reference tables are not beside the project")
    kind = KINDS[name]
    places = {(f.record, f.index): f.column for record in kind.records for f in kind.physical(record)}
    with REFERENCE.open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if row[0] == name and row[2] != "0"]
    assert len(rows) > 100
    for row in rows:
        column = places[row[1], int(row[2])]
        assert column.cls.value in CLASSES[row[7]], row[:4]
        if row[7] in {"DIRECT", "LINK", "FREE", "TECH", "RES", "PROV-NAME"}:
            assert column.cls in DROPPED, row[:4]


@pytest.mark.parametrize(
    ("name", "size", "some"),
    [
        ("burden", 31, {"1", "9", "Z"}),
        ("claim_type_medical", 108, {"1110", "1242", "1318", "1456"}),
        ("service_category_medical", 27, {"11", "97"}),
        ("department", 37, {"01", "39"}),
        ("body_part", 33, {"033"}),
        ("medical_treatment", 19, {"019"}),
        ("material_unit", 61, {"001", "061"}),
        ("eligibility_check", 13, {"09", "14"}),
        ("special_note", 39, {"10", "44"}),
        ("payer_law", 52, {"01", "12", "54", "89"}),
        ("point_table", 4, {"1", "3", "4", "6"}),
        ("return_class", 9, {"9"}),
    ],
)
def test_the_code_lists_are_as_long_as_their_source(name: str, size: int, some: set[str]) -> None:
    listed = codes.load(name)
    assert (len(listed.names), some - set(listed.names)) == (size, set())


def test_codes_outside_a_list_are_emptied_and_counted() -> None:
    body = ("SI,11,1,111000110,,288,1", "SI,98,1,111000110,,1,1", "SI,,D,111000110,,1,1", "TO,40,1,7,1,1,1,999,1")
    safe, report = stored("uke-medical", lines(Claim(body=body)))
    assert safe["service"].select("service_category", "burden").rows() == [("11", "1"), (None, "1"), (None, None)]
    assert report.warnings["outside_domain:service.service_category"] == 2
    assert report.warnings["outside_domain:service.burden"] == 1
    assert report.warnings["outside_domain:material.unit_code"] == 1
