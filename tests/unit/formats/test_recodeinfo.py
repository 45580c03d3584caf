"""Claims as insurers receive them: front columns, added records and quotes go; SN is the card; nothing direct kept."""

from __future__ import annotations

import pytest

from provision.formats import recodeinfo, recodeinfo_medical
from tests.support.uke import IR, KANA, NAME, Claim
from tests.support.ukekinds import FACILITY, TEXT, planted, read, refused, stored

FORM = "recodeinfo-medical"
SN = "SN,1,01,06132013,９９,８８８,01,,"
BODY = (SN, "SI,11,1,111000110,,288,1", f'CO,,1,810000001,"{TEXT},引用あり"', "SY,4289003,20250501,1")


def receipt(claim: Claim, *, rc: bool = True) -> list[str]:
    """One receipt with what the review body adds in front, behind and between."""
    records = [("2", f"MN,940000030,{FACILITY},13450607940000030,,,"), ("1", IR)]
    records += [("1", record) for record in claim.records()]
    records += [("2", f"KH,{TEXT}"), ("2", "EX,1,2,3"), *([("2", "RC,Ver00001db5")] if rc else [])]
    return [f"{source},{number},0,{record}" for number, (source, record) in enumerate(records, 1)]


FILE = receipt(Claim(body=BODY)) + receipt(Claim(points=50))


def test_the_medical_records_are_left_and_the_confirmed_card_counts() -> None:
    found, people, report = read(FORM, FILE)
    assert people.select("name", "kana", "insurer", "symbol", "number", "branch").rows() == [
        (NAME, KANA, "06132013", "９９", "８８８", "01"), (NAME, KANA, "06132013", "１２・３", "４５６", None),
    ]  # fmt: skip
    assert found["insurance"]["points"].to_list() == [100, 50]
    assert found["comment"].select("service_category", "comment_code").rows() == [("11", "810000001")]
    assert (report.records, report.people, report.warnings) == (len(FILE), 2, {})
    assert recodeinfo_medical.FORMAT.dataset.id == "medical-claims-insurer"


def test_nothing_direct_is_left() -> None:
    found, report = stored(FORM, FILE)
    assert planted(found) == []
    assert report.warnings == {}


@pytest.mark.parametrize("size", [700, 1000, 5000])
def test_the_size_of_a_chunk_changes_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, people, report = read(FORM, FILE * 3)
    monkeypatch.setattr(recodeinfo, "CHUNK", size)
    pieces, same_people, same = read(FORM, FILE * 3)
    assert people.equals(same_people)
    assert same == report
    assert {name: frame.equals(pieces[name]) for name, frame in whole.items()} == dict.fromkeys(whole, True)


def test_a_total_is_reconciled_where_there_is_one() -> None:
    assert read(FORM, [*FILE, "1,99,0,GO,2,150,99"])[2].totals == {"payers": 2, "points": 150}
    assert refused(FORM, [*FILE, "1,99,0,GO,2,151,99"]).rule == "uke.totals"


def test_branches_are_counted() -> None:
    again = [line.replace(",0,EX", ",1,EX") for line in FILE]
    assert read(FORM, again)[2].warnings == {"branch_not_zero": 2}


@pytest.mark.parametrize(
    ("records", "rule", "record"),
    [
        ([], "uke.empty", 0),
        ([*FILE[:3], FILE[3].removeprefix("1,4,0,"), *FILE[4:]], "uke.front_columns", 4),
        ([FILE[0], FILE[1].replace("1,2,0,", "5,2,0,"), *FILE[2:]], "uke.front_columns", 2),
        (FILE[:-1], "uke.cut_off", len(FILE) - 1),
        ([FILE[0], *FILE[2:9]], "uke.no_ir", 2),
        ([*FILE[:7], f'1,7,0,CO,,1,810000001,"{TEXT}', *FILE[7:]], "uke.quote", 8),
        ([*FILE[:7], f"1,7,0,XX,{TEXT}", *FILE[7:]], "uke.unknown_record", 8),
        ([FILE[0], FILE[1], FILE[3], FILE[2], *FILE[4:]], "uke.order", 3),
    ],
)
def test_broken_files_are_refused_without_a_value(records: list[str], rule: str, record: int) -> None:
    error = refused(FORM, records)
    assert (error.rule, error.record) == (rule, record)
