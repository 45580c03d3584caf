"""DPC 様式1: stays and typed items by fiscal year, free text dropped, unknown codes counted."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from provision.errors import FixConfiguration
from provision.formats import dpcfile, dpcpayloads
from provision.formats.base import ColumnClass
from provision.formats.dpcpayloads import editions
from tests.support import dpc

SAMPLE = Path(__file__).parents[4] / "shared" / "samples" / "dpc" / "meddatum" / "ff1.txt"
FREE_TEXT = {
    "2014": {"A000080", "A000090", "A006010", "A006020", "A006030", "A006031", "A006040", "A006050", "A007010",
             "Mzz0010"},
    "2025": {"A000080", "A000090", "A006010", "A006020", "A006030", "A006031", "A006040", "A006050", "A007010"},
    "2026": {"A000080", "A000090", "A006010", "A006020", "A006030", "A006031", "A006040", "A006050", "A007010"},
}  # fmt: skip


def items(rows: list[dpc.Row], **options: object) -> list[tuple[object, ...]]:
    """(code, serial, payload number, value) of a file's items."""
    parcels, _ = dpc.read("dpc-form1", dpc.encoded(rows), **options)
    value = pl.coalesce("value", pl.col("value_number").cast(pl.String), "value_date")
    frame = pl.concat([p.tables["form1_item"] for p in parcels])
    return frame.select("code", "serial", "payload_no", value=value).rows()


def test_reads_a_stay_its_patient_and_its_items() -> None:
    parcels, report = dpc.read("dpc-form1", dpc.encoded(dpc.form1(), headings=True))
    (parcel,) = parcels
    assert parcel.tables["stay"].row(0, named=True) == {
        "claim_no": 1, "facility": dpc.FACILITY, "data_id": dpc.DATA_ID, "admitted": "2025-04-03", "count_no": "0",
        "summary_no": "0", "birth_month": dpc.BIRTH, "sex": "2", "zip3": dpc.ZIP, "discharged": "2025-04-10",
        "service_month": "2025-04",
    }  # fmt: skip
    person = {key: value for key, value in parcel.people.row(0, named=True).items() if value is not None}
    assert person == {"claim_no": 1, "facility": dpc.FACILITY, "chart": dpc.DATA_ID, "birth": dpc.BIRTH, "sex": "2"}
    assert (report.records, report.people, report.warnings, report.totals) == (11, 1, {}, {"stays": 1})
    assert dpc.NAME not in str(parcel.tables["form1_item"].rows())


def test_every_filled_payload_becomes_one_typed_row() -> None:
    parcels, _ = dpc.read("dpc-form1", dpc.encoded(dpc.form1()))
    frame = parcels[0].tables["form1_item"]
    found = {(r["code"], r["serial"], r["payload_no"]): r for r in frame.iter_rows(named=True)}
    assert frame.height == len(found) == 20
    assert found["A000030", "0", 1]["value_date"] == "2025-04-10"
    assert found["A001010", "0", 3]["value_number"] == Decimal("48.5")
    assert found["A006040", "2", 2]["value"] == "E119"
    assert not {key for key in found if key[0] == "A000010" or key[2] == 9}


def test_golden_edition_2014() -> None:
    rows = [
        *dpc.form1(discharged="20140710"),
        dpc.payloads("A001030", {2: "0", 3: "1"}),
        dpc.payloads("M050010", {2: "3"}),
        dpc.payloads("M160010", {2: "12.5"}),
        dpc.payloads("A004020", {2: "3"}, version="20180401"),
    ]
    found = items(rows)
    assert found[-4:] == [
        ("A001030", "0", 2, "0"), ("A001030", "0", 3, "1"), ("M050010", "0", 2, "3"), ("M160010", "0", 2, "12.5"),
    ]  # fmt: skip
    _, report = dpc.read("dpc-form1", dpc.encoded(rows))
    assert (report.warnings, report.edition) == ({"dpc.unknown_payload": 1}, "2014")


def test_golden_edition_2025() -> None:
    rows = [
        *dpc.form1(),
        dpc.payloads("A000020", {8: "0", 9: "1"}),
        dpc.payloads("A001030", {1: "20250403", 2: "20250410", 3: "00", 4: "2"}),
        dpc.payloads("A004020", {2: "3"}, version="20180401"),
        dpc.payloads("A006030", {2: "C343", 3: "", 4: "8843433", 5: "8002", 9: dpc.NAME}),
        dpc.payloads("FIM0010", {1: "20250403", 2: "99999999", 3: "1" * 18, 5: "051.0"}, version="20160401"),
        dpc.payloads("M050010", {2: "3"}),
    ]
    found = items(rows)
    assert found[20:] == [
        ("A000020", "0", 8, "0"), ("A000020", "0", 9, "1"),
        ("A001030", "0", 1, "2025-04-03"), ("A001030", "0", 2, "2025-04-10"), ("A001030", "0", 3, "00"),
        ("A001030", "0", 4, "2"), ("A004020", "0", 2, "3"),
        ("A006030", "0", 2, "C343"), ("A006030", "0", 4, "8843433"), ("A006030", "0", 5, "8002"),
        ("FIM0010", "0", 1, "2025-04-03"), ("FIM0010", "0", 3, "1" * 18), ("FIM0010", "0", 5, "51.0"),
    ]  # fmt: skip
    _, report = dpc.read("dpc-form1", dpc.encoded(rows))
    assert (report.warnings, report.edition) == ({"dpc.unknown_payload": 1}, "2025")


