"""Nursing-care files as a whole: editions, sets and volumes, recognising, held claims, quotes, and mutated files."""

from __future__ import annotations

import csv
import io
import traceback
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats import formats, kaigo_columns, kaigo_text, textfile
from provision.formats.base import HELD_RECORDS, BadFile, Parcel, Report
from provision.formats.columns import typed
from provision.formats.kaigo import FORMAT
from tests.unit.formats import test_kaigo_support as other
from tests.unit.formats.test_kaigo import GOOD, PLANTED, Rows, claim, encoded, file, invoice, lines, read, record

BAD = b"\x81\xff"  # no character of CP932
NOTE = PLANTED.encode("cp932")


def of_month(data: Rows, month: str) -> bytes:
    rows = lines(data)
    rows[0][10] = month
    return encoded(rows)


@pytest.mark.parametrize(("month", "edition"), [("200604", "2006"), ("201204", "2006"), ("201205", "2015")])
def test_the_edition_is_that_of_the_processing_month(month: str, edition: str) -> None:
    emergency = record("03", 46 if edition == "2006" else 55, {7: "01", 19: 3, 46: 900})
    first, service, summary = claim()
    data = of_month([invoice(1, 1500), first, service, emergency, summary], month)
    report = Report()
    (parcel,) = FORMAT.read(io.BytesIO(data), report, {})
    assert report.edition == edition
    assert parcel.tables["care_emergency"]["total_points"].to_list() == [900]
    assert parcel.tables["care_emergency"]["management_days"].to_list() == [3]
    assert parcel.tables["care_emergency"]["own_units"].to_list() == [None]


def test_editions_follow_each_other_without_a_gap() -> None:
    for name in ("kaigo-claims", "kaigo-support", "kaigo-plan"):
        for older, newer in pairwise(formats()[name].editions):
            assert not older.in_force(newer.since)
            assert not newer.in_force(older.until)
            assert older.in_force(older.until)


def test_sets_one_behind_the_other_are_read_each_with_its_totals() -> None:
    two = file(GOOD) + b"\x1a" + file([invoice(1, 700), *claim("0000000124", 700)])
    parcels, report = read(two)
    assert [p.tables["care_claim"]["claim_no"].to_list() for p in parcels] == [[1], [2]]
    assert [p.people["claim_no"].to_list() for p in parcels] == [[1], [2]]
    assert report.totals == {"claims": 2, "data_records": 8, "invoices": 2}
    with pytest.raises(BadFile) as caught:
        read(file(GOOD) + file(claim()))
    assert caught.value.rule == "kaigo.totals"


def _volume(data: Rows, volume: int) -> bytes:
    rows = lines(data)
    rows[0][2] = str(volume)
    return encoded(rows)


def test_volumes_in_one_file_reconcile_together() -> None:
    first, second = [invoice(2, 2000), *claim("0000000001", 1500)], claim("0000000002", 500)
    _, report = read(_volume(first, 1) + _volume(second, 2))
    assert report.totals == {"claims": 2, "data_records": 7, "invoices": 1}
    with pytest.raises(BadFile):
        read(_volume(first, 1))
    assert read(_volume(second, 2))[1].warnings == {"kaigo.volume_unreconciled": 1}


def test_a_claim_with_undecodable_bytes_is_held_whole_and_still_reconciled() -> None:
    data = [invoice(3, 4500), *claim("0000000001"), *claim("0000000002"), *claim("0000000003")]
    good = file(data)
    at = [i for i in range(len(good)) if good.startswith(NOTE, i)][1]
    parcels, report = read(good[:at] + BAD + good[at + 2 :])
    (parcel,) = parcels
    assert parcel.tables["care_claim"]["claim_no"].to_list() == [1, 3]
    assert parcel.people["care_number"].to_list() == ["0000000001", "0000000003"]
    assert parcel.tables["care_summary"]["claim_no"].to_list() == [1, 3]
    (held,) = report.held
    assert (held.record, held.rule) == (6, "text.encoding")
    assert held.raw.count(b"0000000002") == 3
    assert held.raw.count(b"\r\n") == 3
    assert BAD in held.raw
    assert (report.people, report.totals["claims"]) == (2, 3)


