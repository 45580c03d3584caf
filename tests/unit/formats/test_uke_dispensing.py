"""Dispensing claims: what lies in what, the doctors' names and the licence never kept, nothing direct kept."""

from __future__ import annotations

import pytest

from provision.formats import formats
from tests.support.uke import CHART, KANA, NAME
from tests.support.ukekinds import (
    DOCTOR,
    FACILITY,
    HO,
    LICENCE,
    TEXT,
    head,
    planted,
    read,
    record,
    refused,
    same_in_pieces,
    stored,
)

FORM = "uke-dispensing"
YK = f"YK,1,13,4,1234567,{FACILITY},202506,00,03-0000-0000"
DOCTORS = dict.fromkeys(range(14, 34), DOCTOR)
PLACE = {9: "13", 10: "1", 11: "7654321", 12: FACILITY, 13: TEXT}
RE = head(42, "4112", PLACE | DOCTORS | {34: LICENCE, 35: CHART, 39: TEXT, 41: KANA})
CZ = record("CZ", 71, {1: "01", 2: "20250501", 3: "20250502", 4: "1", 5: "7", 9: "412345678", 10: "24", 70: "3"})
BODY = [
    f"SH,01,1,101,{TEXT},10,,,,",
    CZ,
    "IY,1,620000001,3.5,,,,,,",
    "IY,1,620000002,3,,,1,1,,1.5",
    f"CO,810000001,{TEXT}",
    CZ.replace("20250502", "20250509"),
    "IY,1,620000003,3",
    "SH,02,5,900",
    CZ,
    f"TO,1,710000001,1,001,12.5,{TEXT}",
    f"TK,830000001,{TEXT}",
    record(
        "KI", 114, {1: "20250502", 2: "1", 3: "1", 4: "410000010", 5: "42", 8: "440000010", 10: "13", 67: "20250401"}
    ),
    record("ST", 16, {1: "1", 2: "20250501", 6: "120", 7: "40"}),
]
CLAIM = [RE, HO, *BODY]
GO = "GO,2,200,99"


def test_what_lies_in_what() -> None:
    found, people, report = read(FORM, [YK, *CLAIM, *CLAIM, GO])
    first = {name: frame.filter(claim_no=0) for name, frame in found.items() if name != "control_total"}
    assert first["prescription_group"].select("prescription_no", "group_no").rows() == [("01", 1), ("02", 2)]
    inside = {
        name: first[name].select("group_no", "dispensing_no").rows() for name in ("dispensing", "drug", "material")
    }
    assert inside == {"dispensing": [(1, 1), (1, 2), (2, 1)], "drug": [(1, 1), (1, 1), (1, 2)], "material": [(2, 1)]}
    assert found["drug"].filter(claim_no=1)["group_no"].to_list() == [1, 1, 1]
    assert people.select("name", "kana", "chart", "facility", "number").row(1) == (
        NAME, KANA, CHART, "1341234567", "４５６",
    )  # fmt: skip
    assert (report.records, report.people, report.totals) == (32, 2, {"payers": 2, "points": 200})


def test_no_doctor_no_licence_and_nothing_direct_is_left() -> None:
    found, report = stored(FORM, [YK, *CLAIM, *CLAIM, GO])
    assert planted(found) == []
    assert report.warnings == {}
    claim = found["claim"].row(0, named=True)
    assert (claim["prescriber_code"], claim["service_month"], claim["birth_month"]) == ("7654321", "2025-05", "1956-02")
    assert found["dispensing"].select("doctor_no", "dispensed_date", "preparation_points").row(0) == (
        "01", "2025-05-02", 24,
    )  # fmt: skip
    assert found["basic_fee"].select("basic_code", "guidance_points_01", "previous_dispensed_date").row(0) == (
        "410000010", 13, "2025-04-01",
    )  # fmt: skip


def test_the_doctors_are_never_read_as_columns() -> None:
    found, _, _ = read(FORM, [YK, *CLAIM, "GO,1,100,99"])
    names = [f"doctor_{number:02d}" for number in range(1, 21)] + ["narcotics_licence", "prescriber_name"]
    assert not set(names) & set(found["claim"].columns)
    assert {formats()[FORM].dataset.table("claim").column(name).cls.value for name in names} == {"provider_name"}


def test_several_volumes_and_any_size_of_chunk() -> None:
    volume = [YK, *CLAIM, RE, HO, *BODY[:3], "GO,2,200,00"]
    assert read(FORM, [*volume, *volume])[2].totals == {"payers": 4, "points": 400}
    same_in_pieces(FORM, [*volume, *volume])


@pytest.mark.parametrize(
    ("records", "rule"),
    [
        ([*CLAIM, GO], "uke.no_yk"),
        ([YK, RE, HO, CZ, "GO,1,100,99"], "uke.order"),
        ([YK, *CLAIM, RE, HO, "IY,1,620000001,3", GO], "uke.order"),
        ([YK, HO, RE, "GO,1,100,99"], "uke.order"),
        ([YK, *CLAIM], "uke.no_go"),
        ([YK, "GO,0,0,99"], "uke.empty"),
        ([YK, *CLAIM, "GO,1,101,99"], "uke.totals"),
        ([YK, RE, "GO,0,0,99"], "uke.no_payer"),
        ([YK, RE + f",{NAME}", HO, "GO,1,100,99"], "uke.too_many_columns"),
        ([YK, RE, f"HO,06132013,１,２,1,{NAME}", "GO,1,100,99"], "uke.number"),
        ([YK, *CLAIM, "SI,11,1", GO], "uke.unknown_record"),
    ],
)
def test_broken_files_are_refused_without_a_value(records: list[str], rule: str) -> None:
    assert refused(FORM, records).rule == rule
