"""DPC EF, E, F, D, H and 様式4: what is read, where it lands, and one claim number per stay however a file is cut."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import Applied
from provision.errors import FixConfiguration
from provision.formats import dpcfile, dpcstays, get
from provision.formats.base import PEOPLE_COLUMNS, Parcel, Report
from provision.formats.tables import DROPPED, load
from provision.intake.deidentify import deidentify
from tests.support import dpc

WIDTHS = {"dpc-ef": 31, "dpc-e": 25, "dpc-f": 19, "dpc-d": 30, "dpc-h": 20, "dpc-form4": 5, "dpc-form1": 17}
TABLES = {"dpc-ef": "dpc_ef_2014", "dpc-e": "dpc_e_2014", "dpc-f": "dpc_f_2014", "dpc-d": "dpc_d_2014"}


@pytest.mark.parametrize("format_id", WIDTHS)
def test_every_physical_column_has_its_line_in_the_field_table(format_id: str) -> None:
    table = load(TABLES.get(format_id, format_id.replace("-", "_")))
    physical = sorted(f.index for f in table.fields if f.index < dpcfile.DERIVED)
    assert physical == list(range(WIDTHS[format_id]))


@pytest.mark.parametrize("headings", [True, False])
@pytest.mark.parametrize("tail", [b"", b"\x1a", b"\r\n\r\n"])
def test_reads_an_inpatient_ef_file(headings: bool, tail: bytes) -> None:
    parcels, report = dpc.read("dpc-ef", dpc.encoded([dpc.ef("000"), dpc.ef("001")], headings=headings) + tail)
    (parcel,) = parcels
    stay = parcel.tables["stay"].row(0, named=True)
    assert (stay["claim_no"], stay["facility"], stay["insurer"]) == (1, dpc.FACILITY, "138057")
    assert (stay["admitted"], stay["discharged"], stay["birth_month"]) == ("2025-04-03", "2025-04-10", None)
    item = parcel.tables["ef_item"].row(1, named=True)
    assert (item["claim_no"], item["detail_no"], item["points"], item["done_on"]) == (1, 1, 270, "2025-04-04")
    assert (item["quantity"], item["detail_points"]) == (Decimal("1.500"), Decimal("12.500"))
    assert "item_name" not in item
    person = {key: value for key, value in parcel.people.row(0, named=True).items() if value is not None}
    assert parcel.people.columns == list(PEOPLE_COLUMNS)
    assert person == {"claim_no": 1, "facility": dpc.FACILITY, "chart": dpc.DATA_ID, "insurer": "138057"}
    assert (report.records, report.people, report.warnings) == (2 + headings, 1, {})
    assert report.totals == {"stays": 1, "rows": 2}


@pytest.mark.parametrize(("format_id", "row"), [("dpc-ef", dpc.ef()), ("dpc-e", dpc.e()), ("dpc-f", dpc.f())])
def test_a_birth_date_in_column_3_is_told_by_its_being_before_the_visit(format_id: str, row: dpc.Row) -> None:
    rows = [
        dpc.changed(row, c2="0000000001", c3=dpc.BIRTH, c4="20250402"),
        dpc.changed(row, c2="0000000002", c3="20250402", c4="20250402"),
        dpc.changed(row, c2="0000000003", c3="00000000", c4="20250402"),
        dpc.changed(row, c2="0000000004", c3=dpc.BIRTH, c4="00000000"),
    ]
    parcels, report = dpc.read(format_id, dpc.encoded(rows))
    stays = parcels[0].tables["stay"]
    assert stays["birth_month"].to_list() == [dpc.BIRTH, None, None, None]
    assert stays["service_month"].to_list() == ["2025-04", "2025-04", "2025-04", None]
    assert stays["discharged"].to_list() == [None, "2025-04-02", None, None]
    assert parcels[0].people["birth"].to_list() == [dpc.BIRTH, None, None, None]
    assert report.warnings == {"dpc.birth_in_discharge": 1, "dpc.discharge_or_birth_unknown": 1}


@pytest.mark.parametrize(
    ("format_id", "row", "discharge"),
    [("dpc-ef", dpc.ef(), 3), ("dpc-d", dpc.d(), 3), ("dpc-h", dpc.h(), 4), ("dpc-form4", dpc.form4(), 4)],
)
def test_a_stay_is_of_the_month_of_its_discharge_else_of_its_admission(
    format_id: str, row: dpc.Row, discharge: int
) -> None:
    row = ["20250403" if cell == dpc.ADMITTED else cell for cell in row]
    gone, there = (dpc.changed(row, **{f"c{discharge}": day}) for day in ("20250601", "00000000"))
    for rows, month in (([gone], "2025-06"), ([there], "2025-04")):
        parcels, report = dpc.read(format_id, dpc.encoded(rows))
        assert parcels[0].tables["stay"]["service_month"].to_list() == [month]
        assert report.edition == get(format_id).dataset.edition


def test_null_written_out_is_empty() -> None:
    parcels, report = dpc.read("dpc-ef", dpc.encoded([dpc.changed(dpc.ef("000"), c12="NULL", c17="NULL")]))
    item = parcels[0].tables["ef_item"].row(0, named=True)
    assert (item["quantity"], item["detail_flags"], item["points"]) == (None, None, 270)
    assert report.warnings == {}


def test_reads_d_with_its_dpc_code_and_coefficient() -> None:
    parcels, _ = dpc.read("dpc-d", dpc.encoded([dpc.d()]))
    item = parcels[0].tables["d_item"].row(0, named=True)
    assert (item["dpc_code"], item["facility_coefficient"]) == ("040080x099x0xx", Decimal("1.2345"))
    assert (item["counted_from"], item["counted_until"]) == ("2025-04-03", "2025-04-10")


def test_reads_f_of_older_years_with_18_columns() -> None:
    parcels, report = dpc.read("dpc-f", dpc.encoded([dpc.f()[:18]]))
    detail = parcels[0].tables["f_detail"].row(0, named=True)
    assert (detail["detail_drug_amount"], detail["detail_flags"]) == (Decimal("125.500"), None)
    assert report.warnings == {}


def test_reads_h_with_fewer_and_with_more_scores() -> None:
    for row, surplus in ((dpc.h()[:14], 0), ([*dpc.h(), "1", "2"], 1)):
        parcels, report = dpc.read("dpc-h", dpc.encoded([row]))
        scores = parcels[0].tables["assessment"].row(0, named=True)
        assert (scores["code"], scores["payload2"], scores["payload5"]) == ("ASS0013", "1", "1")
        assert scores["payload11"] == (None if not surplus else "1")
        assert report.warnings == ({"dpc.surplus_columns": 1} if surplus else {})


def test_form4_has_one_claim_per_row() -> None:
    parcels, report = dpc.read("dpc-form4", dpc.encoded([dpc.form4(), dpc.form4(), dpc.form4("4712", other="1")]))
    assert parcels[0].tables["stay"]["claim_no"].to_list() == [1, 2, 3]
    assert parcels[0].people["chart"].to_list() == [dpc.DATA_ID, dpc.DATA_ID, "0000004712"]
    assert report.totals == {"stays": 3, "rows": 3}


def test_the_rows_of_a_stay_get_one_number_in_every_chunk_and_one_head_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpcfile, "CHUNK", 64 * 1024)
    people = [f"{n:010}" for n in range(40)]
    rows = [dpc.ef(f"{n % 999:03}", who) for n in range(30) for who in people]  # every stay in every chunk
    parcels, report = dpc.read("dpc-ef", dpc.encoded(rows))
    assert len(parcels) > 2
    heads = pl.concat([p.tables["stay"] for p in parcels])
    items = pl.concat([p.tables["ef_item"] for p in parcels])
    assert heads["claim_no"].to_list() == list(range(1, 41))
    assert pl.concat([p.people for p in parcels])["chart"].to_list() == people
    assert set(items["claim_no"].value_counts()["count"]) == {30}
    assert items.height == report.totals["rows"] == len(rows)
    assert report.people == report.totals["stays"] == 40


def test_too_many_stays_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dpcstays, "STAYS", 2)
    rows = [dpc.ef("001", f"{n:010}") for n in range(3)]
    assert dpc.refused("dpc-ef", dpc.encoded(rows)).rule == "dpc.stays"


def stored(format_id: str, parcels: list[Parcel]) -> str:
    """Everything of the parcels that may be stored, as text."""
    report, applied = Report(), Applied()
    tables = [deidentify(parcel, get(format_id).dataset, report, applied) for parcel in parcels]
    return str([frame.to_dicts() for made in tables for frame in made.values()])


@pytest.mark.parametrize("format_id", dpc.FILES)
def test_nothing_direct_survives_receipt(format_id: str) -> None:
    parcels, _ = dpc.read(format_id, dpc.encoded(dpc.FILES[format_id], headings=True))
    text = stored(format_id, parcels)
    assert dpc.FACILITY in text
    for value in (dpc.NAME, dpc.DATA_ID, "4711", "0000000815", dpc.DOCTOR, dpc.BIRTH, "1935-04-12", dpc.ZIP):
        assert value not in text
    kept = {c.name for t in get(format_id).dataset.tables for c in t.columns if c.cls not in DROPPED}
    assert not kept & {"data_id", "doctor_code", "item_name", "common_id"}


def test_a_name_in_a_code_column_is_emptied_and_counted() -> None:
    parcels, report = dpc.read("dpc-ef", dpc.encoded([dpc.changed(dpc.ef(), c28=dpc.NAME, c10="ﾔﾏﾉﾊﾅｺ")]))
    item = parcels[0].tables["ef_item"].row(0, named=True)
    assert (item["ward"], item["fee_schedule_code"]) == (None, None)
    assert report.warnings == {"domain:ef_item.ward": 1, "domain:ef_item.fee_schedule_code": 1}


def test_insurer_numbers_of_zeros_are_none_and_a_failing_check_digit_warns() -> None:
    rows = [dpc.changed(dpc.ef(), c22="00000000"), dpc.changed(dpc.ef("002"), c22="00138058")]
    parcels, report = dpc.read("dpc-ef", dpc.encoded(rows))
    assert parcels[0].tables["ef_item"]["row_insurer"].to_list() == [None, "138058"]
    assert parcels[0].tables["stay"]["insurer"].to_list() == ["138058"]
    assert report.warnings == {"check_digit:insurer": 1}


@pytest.mark.parametrize("format_id", [*dpc.FILES, "dpc-k"])
def test_unknown_options_are_refused(format_id: str) -> None:
    with pytest.raises(FixConfiguration):
        dpc.read(format_id, dpc.encoded(dpc.FILES.get(format_id, dpc.k())), encoding="utf-8")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(-9999, 99999)), min_size=1, max_size=40))
def test_points_add_up_per_stay(rows: list[tuple[int, int]]) -> None:
    data = dpc.encoded([dpc.ef("001", f"{who:010}", points=str(points)) for who, points in rows])
    parcels, _ = dpc.read("dpc-ef", data)
    joined = parcels[0].tables["ef_item"].join(parcels[0].people, on="claim_no")
    sums = dict(joined.group_by("chart").agg(pl.col("points").sum()).iter_rows())
    assert sums == {f"{who:010}": sum(p for w, p in rows if w == who) for who in {w for w, _ in rows}}