def test_golden_edition_2026() -> None:
    rows = [
        *dpc.form1(discharged="20260610"),
        dpc.payloads("A000021", {1: "1", 2: "2"}, version="20260601"),
        dpc.payloads("A000030", {6: "1"}),
        dpc.payloads("A001020", {2: "400"}),
        dpc.payloads("A001050", {2: "00019"}, version="20260601"),
        dpc.payloads("ADL0005", {2: "2" * 10}, version="20260601"),
        dpc.payloads("CAN0020", {3: "Tis（DCIS）", 4: "N1a（sn）", 5: "M0", 6: "8"}),
        dpc.payloads("M040031", {2: "320", 6: "340"}, version="20240601"),
    ]
    assert items(rows)[20:] == [
        ("A000021", "0", 1, "1"), ("A000021", "0", 2, "2"), ("A000030", "0", 6, "1"), ("A001050", "0", 2, "00019"),
        ("ADL0005", "0", 2, "2" * 10), ("CAN0020", "0", 3, "Tis（DCIS）"), ("CAN0020", "0", 4, "N1a（sn）"),
        ("CAN0020", "0", 5, "M0"), ("CAN0020", "0", 6, "8"), ("M040031", "0", 6, "340.0"),
    ]  # fmt: skip
    _, report = dpc.read("dpc-form1", dpc.encoded(rows))
    assert report.warnings == {"dpc.unknown_payload": 1, "reserved_filled:form1_item": 1}
    assert report.edition == "2026"


def test_an_unknown_number_is_no_number_and_no_warning() -> None:
    rows = [*dpc.form1(), dpc.payloads("M170040", {2: "a", 3: "12"}, version="20240601")]
    assert items(rows)[20:] == [("M170040", "0", 3, "12.0")]
    assert dpc.read("dpc-form1", dpc.encoded(rows))[1].warnings == {}


def test_the_edition_is_that_of_the_month_most_stays_ended_in_or_the_one_asked_for() -> None:
    old = [row for n in range(3) for row in dpc.form1(f"{n:010}", discharged="20140610")]
    new = dpc.form1("0000000009", discharged="20990101")
    care = dpc.payloads("A004020", {2: "3"})
    assert "A004020" not in {row[0] for row in items([*old, *new, care])}
    assert "A004020" in {row[0] for row in items([*old, *new, care], edition="2025")}
    _, report = dpc.read("dpc-form1", dpc.encoded(dpc.form1(discharged="20200610")))
    assert report.warnings == {"dpc.form1_edition": 1}
    with pytest.raises(FixConfiguration):
        dpc.read("dpc-form1", dpc.encoded(dpc.form1()), edition="1999")


def test_a_value_of_another_shape_is_emptied_and_counted() -> None:
    rows = [
        *dpc.form1(),
        dpc.payloads("A000040", {2: dpc.NAME, 3: "0"}),
        dpc.payloads("A001020", {2: "many"}),
        dpc.payloads("A006050", {2: "100-0001", 3: "vendor note"}, serial="1"),
    ]
    parcels, report = dpc.read("dpc-form1", dpc.encoded(rows))
    assert parcels[0].tables["form1_item"].height == 20 + 1
    assert report.warnings == {
        "domain:form1_item.value": 2, "domain:form1_item.value_number": 1, "reserved_filled:form1_item": 1,
    }  # fmt: skip


def test_unknown_homes_births_and_discharges_are_null() -> None:
    rows = [
        dpc.payloads("A000010", {1: "00000000", 2: "1", 3: "9999999"}),
        dpc.payloads("A000030", {1: "00000000", 2: "1"}),
    ]
    parcels, report = dpc.read("dpc-form1", dpc.encoded(rows))
    stay = parcels[0].tables["stay"].row(0, named=True)
    assert (stay["birth_month"], stay["zip3"], stay["discharged"], stay["sex"]) == (None, None, None, "1")
    assert stay["service_month"] == "2025-04"  # of the admission, as is the edition
    assert (report.warnings, report.edition) == ({}, "2025")


