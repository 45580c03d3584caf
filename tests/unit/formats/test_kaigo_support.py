"""Care planning claims (812) and benefit plans (821): both layouts of each, their totals, and what is refused."""

from __future__ import annotations

import io

import pytest

from provision.formats.base import BadFile, Parcel, Report
from provision.formats.kaigo_file import CareFormat
from provision.formats.kaigo_plan import FORMAT as PLAN
from provision.formats.kaigo_support import FORMAT as SUPPORT
from tests.unit.formats.test_kaigo import FACILITY, INSURER, MONTH, PLANTED, Rows, encoded, lines

NUMBER, MANAGER = "0000000123", "13900001"


def read(form: CareFormat, data: Rows, kind: str, month: str = "202402", **how: bool) -> tuple[Parcel, Report]:
    rows, report = lines(data, kind=kind), Report()
    rows[0][10] = month
    (parcel,) = form.read(io.BytesIO(encoded(rows, **how)), report, {})
    return parcel, report


def refused(form: CareFormat, data: Rows, kind: str) -> str:
    with pytest.raises(BadFile) as caught:
        read(form, data, kind)
    assert NUMBER not in str(caught.value)
    return caught.value.rule


def support(*units: int, number: str = NUMBER, form: str = "8124", last: int = 99) -> Rows:
    """One claim: a record for each service, the last one with the totals."""
    rows = []
    for place, count in enumerate(units, 1):
        done = place == len(units)
        who = [form, FACILITY, "1", MONTH, INSURER, "1042", number, "12131234", "9876543", "19350412", "2", "23"]
        dates = ["20230401", "20260331", "20230410"]
        service = [str(last if done else place).zfill(2), "432111", str(count), "1", str(count)]
        totals = [str(sum(units)), str(sum(units) * 10)] if done else ["", ""]
        rows.append([*who, *dates, *service, *totals, MANAGER, PLANTED])
    return rows


def invoice(claims: int, units: int, payer: str = "1", law: str = "0") -> list[str]:
    amounts = [str(units * 10), str(units * 10) if payer == "1" else "0", "0" if payer == "1" else str(units * 10)]
    return ["7111", MONTH, FACILITY, payer, law, "02", str(claims), str(units), *amounts, "0", *[""] * 6]


@pytest.mark.parametrize("kind", ["711", "812"])
@pytest.mark.parametrize("quoted", [True, False])
def test_claims_of_several_records_have_one_head_row(kind: str, quoted: bool) -> None:
    data = [invoice(2, 1800), *support(1000, 300), *support(500, number="0000000124")]
    parcel, report = read(SUPPORT, data, kind, quoted=quoted)
    head, services = parcel.tables["support_claim"], parcel.tables["support_service"]
    assert head["claim_no"].to_list() == [1, 2]
    assert head["total_units"].to_list() == [1300, 500]
    assert head["amount"].to_list() == [13000, 5000]
    assert services["claim_no"].to_list() == [1, 1, 2]
    assert services["detail_no"].to_list() == [1, 99, 99]
    assert services["units"].to_list() == [1000, 300, 500]
    first = {name: value for name, value in parcel.people.row(0, named=True).items() if value is not None}
    assert first == {
        "claim_no": 1, "birth": "19350412", "sex": "2", "care_insurer": "138057", "care_number": NUMBER,
        "facility": FACILITY,
    }  # fmt: skip
    assert report.totals == {"claims": 2, "data_records": 4, "invoices": 1}
    assert (report.edition, report.people, report.warnings) == ("2009", 2, {})


def test_nobody_who_treats_and_no_note_is_read() -> None:
    parcel, _ = read(SUPPORT, [invoice(1, 500), *support(500)], "812")
    shown = str([frame.rows() for frame in parcel.tables.values()])
    assert MANAGER not in shown
    assert PLANTED not in shown
    assert "9876543" not in shown


def test_a_claim_of_2005_is_one_record_of_18_items() -> None:
    row = support(850, form="8121")[0]
    old = [*row[:15], "432111", "850", "8500"]
    parcel, report = read(SUPPORT, [invoice(2, 1700), old, [*old[:6], "0000000124", *old[7:]]], "812", "200504")
    assert report.edition == "2000"
    assert parcel.tables["support_claim"]["amount"].to_list() == [8500, 8500]
    assert parcel.tables["support_claim"]["total_units"].to_list() == [None, None]
    assert parcel.tables["support_service"]["units"].to_list() == [850, 850]
    assert parcel.tables["support_service"]["detail_no"].to_list() == [None, None]


def test_both_layouts_in_one_file_keep_the_order_of_claims() -> None:
    old = [*support(850, form="8122", number="0000000124")[0][:15], "432111", "850", "8500", MANAGER]
    parcel, report = read(SUPPORT, [*support(500), old, *support(600, 1, number="0000000125")], "812")
    assert parcel.tables["support_claim"]["claim_no"].to_list() == [1, 2, 3]
    assert parcel.tables["support_service"]["units"].to_list() == [500, 850, 600, 1]
    assert report.warnings == {"kaigo.surplus_columns": 1, "kaigo.no_invoice": 1}


def test_two_claims_of_one_person_and_month_stay_apart() -> None:
    parcel, _ = read(SUPPORT, [*support(500), *support(600)], "812")
    assert parcel.tables["support_claim"]["amount"].to_list() == [5000, 6000]


