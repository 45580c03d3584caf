"""DPC claims: sets of summary and details, totals either way, columns of later editions, nothing direct kept."""

from __future__ import annotations

import pytest

from tests.support.uke import CHART, IR, KANA, NAME
from tests.support.ukekinds import HO, TEXT, head, planted, read, refused, same_in_pieces, stored

FORM = "uke-dpc"


def re(details: int = 0, **filled: str) -> str:
    other = {int(name.removeprefix("c")): value for name, value in filled.items()}
    return head(30, "1111", {13: CHART, 19: str(details) if details else "", 28: KANA} | other)


STAY = [
    f"BU,050130xx99000x,20250501,20250520,1,{TEXT}",
    f"SB,4289003,,{NAME},I500,11,,{TEXT}",
    f"KK,,0,1,,0,69,,0,,,{TEXT},,",
    f"SK,150000490,K546,20250503,,01,{TEXT}",
    "GA,202505,0,0000000000000000000000000000000,050130xx99000x,1.2345,0",
    "HH,202505,0,1,1,1,2500,10,25000",
    f"GT,202505,0,1,1,25000,30862,-5,30857,93,,{TEXT}",
    "SI,50,1,150000490,,1000,1",
    "IY,,1,620000001,1.5,5,1",
    f"SJ,01,{TEXT}",
    f"CD,20250503,50,1,1,150000490,1.25,3,,1,{TEXT}",
]
#: A claim of its own, then a 総括 of two details, the second one after the fee schedule for medical claims.
FILE = [IR, re(), HO, *STAY, re(details=2), HO, re(), HO, *STAY, re(), HO, "GR,01,", "SY,4289003,20250501,1"]


def test_details_are_told_from_claims_of_their_own() -> None:
    found, people, report = read(FORM, [*FILE, re(), HO, "GO,3,300,99"])
    assert found["claim"]["detail_no"].to_list() == [0, 0, 1, 2, 0]
    assert found["claim"]["details"].to_list() == [None, 2, None, None, None]
    assert people["name"].to_list() == [NAME] * 5
    assert people.select("kana", "chart", "birth", "number").row(0) == (KANA, CHART, "19560203", "４５６")
    assert (report.records, report.totals) == (len(FILE) + 3, {"payers": 3, "points": 300})
    assert found["dpc_total"].select("claim_no", "adjustment_points", "month_points").rows() == [
        (0, -5, 30857), (2, -5, 30857),
    ]  # fmt: skip
    assert found["drug"]["service_category"].to_list() == ["50", "50"]


@pytest.mark.parametrize(("go", "taken"), [("2,200", True), ("4,400", True), ("2,400", False), ("3,300", False)])
def test_totals_count_every_detail_or_none(go: str, taken: bool) -> None:
    if taken:
        assert list(read(FORM, [*FILE, f"GO,{go},99"])[2].totals.values()) == [int(n) for n in go.split(",")]
    else:
        assert refused(FORM, [*FILE, f"GO,{go},99"]).rule == "uke.totals"


def test_a_detail_may_have_no_payer_but_a_claim_may_not() -> None:
    set_of_one = [IR, re(details=1), HO, re(), *STAY]
    assert read(FORM, [*set_of_one, "GO,1,100,99"])[0]["claim"].height == 2
    assert refused(FORM, [*set_of_one, re(), "GO,1,100,99"]).rule == "uke.no_payer"


def test_details_that_are_missing_are_counted_and_end_with_the_volume() -> None:
    cut = [IR, re(details=3), HO, re(), HO, "GO,1,100,00"]
    found, _, report = read(FORM, [*cut, IR, re(), HO, "GO,1,100,99"])
    assert report.warnings == {"details_missing": 2}
    assert found["claim"]["detail_no"].to_list() == [0, 1, 0]


def test_the_size_of_a_chunk_changes_nothing() -> None:
    same_in_pieces(FORM, [*FILE, "GO,2,200,00", *FILE, "GO,2,200,99"])


def test_nothing_direct_is_left() -> None:
    found, report = stored(FORM, [*FILE, "GO,2,200,99"])
    assert planted(found) == []
    assert report.warnings == {}
    assert found["claim"]["birth_month"].to_list() == ["1956-02"] * 4
    assert not {"patient_kana", "patient_state", "chart_number"} & set(found["claim"].columns)


def test_columns_of_later_editions_are_not_read() -> None:
    later = re(c28="01", c29="002") + f",,,,,,,,,{KANA},{TEXT}"
    found, people, _ = read(FORM, [IR, later, HO, "GO,1,100,99"])
    assert people["kana"].to_list() == [None]  # a code stands there
    assert planted({"claim": found["claim"].drop("patient_name", "chart_number")}) == []
    assert refused(FORM, [IR, re() + "," * 21, HO, "GO,1,100,99"]).rule == "uke.too_many_columns"


def test_era_dates_are_read() -> None:
    found, _ = stored(FORM, [IR, re(c3="42604", c6="3310203", c8="4260401"), HO, "GO,1,100,99"])
    assert found["claim"].select("service_month", "birth_month", "admission_date").row(0) == (
        "2014-04", "1956-02", "2014-04-01",
    )  # fmt: skip
