"""Nursing-care claims: what is read, what is refused, and that nothing read ever shows in a refusal."""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.errors import FixConfiguration
from provision.formats import kaigo_text, textfile
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Parcel, Report
from provision.formats.kaigo import FORMAT

MONTH, FACILITY, INSURER = "202401", "1370400012", "00138057"
PLANTED = "架空山野花子"
Rows = list[list[str]]


def record(
    kind: str, width: int, values: dict[int, object], number: str = "0000000123", form: str = "7131"
) -> list[str]:
    row = [form, kind, MONTH, FACILITY, INSURER, number] + [""] * (width - 6)
    for item, value in values.items():
        row[item - 1] = str(value)
    return row


def claim(number: str = "0000000123", units: int = 1500, **keys: str) -> Rows:
    base = {13: "19350412", 14: 2, 15: "23", 17: "20230401", 18: "20260331", 29: 90}
    money = {33: units, 34: units * 9, 35: units}
    summary = {7: "11", 8: 6, 9: units, 10: units, 14: units, 15: 1000, 16: units * 9, 17: units}
    return [
        record("01", 56, base | money, number, **keys),
        record("02", 18, {7: "11", 8: "1111", 9: 250, 10: 6, 14: units, 18: PLANTED}, number, **keys),
        record("10", 38, summary, number, **keys),
    ]


def invoice(claims: int, units: int, **changes: str) -> list[str]:
    row = ["7111", MONTH, FACILITY, "1", "0", "01", str(claims), str(units), str(units * 10), str(units * 9), "0"]
    row += [str(units), "0", "", "0", "0", "0", "0"]
    for item, value in changes.items():
        row[int(item.removeprefix("i")) - 1] = value
    return row


def lines(data: Rows, *, kind: str = "711", count: int | None = None, end: bool = True) -> Rows:
    control = ["1", "1", "0", str(len(data) if count is None else count), kind, "0", "0", FACILITY]
    rows = [[*control, "00", "1", "202402", "0"]]
    rows += [["2", str(place), *row] for place, row in enumerate(data, 2)]
    return rows + ([["3", str(len(data) + 2)]] if end else [])


def encoded(rows: Rows, *, quoted: bool = True, encoding: str = "cp932") -> bytes:
    def cell(place: int, text: str) -> str:
        return f'"{text}"' if quoted and place > 1 else text

    text = "".join(",".join(cell(place, c) for place, c in enumerate(row)) + "\r\n" for row in rows)
    return text.encode(encoding)


def file(data: Rows, **kwargs: object) -> bytes:
    return encoded(lines(data, **kwargs))  # type: ignore[arg-type]


def read(data: bytes) -> tuple[list[Parcel], Report]:
    report = Report()
    return list(FORMAT.read(io.BytesIO(data), report, {})), report


