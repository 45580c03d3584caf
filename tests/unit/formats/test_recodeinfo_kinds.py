"""What insurers receive, of every kind: the number of a claim from MN, and that corrections are not read."""

from __future__ import annotations

import pytest

from provision.formats import formats
from tests.support.uke import CHART, IR, KANA, NAME, Claim
from tests.support.ukekinds import FACILITY, HO, TEXT, planted, read, refused, stored
from tests.unit.formats import test_uke_dental, test_uke_dispensing, test_uke_dpc
from tests.unit.formats.test_recodeinfo import BODY

MEDICAL = "recodeinfo-medical"
NUMBERS = ("940000030", "940000031", "940000032")


def fronted(records: list[str]) -> list[str]:
    """The lines with their front columns: 2 for what the review body adds, 1 for the claim."""
    added = ("MN,", "KH,", "EX,", "RC,", "JY,", "HR,", "MK,")
    return [f"{2 if line.startswith(added) else 1},{n},0,{line}" for n, line in enumerate(records, 1)]


def receipt(number: str, records: list[str]) -> list[str]:
    return fronted([f"MN,{number},{FACILITY},13450607940000030,,,", *records, "EX,1,2,3", "RC,Ver00001db5"])


CLAIMS = {
    MEDICAL: [IR, *Claim(body=BODY).records()],
    "recodeinfo-dental": test_uke_dental.CLAIM,
    "recodeinfo-dpc": [IR, test_uke_dpc.re(), HO, *test_uke_dpc.STAY],
    "recodeinfo-dispensing": [test_uke_dispensing.YK, *test_uke_dispensing.CLAIM],
}
INSURER_FILES = {
    form: [*receipt(NUMBERS[0], records), *receipt(NUMBERS[1], records)]
    for form, records in CLAIMS.items()
    if form != MEDICAL
}


@pytest.mark.parametrize("form", CLAIMS)
def test_every_kind_is_read_and_the_number_is_that_of_its_own_receipt(form: str) -> None:
    records = [*receipt(NUMBERS[0], CLAIMS[form]), *receipt(NUMBERS[1], CLAIMS[form])]
    found, people, report = read(form, records)
    assert found["claim"]["claim_number"].to_list() == list(NUMBERS[:2])
    assert people.select("name", "chart").rows() == [(NAME, CHART)] * 2
    assert report.records == len(records)
    assert not [rule for rule in report.warnings if rule.startswith(("unread", "not_as_billed", "surplus"))]
    safe, _ = stored(form, records)
    assert planted(safe) == []
    assert not {"claim_number", "facility_address", "history_number"} & set(safe["claim"].columns)
    text = str([frame.rows() for frame in safe.values()])
    assert not [number for number in (*NUMBERS, "13450607940000030") if number in text]


@pytest.mark.parametrize("form", CLAIMS)
def test_the_claim_number_is_the_first_column_that_names_a_claim(form: str) -> None:
    dataset = formats()[form].dataset
    assert [c.name for c in dataset.table(dataset.head).columns if c.role == "claim"] == ["claim_number"]
    assert dataset.withdraws == ""


@pytest.mark.parametrize("size", [500, 900, 2000, 100_000])
def test_a_receipt_may_begin_with_mn_or_re(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.formats.recodeinfo.CHUNK", size)
    alone = fronted(Claim(search="2" * 20).records())
    nothing = fronted(Claim().records())
    whole = receipt(NUMBERS[0], [IR, *Claim().records()])
    other = receipt(NUMBERS[1], Claim().records())
    found, _, _ = read(MEDICAL, [*whole, *alone, *other, *nothing, *other, "1,9,0,GO,5,500,99"])
    assert found["claim"]["claim_number"].to_list() == [NUMBERS[0], "2" * 20, NUMBERS[1], None, NUMBERS[1]]
    assert read(MEDICAL, [fronted([IR])[0], *alone])[0]["claim"]["claim_number"].to_list() == ["2" * 20]


@pytest.mark.parametrize("size", [500, 100_000])
def test_the_details_of_a_dpc_claim_have_its_number(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provision.formats.recodeinfo.CHUNK", size)
    re = test_uke_dpc.re
    two = [IR, re(details=2), HO, re(), HO, *test_uke_dpc.STAY[:5], re(), HO]
    found, _, _ = read("recodeinfo-dpc", [*receipt(NUMBERS[0], two), *receipt(NUMBERS[1], [IR, re(), HO])])
    assert found["claim"].select("claim_number", "detail_no").rows() == [
        (NUMBERS[0], 0), (NUMBERS[0], 1), (NUMBERS[0], 2), (NUMBERS[1], 0),
    ]  # fmt: skip


def test_corrections_are_counted_and_the_claim_is_kept_as_billed() -> None:
    whole = receipt(NUMBERS[0], [IR, *Claim(body=BODY).records()])
    corrections = [
        "2,8,0,SI,11,1,111000110,,200,1", "2,4,0,HO,06132013,１２・３,４５６,1,90", "2,9,0,JY,2,8,0,5,A,9,0,",
        "3,10,0,MD,1", "4,11,0,MK,1", "4,12,0,RE,1", f"11,1,0,RE,1,1112,202505,{NAME}",
        f"8,13,0,HR,202507,1,,S1012,{TEXT}",
    ]  # fmt: skip
    found, _, report = read(MEDICAL, [*whole[:-2], *corrections, *whole[-2:]])
    assert found["service"]["points"].to_list() == [288]
    assert found["insurance"]["points"].to_list() == [100]
    assert report.warnings == {"not_as_billed": 4, "unread:JY": 1, "unread:MD": 1, "unread:MK": 1, "unread:HR": 1}


def test_eligibility_filled_in_by_the_review_body_is_read() -> None:
    records = fronted([IR, *Claim().records()])
    _, people, report = read(MEDICAL, [*records, "2,5,0,SN,1,01,06132013,９９,８８８,02,,"])
    assert people.select("symbol", "number", "branch").row(0) == ("９９", "８８８", "02")
    assert report.warnings == {}


def test_a_dental_header_of_2019_is_told_from_todays() -> None:
    old = test_uke_dental.UK.replace("UK,", "IR,").replace("202506", "50106")
    found, _, report = read(
        "recodeinfo-dental",
        [*receipt(NUMBERS[0], [old, *test_uke_dental.CLAIM[1:]]), *receipt(NUMBERS[1], test_uke_dental.CLAIM)],
    )
    assert report.edition == "2019, 2026-06"
    assert found["claim"].select("claim_number", "claim_month", "facility_code").rows() == [
        (NUMBERS[0], "2019-06", "1234567"), (NUMBERS[1], "2025-06", "1234567"),
    ]  # fmt: skip
    assert planted(stored("recodeinfo-dental", INSURER_FILES["recodeinfo-dental"])[0]) == []


@pytest.mark.parametrize("form", CLAIMS)
def test_a_file_cut_off_is_refused(form: str) -> None:
    records = receipt(NUMBERS[0], CLAIMS[form])
    twice = [*records, *records]
    assert refused(form, twice[:-1]).rule == "uke.cut_off"
    assert refused(form, [KANA, *records]).record == 1
