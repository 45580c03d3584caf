"""Dental claims: UK opens the file, IR repeats, tooth codes; nothing direct kept."""

from __future__ import annotations

import pytest

from tests.support.uke import CHART, KANA, NAME
from tests.support.ukekinds import (
    FACILITY,
    HO,
    TEXT,
    head,
    planted,
    read,
    record,
    refused,
    same_in_pieces,
    stored,
)

FORM = "uke-dental"
UK = f"UK,1,13,3,1234567,,{FACILITY},202506,0102,00"
IR = "IR,1,13,3,1234567,,202506,03-0000-0000,0102"
RE = head(27, "3112", {9: "20250501", 10: "1", 13: "1829", 15: CHART, 21: TEXT, 25: KANA})
BODY = [
    f"HS,20250501,1,101100101200,4000000,,{NAME},,,01,,{TEXT},101100",
    record("SS", 109, {1: "11", 2: "1", 3: "301000110", 6: "A0001", 7: "2", 76: "267", 77: "1", 78: "1"}),
    record("SS", 109, {1: "", 2: "1", 3: "301000210", 76: "5", 77: "1"}),
    "IY,21,1,620000001,1.5,5,1,A,1",
    f"TO,,1,710000001,1.5,001,12.5,,,,,{TEXT},5,1,1",
    f"CO,,1,810000001,{TEXT},101200",
    f"SJ,01,{TEXT}",
]
CLAIM = [IR, RE, HO, *BODY]
GO = "GO,2,200,99"


def test_every_claim_has_its_own_header() -> None:
    other = IR.replace("1234567", "7654321").replace("202506", "202507")
    found, people, report = read(FORM, [UK, *CLAIM, other, RE, HO, GO])
    assert found["claim"].select("facility_code", "claim_month").rows() == [
        ("1234567", "2025-06"), ("7654321", "2025-07"),
    ]  # fmt: skip
    assert people["facility"].to_list() == ["1331234567", "1337654321"]
    assert people.select("name", "kana", "chart", "birth", "symbol").row(1) == (
        NAME, KANA, CHART, "19560203", "１２・３",
    )  # fmt: skip
    assert (report.records, report.people, report.totals) == (15, 2, {"payers": 2, "points": 200})
    assert found["file_header"].select("claim_no", "facility_code").rows() == [(None, "1234567")]
    assert found["control_total"]["claim_no"].to_list() == [None]


def test_services_drugs_and_materials_share_the_running_category() -> None:
    found, _, _ = read(FORM, [UK, *CLAIM, *CLAIM, GO])
    of = {name: found[name].select("claim_no", "service_category", "group_no").rows() for name in _SUMMARY}
    assert of["dental_service"] == [(0, "11", 1), (0, "11", 1), (1, "11", 1), (1, "11", 1)]
    assert of["drug"] == of["material"] == of["comment"] == [(0, "21", 2), (1, "21", 2)]
    service = found["dental_service"].row(0, named=True)
    assert (service["addition_code_01"], service["addition_quantity_01"], service["points"], service["day_01"]) == (
        "A0001", 2, 267, 1,
    )  # fmt: skip


_SUMMARY = ("dental_service", "drug", "material", "comment")


def test_teeth_are_kept_and_nothing_direct_is() -> None:
    found, report = stored(FORM, [UK, *CLAIM, *CLAIM, GO])
    assert planted(found) == []
    assert report.warnings == {}
    assert found["diagnosis"].select("tooth_codes", "comment_tooth_codes").row(0) == ("101100101200", "101100")
    assert found["claim"].select("birth_month", "special_notes", "start_date").row(0) == (
        "1956-02", "1829", "2025-05-01",
    )  # fmt: skip


def test_several_volumes_and_any_size_of_chunk() -> None:
    volume = [UK, *CLAIM, IR, RE, HO, *BODY[:2], "GO,2,200,00"]
    assert read(FORM, [*volume, *volume])[2].totals == {"payers": 4, "points": 400}
    same_in_pieces(FORM, [*volume, *volume])


@pytest.mark.parametrize(
    ("records", "rule"),
    [
        ([*CLAIM, GO], "uke.claim_month"),
        ([RE, HO, UK, *CLAIM, GO], "uke.no_uk"),
        ([UK, RE, HO, "GO,1,100,99"], "uke.order"),
        ([UK, *CLAIM, RE, HO, GO], "uke.order"),
        ([UK, IR, HO, RE, "GO,1,100,99"], "uke.order"),
        ([UK, *CLAIM, UK, *CLAIM, GO], "uke.order"),
        ([UK, *CLAIM], "uke.no_go"),
        ([UK, "GO,0,0,99"], "uke.empty"),
        ([UK, *CLAIM, "GO,1,101,99"], "uke.totals"),
        ([UK, *CLAIM, "GO,2,100,99"], "uke.totals"),
        ([UK, IR, RE, "GO,0,0,99"], "uke.no_payer"),
        ([UK, IR, RE + f",{NAME}", HO, "GO,1,100,99"], "uke.too_many_columns"),
        ([UK, *CLAIM[:3], f"SS,{NAME},1", "GO,1,100,99"], "uke.category"),
        ([UK, *CLAIM, "SY,4289003", GO], "uke.unknown_record"),
    ],
)
def test_broken_files_are_refused_without_a_value(records: list[str], rule: str) -> None:
    assert refused(FORM, records).rule == rule


def test_files_of_2019_have_one_header_and_no_uk() -> None:
    """The golden file of the edition: IR as UK is written today, above all claims."""
    ir = UK.replace("UK,", "IR,").replace("202506", "50106")
    era = RE.replace("202505", "50105").replace("19560203", "3310203")
    records = [ir, era, HO, *BODY, era, HO, *BODY, GO]
    found, people, report = read(FORM, records)
    assert (report.edition, report.totals) == ("2019", {"payers": 2, "points": 200})
    assert found["claim"].select("facility_code", "claim_month", "service_month").rows() == [
        ("1234567", "2019-06", "2019-05"),
    ] * 2  # fmt: skip
    assert people.select("name", "birth", "facility").rows() == [(NAME, "19560203", "1331234567")] * 2
    safe, _ = stored(FORM, records)
    assert planted(safe) == []
    assert read(FORM, [UK, *CLAIM, *CLAIM, GO])[2].edition == "2026-06"