def test_too_many_undecodable_claims_refuse_the_file() -> None:
    count = HELD_RECORDS + 1
    people = [row for i in range(count) for row in claim(f"{i:010}")]
    notes = [row for i in range(2 * count) for row in claim(f"{i + 500:010}")]
    good = file([invoice(3 * count, 4500 * count), *people, *notes])
    parts = good.split(NOTE)
    broken = b"".join(part + (BAD + NOTE if i < count else NOTE) for i, part in enumerate(parts[:-1])) + parts[-1]
    with pytest.raises(BadFile) as caught:
        read(broken)
    assert caught.value.rule == "text.encoding"


def test_a_control_record_with_undecodable_bytes_is_no_frame() -> None:
    data = file([invoice(2, 3000), *claim("0000000001"), *claim("0000000002")])
    with pytest.raises(BadFile) as caught:
        read(data.replace(b'"1370400012","00"', b'"' + BAD + b'70400012","00"', 1))
    assert caught.value.rule == "kaigo.encoding"


FILES = {
    "kaigo-claims": file([invoice(2, 3000), *claim("0000000001"), *claim("0000000002")]),
    "kaigo-support": encoded(lines([other.invoice(1, 1300), *other.support(1000, 300)], kind="812")),
    "kaigo-plan": encoded(lines([other.summary(1, 0, 0), *other.plan(1200, 300)], kind="821")),
}


def _recognised(data: bytes) -> list[str]:
    return [name for name in FILES if formats()[name].recognise(data)]


def test_exactly_one_format_recognises_a_file() -> None:
    for name, data in FILES.items():
        assert _recognised(data) == [name]
        assert _recognised(data[:300]) == [name]
        assert _recognised(data.replace(b'"', b"")) == [name]
    planning = encoded(lines([other.invoice(1, 500), *other.support(500)], kind="711"))
    assert _recognised(planning) == ["kaigo-support"]
    assert _recognised(file([invoice(0, 0)])) == ["kaigo-claims"]
    assert "0000000001" not in FORMAT.recognise(FILES["kaigo-claims"])


@given(st.binary(max_size=200))
def test_nothing_else_is_recognised(data: bytes) -> None:
    assert _recognised(data) == []


ITEMS = st.lists(st.text('a,"0', max_size=4), min_size=3, max_size=6)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(ITEMS, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])), min_size=1, max_size=30))
def test_quotes_are_taken_off_as_csv_does(rows: list[tuple[list[str], int]]) -> None:
    text = io.StringIO()
    for row, quoting in rows:
        csv.writer(text, quoting=quoting).writerow(["2", *row])  # type: ignore[arg-type]
    made = kaigo_text.Lines(kaigo_text.clean(text.getvalue().encode(), 0).data)
    assert made.items.tolist() == [len(row) + 1 for row, _ in rows]
    for place in range(3):
        expected = [row[place].translate(str.maketrans(',"', "\x1f\x1f")).encode() for row, _ in rows]
        assert made.text(place + 1, 8).tolist() == expected


@given(st.lists(st.lists(st.sampled_from(["", "1", "23", "007", "999999999", "x1"]), min_size=1), min_size=1))
def test_items_are_found_as_by_splitting(rows: list[list[str]]) -> None:
    made = kaigo_text.Lines("".join(",".join(row) + "\n" for row in rows).encode())
    for item in range(4):
        texts = [row[item] if item < len(row) else "" for row in rows]
        assert made.text(item, 10).tolist() == [text.encode() for text in texts]
        plain = [int(t) if t.isdigit() and not t.startswith("0") else -1 for t in texts]
        assert made.number(item).tolist() == plain