def refused(data: bytes) -> BadFile:
    """The refusal of `data`; nothing of the data may be in it or behind it."""
    with pytest.raises(BadFile) as caught:
        read(data)
    error = caught.value
    shown = str(error) + repr(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
    assert PLANTED not in shown
    assert "0000000123" not in shown
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


GOOD = [invoice(1, 1500), *claim()]


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("tail", [b"", b"\x1a"])
def test_reads_a_claim_with_its_services_and_person(quoted: bool, tail: bytes) -> None:
    parcels, report = read(encoded(lines(GOOD), quoted=quoted) + tail)
    (parcel,) = parcels
    head = parcel.tables["care_claim"].row(0, named=True)
    assert (head["claim_no"], head["service_month"], head["care_insurer"]) == (1, "2024-01", "138057")
    assert (head["birth_month"], head["certified_from"], head["sex"]) == ("19350412", "2023-04-01", "2")
    assert (head["insurance_units"], head["insurance_rate"], head["public1_payer"]) == (1500, 90, None)
    assert parcel.tables["care_service"]["units"].to_list() == [1500]
    assert parcel.tables["care_summary"]["claim_no"].to_list() == [1]
    assert parcel.tables["care_invoice"]["claim_no"].to_list() == [None]
    assert parcel.people.columns == list(PEOPLE_COLUMNS)
    person = {key: value for key, value in parcel.people.row(0, named=True).items() if value is not None}
    assert person == {
        "claim_no": 1, "birth": "19350412", "sex": "2", "care_insurer": "138057", "care_number": "0000000123",
        "facility": FACILITY,
    }  # fmt: skip
    assert (report.records, report.people, report.warnings) == (6, 1, {})
    assert report.totals == {"claims": 1, "data_records": 4, "invoices": 1}


def test_every_field_of_the_record_has_its_column() -> None:
    widths = {"01": 58, "02": 20, "03": 57, "04": 25, "10": 40, "11": 35, "12": 14, "7111": 20}
    older, newest = FORMAT.editions
    for kind, width in widths.items():
        assert [f.index for f in newest.record(kind)] == list(range(width))
        assert [f.index for f in older.record(kind)] == list(range(48 if kind == "03" else width))


def test_all_detail_records_land_in_their_tables() -> None:
    extra = [
        record("03", 46, {7: "01", 8: PLANTED, 15: PLANTED, 46: 900}),
        record("03", 55, {7: "02", 53: 300}),
        record("04", 23, {7: "01", 8: PLANTED, 9: "34", 13: 66}),
        record("11", 33, {7: "01", 8: "59", 9: "5111", 10: 1445, 22: 43350}),
        record("12", 12, {7: 2500, 8: "11", 10: 375, 12: PLANTED}),
        record("17", 20, {7: PLANTED}),
    ]
    first, service, summary = claim()
    parcels, report = read(file([invoice(1, 1500), first, service, *extra, summary]))
    tables = parcels[0].tables
    assert {name: frame.height for name, frame in tables.items()} == {
        "care_claim": 1, "care_service": 1, "care_emergency": 2, "care_special": 1, "care_summary": 1,
        "care_facility_meals": 1, "care_reduction": 1, "care_other": 1, "care_invoice": 1,
    }  # fmt: skip
    assert tables["care_emergency"]["own_unit_value"].to_list() == [None, 300]
    assert PLANTED not in str(tables["care_other"].rows())
    assert report.warnings == {"kaigo.layout_unknown": 1}


def test_longer_records_are_accepted_and_counted() -> None:
    data = [row + ([PLANTED] if row[1] == "02" else []) for row in GOOD]
    parcels, report = read(file(data))
    assert report.warnings == {"kaigo.surplus_columns": 1}
    dropped = {"line_kind", "line_no", "insured_number", "note"}
    assert set(parcels[0].tables["care_service"].columns) == {
        "claim_no", *(c.name for c in FORMAT.dataset.table("care_service").columns if c.name not in dropped)
    }  # fmt: skip


def test_a_name_in_a_code_column_is_emptied_and_counted() -> None:
    data = [invoice(1, 1500), *claim()]
    data[2][6] = PLANTED
    parcels, report = read(file(data))
    assert parcels[0].tables["care_service"]["service_kind"].to_list() == [None]
    assert report.warnings == {"domain:care_service.service_kind": 1}


def test_several_claims_of_one_person_stay_apart_and_parcels_never_split_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kaigo_text, "BLOCK", 300)
    monkeypatch.setattr(textfile, "LINE_LIMIT", 400)
    data = [
        invoice(3, 1800),
        *claim("0000000001", 500),
        *claim("0000000001", 600, form="7143"),
        *claim("0000000002", 700),
    ]
    parcels, _ = read(file(data))
    heads = [parcel.tables["care_claim"]["claim_no"].to_list() for parcel in parcels]
    assert [head for head in heads if head] == [[1], [2], [3]]
    for parcel in parcels:
        owners = set(parcel.tables["care_service"]["claim_no"]) | set(parcel.tables["care_summary"]["claim_no"])
        assert owners == set(parcel.tables["care_claim"]["claim_no"]) == set(parcel.people["claim_no"])


def test_public_payers_and_people_without_insurance_reconcile() -> None:
    first, service, summary = claim("H000000123", 400)
    first[6], first[7], first[32:35] = "12131234", "9876543", ["", "", ""]
    summary[13:17], summary[17], summary[18] = ["", "", "", ""], "400", "4000"
    public = ["7111", MONTH, FACILITY, "2", "12", "01", "1", "400", "4000", "0", "4000", "0", *[""] * 6]
    planning = ["7111", MONTH, FACILITY, "1", "0", "02", "9", "99", "990", "990", "0", "0", *[""] * 6]
    data = [invoice(1, 1500), public, planning, *claim(), first, service, summary]
    parcels, report = read(file(data))
    assert parcels[0].tables["care_claim"]["public1_payer"].to_list() == [None, "12131234"]
    assert report.warnings["kaigo.invoice_unreconciled"] == 1
    public[7] = "401"
    assert refused(file(data)).rule == "kaigo.totals"


def test_a_failing_check_digit_is_a_warning() -> None:
    data = [[cell.replace(INSURER, "00138058") for cell in row] for row in GOOD]
    _, report = read(file(data))
    assert report.warnings == {"check_digit:care_insurer": 1}


def test_options_are_refused() -> None:
    with pytest.raises(FixConfiguration):
        list(FORMAT.read(io.BytesIO(file(GOOD)), Report(), {"encoding": "utf-8"}))


