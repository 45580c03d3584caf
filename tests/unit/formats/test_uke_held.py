"""A claim with bytes that are no text is held, the rest is taken, and the totals are right with it included."""

from __future__ import annotations

import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import formats, uke_medical, ukefile
from provision.formats.base import HELD_RECORDS, BadFile, Report
from tests.support.uke import IR, NAME, Claim, encoded, lines
from tests.support.ukekinds import PLANTED
from tests.unit.formats import test_recodeinfo, test_uke_dental, test_uke_dispensing, test_uke_dpc

BAD = b"\xff"
PLACE = "壊".encode("cp932")
RECEIPT = test_recodeinfo.receipt(Claim(body=test_recodeinfo.BODY))
GOOD = Claim(body=("SI,11,1,111000110,,288,1", "SI,,1,112000110,,10,1"))


def taken(form: str, data: bytes) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, Report]:
    report = Report()
    parcels = list(formats()[form].read(io.BytesIO(data), report, {}))
    names = {name for parcel in parcels for name in parcel.tables}
    tables = {name: pl.concat([p.tables[name] for p in parcels if name in p.tables]) for name in sorted(names)}
    return tables, pl.concat([p.people for p in parcels]), report


def damaged(records: list[str]) -> bytes:
    """The file with a byte that is no text where the records have 壊."""
    return encoded(records).replace(PLACE, BAD)


WHERE = {
    "the name": GOOD.but(name="架空壊　花子"),
    "the kana": GOOD.but(kana="カクウ壊"),
    "the symbol": GOOD.but(symbol="１２・壊"),
    "a comment": GOOD.but(body=("CO,11,1,810000001,架空壊", "SI,,1,111000110,,288,1")),
    "a first category": GOOD.but(body=("IY,21,1,620000壊,1,5,1", "CO,,1,810000001,あ")),
    "the note": GOOD.but(body=(*GOOD.body, "SJ,01,長い壊文章")),
    "two places": GOOD.but(name="架空壊　花子", symbol="壊"),
}


@pytest.mark.parametrize("place", WHERE)
@pytest.mark.parametrize("size", [16 * 2**20, 400])
def test_the_claim_is_left_out_whole_and_the_totals_stand(
    place: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uke_medical, "CHUNK", size)
    bad = WHERE[place].but(points=7)
    records = lines(GOOD, bad, GOOD.but(points=50))
    found, people, report = taken("uke-medical", damaged(records))
    assert report.totals == {"payers": 3, "points": 157}
    assert (report.records, report.people) == (len(records), 2)
    assert report.warnings == {"held:text.undecodable": 1}
    assert people["claim_no"].to_list() == [0, 2]
    assert {n for frame in found.values() for n in frame["claim_no"].drop_nulls()} == {0, 2}
    assert found["service"].select("service_category", "group_no").rows() == [("11", 1)] * 4
    assert [held.rule for held in report.held] == ["text.undecodable"]
    first = next(n for n, line in enumerate(records, 1) if "壊" in line)
    assert report.held[0].record == first
    assert report.held[0].raw == encoded(bad.records(2), tail=b"").replace(PLACE, BAD)
    assert NAME not in repr(report)


def test_bytes_python_calls_cp932_are_held_too() -> None:
    for byte in (b"\x80", b"\xa0", b"\xfd", b"\xff"):
        data = encoded(lines(GOOD, GOOD.but(name="架空壊"))).replace(PLACE, byte)
        assert taken("uke-medical", data)[2].people == 1


def test_vendor_characters_and_half_width_kana_are_read_right() -> None:
    claim = GOOD.but(name="髙﨑①　ｶｸｳ", kana="ﾀｶｻｷ")
    people = taken("uke-medical", encoded(lines(claim)))[1]
    assert people.select("name", "kana").row(0) == ("髙﨑①　ｶｸｳ", "ﾀｶｻｷ")


@pytest.mark.parametrize(
    ("records", "rule"),
    [
        (lines(GOOD, ir=IR.replace("架空医院", "壊")), "text.undecodable"),
        (lines(GOOD.but(name="壊")), "text.undecodable"),
        (lines(GOOD.but(name="壊"), GOOD, go="GO,2,201,99"), "uke.totals"),
        (lines(*[GOOD.but(name="壊")] * (HELD_RECORDS + 1), GOOD), "text.undecodable"),
    ],
)
def test_damage_that_cannot_be_left_out_stops_the_file(records: list[str], rule: str) -> None:
    with pytest.raises(BadFile) as caught:
        taken("uke-medical", damaged(records))
    assert caught.value.rule == rule
    assert caught.value.remedy


def test_a_detail_takes_its_whole_set_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    re, stay, ho = test_uke_dpc.re, test_uke_dpc.STAY, test_uke_dpc.HO
    bad = [line.replace("隣の", "壊") for line in stay]
    records = [IR, re(), ho, *stay, re(details=2), ho, re(), ho, *bad, re(), ho, re(), ho, *stay, "GO,3,300,99"]
    found, people, report = taken("uke-dpc", damaged(records))
    assert people["claim_no"].to_list() == [0, 4]
    assert found["claim"]["detail_no"].to_list() == [0, 0]
    assert len(report.held) == 3
    assert sum(held.raw.count(b"\n") for held in report.held) == 2 + 2 + len(bad) + 2
    monkeypatch.setattr(ukefile, "CHUNK", 400)
    with pytest.raises(BadFile):  # the set is not in one chunk
        taken("uke-dpc", damaged(records))


@pytest.mark.parametrize(
    ("form", "claim", "before", "after"),
    [
        ("uke-dental", test_uke_dental.CLAIM, [test_uke_dental.UK], [test_uke_dental.GO]),
        ("uke-dispensing", test_uke_dispensing.CLAIM, [test_uke_dispensing.YK], [test_uke_dispensing.GO]),
        ("recodeinfo-medical", RECEIPT, [], []),
    ],
)
def test_every_kind_holds_its_claims(form: str, claim: list[str], before: list[str], after: list[str]) -> None:
    at = next(n for n, line in enumerate(claim) if ",HO," in line or line.startswith("HO,"))
    bad = [*claim[:at], claim[at].replace("１２・３", "壊"), *claim[at + 1 :]]
    _, people, report = taken(form, damaged([*before, *claim, *bad, *after]))
    assert people["claim_no"].to_list() == [0]
    assert len(report.held) == 1
    assert b"HO,06132013," + BAD in report.held[0].raw


@settings(max_examples=150, deadline=None)
@given(where=st.integers(0, 2000), byte=st.sampled_from([b"\x80", b"\xff", b"\x83", b"\xfd"]), insert=st.booleans())
def test_one_bad_byte_anywhere_ends_well(where: int, byte: bytes, insert: bool) -> None:
    claims = [GOOD.but(body=(*GOOD.body, "SY,8830417,20250501,1,,架空病,01,", "SJ,01,あいう")), GOOD, GOOD]
    whole = encoded(lines(*claims))
    at = where % len(whole)
    report = Report()
    data = whole[:at] + byte + whole[at + (0 if insert else 1) :]
    parcels, refusal = [], ""
    try:
        parcels += uke_medical.FORMAT.read(io.BytesIO(data), report, {})
    except BadFile as error:
        refusal = str(error)
    if refusal:
        assert not [word for word in PLANTED if word in refusal]
        return
    assert report.people + len(report.held) == 3
    assert sum(parcel.people.height for parcel in parcels) == report.people
    assert all(byte in held.raw for held in report.held)