def test_totals_of_care_planning() -> None:
    welfare = support(400, number="H000000123")
    good = [invoice(1, 500), invoice(1, 400, "2", "12"), *support(500), *welfare]
    _, report = read(SUPPORT, good, "812")
    assert report.warnings == {}
    assert refused(SUPPORT, [invoice(2, 500), *support(500)], "812") == "kaigo.totals"
    assert refused(SUPPORT, [invoice(1, 501), *support(500)], "812") == "kaigo.totals"
    assert refused(SUPPORT, [invoice(0, 0, "2", "12"), *support(500)], "812") == "kaigo.totals"
    assert refused(SUPPORT, [invoice(1, 500), invoice(3, 400, "2", "12"), *support(500)], "812") == "kaigo.totals"
    odd = support(500, 100)
    odd[1][20] = "700"
    assert read(SUPPORT, odd, "812")[1].warnings == {"kaigo.no_invoice": 1, "kaigo.line_total": 1}


@pytest.mark.parametrize(
    ("change", "rule"),
    [({6: "12"}, "kaigo.key"), ({0: "8131"}, "kaigo.form"), ({1: "架空"}, "kaigo.key"), ({16: "", 19: "x"}, "number")],
)
def test_broken_care_planning_claims(change: dict[int, str], rule: str) -> None:
    (row,) = support(500)
    for place, text in change.items():
        row[place] = text
    assert refused(SUPPORT, [row], "812") == rule


def plan(*units: int, number: str = NUMBER, change: str = "1", items: int = 27) -> Rows:
    """One benefit plan: a line for each service, and the line 99."""
    form = "8222" if items == 27 else "8221"
    rows = []
    for place, count in enumerate((*units, sum(units)), 1):
        last = place > len(units)
        row = [form, MONTH, INSURER, FACILITY, change, "20240205", "3", "99" if last else f"{place:02}", number]
        row += ["19350412", "2", "23", "202304", "202603"]
        service = ["", "1", "1370400099", "1", "15", str(count), "", "", "", "", "", "", ""]
        totals = ["27048", "1", "", "", "", "", "", str(count), "0", str(count), MANAGER, "1370400088", MANAGER]
        rows.append([*row, *(totals if last else service)][:items])
    return rows


def summary(*counts: int) -> list[str]:
    return ["8211", "202402", "0", FACILITY, "1", *["0"] * 6, *map(str, counts), *["0"] * 3]


def test_a_plan_has_one_head_row_made_of_its_line_99() -> None:
    data = [summary(1, 1, 0), *plan(1200, 300), *plan(700, number="0000000124", change="2")]
    parcel, report = read(PLAN, data, "821")
    head = parcel.tables["care_plan"]
    assert head["total_units"].to_list() == [1500, 700]
    assert head["limit_units"].to_list() == [27048, 27048]
    assert head["entrusted_facility"].to_list() == ["1370400088"] * 2
    assert parcel.tables["care_plan_service"]["planned_units"].to_list() == [1200, 300, None, 700, None]
    assert parcel.tables["care_plan_service"]["claim_no"].to_list() == [1, 1, 1, 2, 2]
    assert parcel.tables["care_plan_summary"]["own_home_new"].to_list() == [1]
    assert MANAGER not in str([frame.rows() for frame in parcel.tables.values()])
    assert parcel.people["care_number"].to_list() == [NUMBER, "0000000124"]
    assert report.totals == {"claims": 2, "data_records": 6, "summaries": 1}
    assert (report.edition, report.warnings) == ("2006", {})


def test_a_plan_of_2005_has_24_items() -> None:
    parcel, report = read(PLAN, [summary(1, 0, 0), *plan(1200, items=24)], "821", "200504")
    assert (report.edition, report.warnings) == ("2000", {})
    assert parcel.tables["care_plan"]["total_units"].to_list() == [1200]
    assert parcel.tables["care_plan"]["form"].to_list() == ["8221"]


def test_totals_of_plans() -> None:
    assert refused(PLAN, [summary(2, 0, 0), *plan(1200)], "821") == "kaigo.totals"
    assert refused(PLAN, [summary(0, 1, 0), *plan(1200)], "821") == "kaigo.totals"
    assert read(PLAN, plan(1200), "821")[1].warnings == {"kaigo.no_summary": 1}
    odd = plan(1200)
    odd[1][23] = "1300"
    assert read(PLAN, [summary(1, 0, 0), *odd], "821")[1].warnings == {"kaigo.line_total": 1}


@pytest.mark.parametrize(("form", "kind", "row"), [(SUPPORT, "812", 17), (PLAN, "821", 23)])
def test_records_with_too_few_items(form: CareFormat, kind: str, row: int) -> None:
    data = support(500) if kind == "812" else plan(500)
    assert refused(form, [data[0][:row]], kind) == "kaigo.columns"


def test_every_older_column_is_one_of_the_newest_edition() -> None:
    for form in (SUPPORT, PLAN):
        older, newest = form.editions
        for table in older.dataset.tables:
            for column in table.columns:
                same = newest.dataset.table(table.name).column(column.name)
                assert (same.cls, same.dtype, same.domain) == (column.cls, column.dtype, column.domain)