_ODD = [b"\x83\x5c", b"\x83A", b"\x83", b"\xb1", b"\x83\x83", b"\xff", b"a", b" ", b"\x88\x9f"]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(_ODD), max_size=4), max_size=6), st.booleans())
def test_lines_that_cannot_be_decoded_are_those_of_python(notes: list[list[bytes]], quoted: bool) -> None:
    good = [b"2,1,\x83\x5c,1"] * 10
    around = b'"' if quoted else b""
    odd = [b"2,1," + around + b"".join(note) + around + b",x" for note in notes]
    found = kaigo_text.clean(b"".join(line + b"\r\n" for line in [*odd, *good]), 0)
    assert found.bad == tuple(at for at, line in enumerate(odd) if textfile.fitting(line, "cp932") is None)


_COLUMNS = [f.column for f in FORMAT.kind.fields["01"] if f.column.name in {"form", "care_insurer", "certified_from"}]
_WORDS = st.sampled_from(["", "7131", "713", "00138057", "138057", "20240229", "20240230", "5060401", "99999999", "名"])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(_WORDS, min_size=3, max_size=3), min_size=1, max_size=90), st.sampled_from([0, 20_000]))
def test_reading_words_once_is_reading_every_cell(rows: list[list[str]], most: int) -> None:
    known: kaigo_columns.Known = {}
    text = kaigo_columns.header(_COLUMNS) + b"".join(",".join(row).encode() + b"\n" for row in rows)
    place = kaigo_columns.Place(np.arange(len(rows)), 0)
    cells = pl.DataFrame(rows, [(c.name, pl.String) for c in _COLUMNS], orient="row")
    slow = Report()
    expected = typed(cells.select(pl.when(pl.all() != "").then(pl.all())), "t", _COLUMNS, slow)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kaigo_columns, "_MOST", most)
        for _ in range(3):  # the memory of a page before changes nothing
            report = Report()
            read = kaigo_columns.read(lambda: text, _COLUMNS, _COLUMNS, "t", report, place, known)
            assert read.select(expected.columns).equals(expected)
            assert report.warnings == slow.warnings


def test_a_comma_or_quote_inside_a_note_shifts_nothing() -> None:
    data = [invoice(1, 1500), *claim()]
    data[2][17] = 'x, "y" z'
    rows = lines(data)
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    parcels, report = read(text.getvalue().encode("cp932"))
    assert parcels[0].tables["care_service"]["units"].to_list() == [1500]
    assert report.warnings == {}


def test_padding_around_items_is_taken_off() -> None:
    padded = file(GOOD).replace(b'"1500"', b'"  1500 "').replace(b'"01"', b'" 01"')
    assert read(padded)[0][0].tables["care_service"]["units"].to_list() == [1500]


def test_small_and_large_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = file([invoice(40, 60_000), *(row for i in range(40) for row in claim(f"{i:010}"))])
    (whole,), _ = read(data)
    monkeypatch.setattr(kaigo_text, "BLOCK", 1_000)
    parcels, report = read(data)
    assert (len(parcels), report.people) == (1, 40)  # a file is read 64 KiB at a time
    assert whole.people.equals(parcels[0].people)


CUTS = st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from([b"", b",", b"\r\n", b'"', b"3,", BAD, b"9"]))


def _ends_well(parcels: list[Parcel], head: str) -> None:
    for parcel in parcels:
        assert parcel.people.height == parcel.tables[head].height


@pytest.mark.parametrize("form", FILES)
@settings(max_examples=80, deadline=None)
@given(cuts=st.lists(CUTS, min_size=1, max_size=3))
def test_a_mutated_file_ends_well(form: str, cuts: list[tuple[float, int, bytes]]) -> None:
    data = FILES[form]
    for where, length, put in cuts:
        at = int(where * len(data))
        data = data[:at] + put + data[at + length :]
    error: BadFile | None = None
    try:
        _ends_well(list(formats()[form].read(io.BytesIO(data), Report(), {})), formats()[form].dataset.head)
    except BadFile as caught:
        error = caught
    if error is not None:
        shown = "".join(traceback.format_exception(error))
        assert error.rule
        assert error.remedy
        assert not [word for word in (PLANTED, "0000000001", "19350412", other.MANAGER) if word in shown]
