"""Which edition a file is read by, and what is done about columns that an edition does not know."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from provision.errors import FixConfiguration
from provision.formats import uke_medical
from provision.formats.base import Report
from provision.formats.ukeeditions import month_of, superset
from tests.support.uke import CHART, IR, KANA, NAME, Claim, encoded, lines
from tests.support.ukekinds import HO, planted, read, record, refused, stored

FORM = "uke-medical"
SAMPLE = Path(__file__).parents[4] / "shared" / "samples" / "uke" / "receiptisan" / "RECEIPTC_GAIRAI_SAMPLE.UKE"
OLD = IR.replace("202506", "42604")
#: RE of 2014: 36 columns; 17 the department of an old general hospital, 19 the edition of the specification.
OLD_RE = record(
    "RE", 36, {1: "1", 2: "1112", 3: "42603", 4: NAME, 5: "2", 6: "3310203", 13: CHART, 17: "01", 19: "42404"}
)
OLD_TO = f"TO,40,1,777770000,1,12,1,,10,{NAME},{NAME}"
GOLDEN_2014 = [OLD, OLD_RE, HO, "KH,国保連の固有情報", "SI,11,1,111000110,,288,1", OLD_TO, "NI,1,,1", "GO,1,100,99"]


def test_golden_file_of_2014() -> None:
    found, people, report = read(FORM, GOLDEN_2014)
    assert (report.edition, report.totals) == ("2014", {"payers": 1, "points": 100})
    assert report.warnings == {"unread:NI": 1}  # nothing is reserved in 17 and 19
    assert found["claim"].select("claim_month", "service_month").row(0) == ("2014-04", "2014-03")
    assert people.select("name", "birth", "chart", "kana").row(0) == (NAME, "19560203", CHART, None)
    assert found["material"].select("material_code", "unit_price").row(0)[0] == "777770000"
    safe, _ = stored(FORM, GOLDEN_2014)
    assert planted(safe) == []
    assert not {"former_department", "specification_month", "material_text"} & {
        c for f in safe.values() for c in f.columns
    }


def test_golden_file_of_2022() -> None:
    body = ("SN,1,01,,,,01,,", "JD,1,1", "MF,00", "GR,01,", "SY,8830417,20250501,1,,,01,", "SI,11,1,111000110,,288,1")
    records = lines(Claim(body=body), ir=IR.replace("202506", "202206"))
    found, people, report = read(FORM, records)
    assert (report.edition, report.warnings) == ("2022-04", {})
    assert people.select("kana", "branch").row(0) == (KANA, "01")
    assert found["visit_days"]["day_01"].to_list() == ["1"]
    assert planted(stored(FORM, records)[0]) == []


@pytest.mark.parametrize(
    ("month", "edition"),
    [("42604", "2014"), ("43004", "2014"), ("201804", "2014"), ("43005", "2022-04"), ("50404", "2022-04"),
     ("202111", "2022-04"), ("202811", "2022-04")],
)  # fmt: skip
def test_the_month_of_the_claim_chooses(month: str, edition: str) -> None:
    assert read(FORM, [IR.replace("202506", month), OLD_RE, HO, "GO,1,100,99"])[2].edition == edition


def test_records_and_columns_an_edition_does_not_have_are_refused() -> None:
    assert refused(FORM, [OLD, OLD_RE, HO, "SN,1,01,,,,01,,", "GO,1,100,99"]).rule == "uke.unknown_record"
    assert refused(FORM, [OLD, OLD_RE + f",{NAME}", HO, "GO,1,100,99"]).rule == "uke.too_many_columns"


@pytest.mark.parametrize("size", [None, 300, 700])
def test_volumes_of_different_editions_are_read_each_by_its_own(
    size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if size is not None:
        monkeypatch.setattr(uke_medical, "CHUNK", size)
    new = lines(Claim(), Claim(points=7))
    found, people, report = read(FORM, [*GOLDEN_2014, *new, *GOLDEN_2014])
    assert report.edition == "2014, 2022-04"
    assert found["claim"]["claim_month"].to_list() == ["2014-04", "2025-06", "2025-06", "2014-04"]
    assert people["kana"].to_list() == [None, KANA, KANA, None]
    assert people["claim_no"].to_list() == [0, 1, 2, 3]
    broken = refused(FORM, [*GOLDEN_2014, *new, *GOLDEN_2014[:3], "GO,1,101,99"])
    assert (broken.rule, broken.record) == ("uke.totals", len(GOLDEN_2014) + len(new) + 4)


@pytest.mark.parametrize(("month", "taken"), [("202303", False), ("202304", True), ("202706", True)])
def test_columns_of_later_editions_are_counted_and_never_read(month: str, taken: bool) -> None:
    claim = Claim(body=(f"CO,11,1,810000001,,{NAME},{CHART}",)).records()
    records = [IR.replace("202506", month), claim[0] + f",{KANA},{NAME}", *claim[1:], "GO,1,100,99"]
    if not taken:
        assert refused(FORM, records).rule == "uke.too_many_columns"
        return
    safe, report = stored(FORM, records)
    assert report.warnings == {"surplus_columns:RE": 1, "surplus_columns:CO": 1}
    assert planted(safe) == []


@pytest.mark.parametrize("month", ["", "2025", "202513", "202500", "62504", "２０２５０６", NAME])
def test_a_header_without_a_month_is_refused(month: str) -> None:
    error = refused(FORM, lines(Claim(), ir=IR.replace("202506", month)))
    assert (error.rule, error.record, error.field) == ("uke.claim_month", 1, "claim_month")


@pytest.mark.parametrize(
    ("text", "month"),
    [
        (b"202506", "2025-06"),
        (b"42604", "2014-04"),
        (b"50101", "2019-01"),
        (b"14507", "1912-07"),
        (b"02604", ""),
        (b"", ""),
    ],
)
def test_months_are_told_apart_by_length(text: bytes, month: str) -> None:
    assert month_of(text) == month


def test_editions_that_disagree_on_a_column_are_a_mistake_of_ours() -> None:
    old, new = (table.dataset for table in uke_medical.KIND.editions)
    claim = old.table("claim")
    changed = replace(claim, columns=(replace(claim.columns[0], domain="form:[0-9]"), *claim.columns[1:]))
    with pytest.raises(FixConfiguration) as caught:
        superset([replace(old, tables=(changed,)), new])
    assert "review_body" in str(caught.value)


def test_the_published_sample_is_read_by_the_newer_edition() -> None:
    if not SAMPLE.is_file():
        pytest.skip("the published sample is not beside the project")
    report = Report()
    list(uke_medical.FORMAT.read(io.BytesIO(SAMPLE.read_bytes()), report, {}))
    assert report.edition == "2022-04"


def test_bytes_behind_the_end_do_not_change_the_edition() -> None:
    report = Report()
    list(uke_medical.FORMAT.read(io.BytesIO(encoded(GOLDEN_2014) + encoded(lines(Claim()))), report, {}))
    assert report.edition == "2014, 2022-04"