def test_parts_of_one_stay_are_stays_of_their_own_and_join_by_the_data_id() -> None:
    part = [dpc.FACILITY, dpc.DATA_ID, dpc.ADMITTED, "0", "1"]
    rows = [*dpc.form1(), dpc.payloads("A000020", {2: "1"}, key=part)]
    parcels, report = dpc.read("dpc-form1", dpc.encoded(rows))
    assert pl.concat([p.tables["stay"] for p in parcels])["summary_no"].to_list() == ["0", "1"]
    charts = pl.concat([p.people for p in parcels])["chart"].to_list()
    assert charts == [dpc.DATA_ID, dpc.DATA_ID]
    assert report.warnings == {"dpc.no_patient": 1}


def test_contradicting_patients_in_one_stay_are_counted_and_not_guessed() -> None:
    rows = [*dpc.form1(), dpc.payloads("A000010", {1: "19350413", 2: "2", 3: dpc.ZIP})]
    parcels, report = dpc.read("dpc-form1", dpc.encoded(rows))
    assert parcels[0].people["birth"].to_list() == [None]
    assert parcels[0].people["sex"].to_list() == ["2"]
    assert report.warnings == {"dpc.conflict:birth_month": 1}


def test_a_stay_is_never_split_and_numbers_run_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpcfile, "CHUNK", 64 * 1024)
    people = [f"{n:010}" for n in range(400)]
    parcels, report = dpc.read("dpc-form1", dpc.encoded([row for who in people for row in dpc.form1(who)]))
    assert len(parcels) > 3
    stays = pl.concat([p.tables["stay"] for p in parcels])
    assert stays["claim_no"].to_list() == list(range(1, 401))
    assert stays["birth_month"].null_count() == 0
    for parcel in parcels:
        assert set(parcel.tables["form1_item"]["claim_no"]) == set(parcel.tables["stay"]["claim_no"])
    assert sum(p.tables["form1_item"].height for p in parcels) == 400 * 20
    assert report.totals == {"stays": 400}


def test_a_row_far_from_its_stay_joins_it_but_not_its_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpcfile, "CHUNK", 64 * 1024)
    first, *rest = dpc.form1("0000000001")
    many = [row for n in range(2, 300) for row in dpc.form1(f"{n:010}")]
    parcels, _ = dpc.read("dpc-form1", dpc.encoded([first, *rest[:-1], *many, rest[-1]]))
    assert pl.concat([p.tables["stay"] for p in parcels]).height == 299
    assert parcels[-1].tables["form1_item"]["claim_no"].to_list()[-1] == 1
    assert dpc.refused("dpc-form1", dpc.encoded([*rest, *many, first])).rule == "dpc.form1_order"


def test_a_stay_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpcfile, "STAY_ROWS", 5)
    assert dpc.refused("dpc-form1", dpc.encoded(dpc.form1())).rule == "dpc.stay_length"


@pytest.mark.parametrize("year", sorted(FREE_TEXT))
def test_free_text_is_dropped_by_class(year: str) -> None:
    edition = next(e for e in editions() if e.year == year)
    free = {f.record for f in edition.table.fields if f.column.cls is ColumnClass.FREE}
    assert free == FREE_TEXT[year]
    assert {f.index for f in edition.table.fields if f.column.cls is ColumnClass.FREE} == {9}


def test_editions_follow_each_other_and_know_the_patient() -> None:
    spans = [(e.table.since, e.table.until) for e in editions()]
    assert spans == sorted(spans)
    assert all(first < last for first, last in spans)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    for edition in editions():
        patient = {f.index: str(f.column.cls) for f in edition.table.record("A000010")}
        assert patient == {1: "birth", 2: "quasi", 3: "zip"}


def test_the_shapes_of_payloads_admit_a_birth_date_or_a_postal_code_only_where_they_must() -> None:
    """A file of a year without a table may have moved its payloads: shapes are what stops a day or a home address."""
    day, home = "19350412", dpc.ZIP
    must = {"A006", "A007"}  # codes of diagnoses and operations
    for edition in editions():
        forms = [(f.record, f.column.domain) for f in edition.table.fields if f.column.domain.startswith("form:")]
        for value in (day, home):
            admitting = {r[:4] for r, form in forms if re.fullmatch(form.removeprefix("form:"), value)}
            assert admitting <= must, (edition.year, value)


def test_the_2014_table_has_every_payload_of_the_sample() -> None:
    if not SAMPLE.is_file():
        pytest.skip("the samples are not beside this checkout")
    code, wanted = "", set()
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        code = cells[0] or code
        wanted.add((code, int(cells[2])))
    oldest = dpcpayloads.editions()[0]
    assert {(f.record, f.index) for f in oldest.table.fields} == wanted