def _changed(place: int, item: int, value: str) -> bytes:
    rows = lines([list(row) for row in GOOD])
    rows[place][item] = value
    return encoded(rows)


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "file.empty"),
    "0x1A alone": (lambda: b"\x1a", "file.empty"),
    "only line ends": (lambda: b"\r\n\r\n\x1a", "file.empty"),
    "cut in a record": (lambda: file(GOOD)[:-40], "kaigo.columns"),
    "cut after a record": (lambda: encoded(lines(GOOD, end=False)), "kaigo.no_end"),
    "cut in a character": (lambda: file(GOOD)[: file(GOOD).index(PLANTED.encode("cp932")) + 1], "text.encoding"),
    "UTF-16": (lambda: encoded(lines(GOOD), encoding="utf-16"), "text.utf16"),
    "UTF-8": (lambda: encoded(lines(GOOD), encoding="utf-8"), "text.encoding"),
    "UTF-8 BOM": (lambda: encoded(lines(GOOD), encoding="utf-8-sig"), "text.encoding"),
    "EUC-JP": (lambda: encoded(lines(GOOD), encoding="euc_jp"), "text.encoding"),
    "ISO-2022-JP": (lambda: encoded(lines(GOOD), encoding="iso2022_jp"), "text.control"),
    "CR only": (lambda: file(GOOD).replace(b"\r\n", b"\r"), "text.control"),
    "UKE": (lambda: "IR,1,13,1,1234567,,架空病院,202401,,\r\n".encode("cp932"), "kaigo.control"),
    "zip": (lambda: b"PK\x03\x04" + b"\0" * 99, "file.kind"),
    "PNG": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "file.kind"),
    "odd quotes": (lambda: file(GOOD).replace(b'"1111"', b'"1111'), "kaigo.quotes"),
    "text after a quote": (lambda: file(GOOD).replace(b'"1111"', b'"11"11""'), "kaigo.quotes"),
    "too few columns": (lambda: file([row[:-1] if row[1] == "10" else row for row in GOOD]), "kaigo.columns"),
    "unknown record kind": (lambda: _changed(3, 3, "18"), "kaigo.record_kind"),
    "unknown form": (lambda: _changed(2, 2, "8122"), "kaigo.form"),
    "unknown line kind": (lambda: _changed(3, 0, "4"), "kaigo.line_kind"),
    "gap in numbers": (lambda: _changed(3, 1, "9"), "kaigo.running_number"),
    "another insured number": (lambda: _changed(3, 7, "0000000124"), "kaigo.orphan"),
    "a malformed insured number": (lambda: _changed(2, 7, PLANTED), "kaigo.key"),
    "detail before any claim": (lambda: file([invoice(0, 0), claim()[1]]), "kaigo.orphan"),
    "data kind 821": (lambda: file(GOOD, kind="821"), "kaigo.data_kind"),
    "count": (lambda: file(GOOD, count=5), "kaigo.data_count"),
    "something after the end": (lambda: file(GOOD) + b"2,7,7131\r\n", "kaigo.after_end"),
    "number": (lambda: _changed(3, 10, PLANTED), "number"),
    "full-width number": (lambda: _changed(4, 15, "１５００"), "number"),
    "too many claims invoiced": (lambda: file([invoice(2, 1500), *claim()]), "kaigo.totals"),
    "other units invoiced": (lambda: file([invoice(1, 1501), *claim()]), "kaigo.totals"),
    "other amount invoiced": (lambda: file([invoice(1, 1500, i10="13499"), *claim()]), "kaigo.totals"),
    "cost is no sum": (lambda: file([invoice(1, 1500, i9="15001"), *claim()]), "kaigo.totals"),
    "no invoice": (lambda: file(claim()), "kaigo.totals"),
    "two invoices": (lambda: file([GOOD[0], *GOOD]), "kaigo.invoice_twice"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused_without_a_value(case: str) -> None:
    make, rule = BROKEN[case]
    assert refused(make()).rule == rule


class _Endless(io.RawIOBase):
    """A line without an end that counts what is read of it."""

    def __init__(self) -> None:
        self.given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.given >= 50 * 2**20:
            return b""
        self.given += size
        return b"1" * size


def test_a_line_of_50_mb_is_not_read_to_its_end() -> None:
    stream = _Endless()
    with pytest.raises(BadFile) as caught:
        list(FORMAT.read(stream, Report(), {}))  # type: ignore[arg-type]
    assert caught.value.rule == "text.line_length"
    assert stream.given <= 4 * 64 * 1024


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(file(GOOD)) - 3))
def test_no_beginning_of_a_file_is_taken(length: int) -> None:
    assert refused(file(GOOD)[:length])


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 9999), min_size=1, max_size=6))
def test_whatever_is_invoiced_must_be_claimed(units: list[int]) -> None:
    details = [row for place, count in enumerate(units) for row in claim(f"{place:010}", count)]
    parcels, report = read(file([invoice(len(units), sum(units)), *details]))
    assert report.people == len(units)
    assert sum(parcel.tables["care_summary"]["insurance_units"].sum() for parcel in parcels) == sum(units)
    assert refused(file([invoice(len(units), sum(units) + 1), *details])).rule == "kaigo.totals"
