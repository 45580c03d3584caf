"""Returned claims: which claims, whose and why; with or without front columns; nothing written out is kept."""

from __future__ import annotations

import pytest

from provision.formats import formats
from tests.support.uke import KANA, NAME, Claim
from tests.support.ukekinds import HO, TEXT, planted, read, refused, same_in_pieces, stored
from tests.unit.formats import test_uke_dental, test_uke_dispensing, test_uke_dpc

FORM = "uke-medical-returns"
NUMBER = "13450607940000030000"
HI = "HI,1,202507,13,1,1234567,,00"
HG = "HG,2,150,99"
HR = f"HR,202507,1,,S1012,{TEXT},{TEXT},1,202506,{NUMBER},,,,"
BODY = ("SN,1,01,,,,01,,", "SI,11,1,111000110,,288,1", f"CO,,1,810000001,{TEXT}", f"SJ,01,{TEXT}", HR)
ONE = Claim(search=NUMBER, body=BODY).records()
OTHER = Claim(points=50, body=(HR.replace(",1,,S1012", ",9,11,S1025"), HR)).records(2)
#: The history of the first claim: what it was before it was made again.
HISTORY = [f"11,{number},0,{line}" for number, line in enumerate(["IR,1,13,1,1234567,,,202505,00", *ONE], 1)]
FILE = [HI, *ONE, *HISTORY, "8,9,0,RC,Ver00001db5", *OTHER, HG]


def fronted(records: list[str], source: str = "8") -> list[str]:
    """Every line with data class, line number and branch in front."""
    return [f"{source},{number},0,{line}" for number, line in enumerate(records, 1)]


FILES = {
    FORM: FILE,
    "uke-dental-returns": [
        HI.replace(",13,1,", ",13,3,"), test_uke_dental.RE, HO, *test_uke_dental.BODY, HR, "HG,1,100,99",
    ],
    "uke-dispensing-returns": [
        HI.replace(",13,1,", ",13,4,"), *test_uke_dispensing.CLAIM, HR, "HG,1,100,99",
    ],
    "uke-dpc-returns": [HI, test_uke_dpc.re(c20=NUMBER), HO, *test_uke_dpc.STAY, HR, "HG,1,100,99"],
}  # fmt: skip


def test_the_claim_its_person_and_the_reasons_are_read() -> None:
    found, people, report = read(FORM, FILE)
    assert found["claim"].select("search_number", "claim_month", "service_month", "claim_type").rows() == [
        (NUMBER, "2025-07", "2025-05", "1112"), (None, "2025-07", "2025-05", "1112"),
    ]  # fmt: skip
    assert people.select("name", "kana", "birth", "number", "branch", "facility").rows() == [
        (NAME, KANA, "19560203", "４５６", "01", "1311234567"), (NAME, KANA, "19560203", "４５６", None, "1311234567"),
    ]  # fmt: skip
    assert found["return_reason"].select("claim_no", "return_class", "service_category", "reason_code").rows() == [
        (0, "1", None, "S1012"), (1, "9", "11", "S1025"), (1, "1", None, "S1012"),
    ]  # fmt: skip
    assert (report.totals, report.edition) == ({"payers": 2, "points": 150}, "2022-04")
    assert report.warnings == {"history": len(HISTORY) + 1}
    assert report.records == len(FILE)


@pytest.mark.parametrize("form", FILES)
def test_what_was_claimed_is_not_read_and_nothing_written_out_is_kept(form: str) -> None:
    safe, report = stored(form, FILES[form])
    assert set(safe) <= {"claim", "insurance", "public_expense", "eligibility", "return_reason", "control_total"}
    assert planted(safe) == []
    assert not {"search_number", "other_search_number", "reason_text"} & {c for f in safe.values() for c in f.columns}
    assert safe["return_reason"]["reason_code"].to_list()[0] == "S1012"
    assert report.people == safe["claim"].height > 0


@pytest.mark.parametrize(
    ("form", "withdrawn"),
    [(FORM, "medical-claims"), ("uke-dental-returns", "dental-claims"), ("uke-dpc-returns", "dpc-claims"),
     ("uke-dispensing-returns", "dispensing-claims")],
)  # fmt: skip
def test_the_dataset_says_whose_claims_it_takes_back(form: str, withdrawn: str) -> None:
    dataset = formats()[form].dataset
    assert dataset.withdraws == withdrawn
    assert withdrawn in {other.dataset.id for other in formats().values()}
    assert [c.name for c in dataset.table(dataset.head).columns if c.role == "claim"] == ["search_number"]


def test_lines_may_have_front_columns() -> None:
    plain, people, _ = read(FORM, [HI, *ONE, *OTHER, HG])
    for records in (fronted([HI, *ONE, *OTHER, HG]), [HI, *fronted([*ONE, *OTHER]), HG]):
        found, same, report = read(FORM, [*records[:-1], *HISTORY, records[-1]])
        assert people.equals(same)
        assert all(found[name].equals(plain[name]) for name in plain)
        assert report.warnings == {"history": len(HISTORY)}


def test_the_edition_is_that_of_the_month() -> None:
    records = [HI.replace("202507", "42606"), ONE[0].rsplit(",", 2)[0], ONE[1], HR, "HG,1,100,99"]
    assert read(FORM, records)[2].edition == "2014"


def test_the_size_of_a_chunk_changes_nothing() -> None:
    same_in_pieces(FORM, [HI, *ONE, *OTHER, *ONE, "HG,3,250,99"])


@pytest.mark.parametrize(
    ("records", "rule"),
    [
        ([], "uke.empty"),
        ([HI, "HG,0,0,99"], "uke.empty"),
        ([*ONE, HG], "uke.no_hi"),
        ([HI, *ONE, *OTHER], "uke.no_hg"),
        ([HI, *ONE, "HG,2,150,99"], "uke.totals"),
        ([HI, *ONE, *OTHER, HG.replace("150", "151")], "uke.totals"),
        ([HI, *ONE[1:], HG], "uke.order"),
        ([HI, *ONE, "XX,1", *OTHER, HG], "uke.unknown_record"),
        ([HI.replace("202507", ""), *ONE, *OTHER, HG], "uke.claim_month"),
        (["IR,1,13,1,1234567,,架空医院,202507,00", *ONE, *OTHER, HG], "uke.no_hi"),
    ],
)
def test_broken_files_are_refused_without_a_value(records: list[str], rule: str) -> None:
    assert refused(FORM, records).rule == rule
