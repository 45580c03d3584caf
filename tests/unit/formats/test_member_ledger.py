"""The member ledger: headings, words, both insurances, and refusals without values."""

from __future__ import annotations

import csv
import io
import random
import traceback
from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.errors import FixConfiguration
from provision.formats import csvfile, member_ledger
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Parcel, Report
from provision.formats.member_ledger import FORMAT
from provision.formats.numbers import are_my_numbers, is_my_number

HEADER = """
宛名番号,氏名,カナ氏名,生年月日,性別,続柄,郵便番号,住所,電話番号,国保保険者番号,記号,番号,枝番,後期高齢者保険者番号,
後期高齢者被保険者番号,介護保険者番号,介護被保険者番号,要介護状態区分,資格取得年月日,資格喪失年月日,健診実施年月日,
身長,体重,腹囲,収縮期血圧,拡張期血圧,HbA1c,LDLコレステロール,備考
""".replace("\n", "").split(",")
NAME, NOTE = "架空山　髙子", "架空の備考"
MEMBER = [
    "100000000001", NAME, "ｶｸｳﾔﾏ ﾀｶｺ", "昭和25年3月4日", "女", "世帯主", "100-0001", "東京都架空区一丁目２－３",
    "03-0000-0001", "00138057", "架空１", "１２３４", "01", "", "", "138057", "123", "要介護２", "2001/4/1", "99999999",
    "R5.6.7", "151.25", "48", "80.0", "１２８", "76", "5.6", "119.6", NOTE,
]  # fmt: skip
EUC = [cell.replace("髙", "高").replace("－", "-") for cell in MEMBER]
ELDERLY = [
    "100000000002", "架空 太郎", "", "19380101", "1", "妻の父", "1000002", "", "", "", "", "", "",
    "39138052", "01234567", "", "", "", "20130101", "", "", *[""] * 8,
]  # fmt: skip


def sheet(*rows: list[str], header: list[str] = HEADER, encoding: str = "cp932", quoting: int = csv.QUOTE_ALL) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting, lineterminator="\r\n")  # type: ignore[arg-type]
    writer.writerows([header, *rows])
    return text.getvalue().encode(encoding)


def read(data: bytes, options: dict[str, object] | None = None) -> tuple[list[Parcel], Report]:
    report = Report()
    return list(FORMAT.read(io.BytesIO(data), report, options or {})), report


def refused(data: bytes, options: dict[str, object] | None = None) -> BadFile:
    """The refusal of `data`; nothing of the data may be in it or behind it."""
    with pytest.raises(BadFile) as caught:
        read(data, options)
    error = caught.value
    shown = str(error) + repr(error) + "".join(traceback.format_exception(error)) + repr(vars(error))
    for value in (NAME, NOTE, "架空", "１２３４", "100000000001"):
        assert value not in shown
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_reads_members_and_checkups(encoding: str, quoting: int) -> None:
    (parcel,), report = read(sheet(MEMBER, ELDERLY, encoding=encoding, quoting=quoting))
    member = parcel.tables["member"].row(0, named=True)
    assert (member["claim_no"], member["birth_month"], member["sex"], member["relation"]) == (1, "19500304", "2", "01")
    assert (member["zip"], member["nhi_insurer"], member["care_level"]) == ("1000001", "138057", "22")
    assert (member["eligible_from"], member["eligible_until"], member["note"]) == ("2001-04", None, NOTE)
    checkup = parcel.tables["checkup"].row(0, named=True)
    assert checkup == {
        "claim_no": 1, "checkup_date": "2023-06-07", "height": Decimal("151.2"), "weight": Decimal("48.0"),
        "waist": Decimal("80.0"), "systolic": Decimal(128), "diastolic": Decimal(76), "hba1c": Decimal("5.6"),
        "ldl": Decimal(120),
    }  # fmt: skip
    assert parcel.tables["checkup"].height == 1
    assert report.warnings == {}
    assert (report.records, report.people) == (3, 2)


def test_people_carry_health_and_care_insurance() -> None:
    (parcel,), _ = read(sheet(MEMBER, ELDERLY))
    assert parcel.people.columns == list(PEOPLE_COLUMNS)
    first, second = parcel.people.rows(named=True)
    assert (first["insurer"], first["symbol"], first["number"], first["branch"]) == (
        "138057",
        "架空１",
        "１２３４",
        "01",
    )
    assert (first["care_insurer"], first["care_number"], first["birth"]) == ("138057", "0000000123", "19500304")
    assert (first["name"], first["phone"], first["facility"], first["chart"]) == (NAME, "03-0000-0001", None, None)
    assert (second["insurer"], second["symbol"], second["number"]) == ("39138052", None, "01234567")
    assert (second["care_insurer"], second["care_number"], second["sex"]) == (None, None, "1")


def test_late_elderly_insurance_wins_over_an_earlier_one_and_is_counted() -> None:
    both = list(MEMBER)
    both[13:15] = ELDERLY[13:15]
    (parcel,), report = read(sheet(both))
    assert parcel.people["insurer"].to_list() == ["39138052"]
    assert parcel.people["symbol"].to_list() == [None]
    assert report.warnings["ledger.two_insurers"] == 1


def test_headings_in_other_words_widths_and_order() -> None:
    header = ["性 別", "被保険者証番号", "Ｈｂａ１ｃ", "生年月日", "保険者番号", "社内メモ欄", "最高血圧"]
    rows = [["男", "12", "5.5", "1950-01-02", "138057", "x", "121"]]
    (parcel,), report = read(sheet(*rows, header=header))
    assert parcel.people.select("insurer", "number", "sex", "birth").row(0) == ("138057", "12", "1", "19500102")
    assert parcel.tables["checkup"].select("hba1c", "systolic").row(0) == (Decimal("5.5"), Decimal(121))
    assert parcel.tables["member"].columns[1:] == [c.name for c in FORMAT.dataset.table("member").columns]
    assert report.warnings == {"ledger.unknown_columns": 1}


def test_headings_can_be_named_in_the_options() -> None:
    header, row = ["dob", "gender", "ins", "no"], ["19500102", "F", "138057", "12"]
    options: dict[str, object] = {
        "columns": {"birth_month": ["DOB"], "sex": ["Gender"], "nhi_insurer": ["ins"], "nhi_number": "no"}
    }
    (parcel,), _ = read(sheet(row, header=header), options)
    assert parcel.people["sex"].to_list() == ["2"]


@pytest.mark.parametrize("options", [{"column": {}}, {"columns": {"salary": ["x"]}}, {"columns": ["x"]}])
def test_options_that_are_no_column_map_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(FixConfiguration):
        read(sheet(MEMBER), options)


def test_what_cannot_be_read_is_emptied_and_counted() -> None:
    odd = list(MEMBER)
    odd[3], odd[4], odd[5], odd[6], odd[17], odd[21], odd[22] = (
        "昭和25年2月30日",
        "？",
        "架空",
        "12",
        "重い",
        "1512",
        "N/A",
    )
    (parcel,), report = read(sheet(odd))
    assert parcel.people.select("birth", "sex").row(0) == (None, None)
    assert parcel.tables["checkup"].select("height", "weight").row(0) == (None, None)
    assert report.warnings == {
        "code:member.sex": 1, "code:member.relation": 1, "code:member.care_level": 1, "domain:member.birth_month": 1,
        "domain:member.zip": 1, "domain:checkup.height": 1, "domain:checkup.weight": 1,
    }  # fmt: skip


def test_line_breaks_inside_quotes_and_blank_lines() -> None:
    odd = list(MEMBER)
    odd[28] = "一行目\n二行目"
    (parcel,), report = read(sheet(odd, ELDERLY) + b"\r\n\r\n\x1a")
    assert parcel.tables["member"].height == 2
    assert report.warnings == {}


def test_parcels_are_bounded_and_numbered_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_ledger, "PARCEL_ROWS", 2)
    parcels, report = read(sheet(*[MEMBER] * 5))
    assert [parcel.people["claim_no"].to_list() for parcel in parcels] == [[1, 2], [3, 4], [5]]
    assert (report.people, report.records) == (5, 6)


def my_number(seed: int) -> str:
    body = f"{random.Random(seed).randrange(10**11):011}"
    return next(f"{body}{digit}" for digit in range(10) if is_my_number(f"{body}{digit}"))


@pytest.mark.parametrize("place", [0, 11, 28])
def test_my_numbers_in_any_column_stop_the_file(place: int) -> None:
    rows = [[*MEMBER[:place], my_number(seed), *MEMBER[place + 1 :]] for seed in range(20)]
    error = refused(sheet(*rows))
    assert (error.rule, error.field) == ("my_number", f"column {place + 1}")


def test_my_numbers_in_an_unknown_column_or_under_their_heading_stop_the_file() -> None:
    rows = [[*MEMBER, f"{my_number(seed)[:4]} {my_number(seed)[4:]}"] for seed in range(9)]
    assert refused(sheet(*rows, header=[*HEADER, "整理番号"])).rule == "my_number"
    assert refused(sheet([*MEMBER, ""], header=[*HEADER, "個人番号（12桁）"])).rule == "my_number"


def test_other_numbers_of_12_digits_are_no_my_numbers() -> None:
    rows = [[f"{100000000000 + 7 * seed}", *MEMBER[1:]] for seed in range(50)]
    assert read(sheet(*rows))[1].people == 50


@given(st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=50))
def test_many_numbers_are_judged_as_each_is(numbers: list[int]) -> None:
    texts = [f"{number:012}" for number in numbers] + [my_number(seed) for seed in numbers[:3]]
    assert are_my_numbers(pl.Series(texts)).to_list() == [is_my_number(text) for text in texts]


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_a_row_with_undecodable_bytes_is_held_and_the_rest_is_taken(quoting: int, encoding: str) -> None:
    rows = [[*MEMBER[:-1], f"{NOTE}{n}\n二行目" if n == 2 else f"{NOTE}{n}"] for n in range(6)]
    data = sheet(*rows, encoding=encoding, quoting=quoting)
    broken = data.replace(f"{NOTE}2".encode(encoding), b"\xff" + f"{NOTE}2".encode(encoding))
    (parcel,), report = read(broken)
    assert parcel.tables["member"]["note"].to_list() == [f"{NOTE}{n}" for n in (0, 1, 3, 4, 5)]
    (held,) = report.held
    assert (held.record, held.rule) == (4, "text.encoding")
    assert held.raw == b"".join(broken.splitlines(keepends=True)[3:5])
    assert (report.records, report.people) == (7, 5)


def test_a_ledger_of_which_no_row_can_be_decoded_is_refused() -> None:
    assert refused(sheet(MEMBER).replace(NOTE.encode("cp932"), b"\xff")).rule == "text.encoding"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["", "架空", "a,b", 'x"y', " z ", "1\n2", "ｶｸｳ"]), min_size=3, max_size=3), max_size=8
    ),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.integers(1, 200),
)
def test_every_way_of_writing_gives_the_rows_that_were_written(notes: list[list[str]], quoting: int, size: int) -> None:
    rows = [[*MEMBER[:8], phone, *MEMBER[9:10], symbol, *MEMBER[11:-1], note] for phone, symbol, note in notes]
    if not rows:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvfile, "CHUNK", size)
        parcels, report = read(sheet(*rows, quoting=quoting))
    members = pl.concat([parcel.tables["member"] for parcel in parcels]).select("phone", "nhi_symbol", "note").rows()
    assert members == [tuple(cell.strip(" \u3000") or None for cell in cells) for cells in notes]
    assert report.people == len(rows)


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "file.empty"),
    "0x1A alone": (lambda: b"\x1a", "file.empty"),
    "only line ends": (lambda: b"\r\n\r\n", "ledger.header"),
    "header alone": (lambda: sheet(), "file.empty"),
    "cut in a record": (lambda: sheet(MEMBER, quoting=csv.QUOTE_MINIMAL)[:-60], "ledger.columns"),
    "cut in quotes": (lambda: sheet(MEMBER)[:-60], "ledger.quotes"),
    "cut in a character": (lambda: sheet(MEMBER)[: sheet(MEMBER).index(NOTE.encode("cp932")) + 1], "text.encoding"),
    "cut in a UTF-8 character": (
        lambda: sheet(MEMBER, encoding="utf-8")[: sheet(MEMBER, encoding="utf-8").index(NOTE.encode()) + 2],
        "text.encoding",
    ),
    "UTF-16": (lambda: sheet(MEMBER, encoding="utf-16"), "text.utf16"),
    "EUC-JP": (lambda: sheet(EUC, encoding="euc_jp"), "text.encoding"),
    "UTF-8 header over CP932 rows": (
        lambda: sheet(encoding="utf-8") + sheet(MEMBER).split(b"\r\n", 1)[1],
        "text.encoding",
    ),
    "UKE": (lambda: "IR,1,13,1,1234567,,架空病院,202401,,\r\n".encode("cp932"), "ledger.header"),
    "zip": (lambda: b"PK\x03\x04" + b"\0" * 99, "file.kind"),
    "PNG": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "file.kind"),
    "NUL": (lambda: sheet(MEMBER).replace(b"76", b"\0\0"), "text.control"),
    "quotes unbalanced": (lambda: sheet(MEMBER).replace(b'"76"', b'"76'), "ledger.quotes"),
    "quote in the open": (lambda: sheet(MEMBER, quoting=csv.QUOTE_MINIMAL).replace(b",76,", b',7"6,'), "ledger.quotes"),
    "too few columns": (lambda: sheet(MEMBER, MEMBER[:-1]), "ledger.columns"),
    "too many columns": (lambda: sheet(MEMBER, [*MEMBER, "x"]), "ledger.columns"),
    "the same heading twice": (lambda: sheet([*MEMBER, ""], header=[*HEADER, "氏　名"]), "ledger.duplicate_header"),
    "two of one meaning": (lambda: sheet([*MEMBER, ""], header=[*HEADER, "漢字氏名"]), "ledger.duplicate_header"),
    "no birth": (lambda: sheet(MEMBER, header=["x" if h == "生年月日" else h for h in HEADER]), "ledger.header"),
    "no sex": (lambda: sheet(MEMBER, header=["x" if h == "性別" else h for h in HEADER]), "ledger.header"),
    "no insurance": (lambda: sheet(MEMBER[:9], header=HEADER[:9]), "ledger.header"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused_without_a_value(case: str) -> None:
    make, rule = BROKEN[case]
    assert refused(make()).rule == rule


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "euc_jp"])
@pytest.mark.parametrize("cut", [0, 1])
def test_under_a_header_in_ascii_the_rows_tell_the_encoding(encoding: str, cut: int) -> None:
    header, row = ["dob", "sex", "ins", "no", "name"], ["19500102", "F", "138057", "12", "架空山高子"]
    options: dict[str, object] = {
        "columns": {
            "birth_month": ["dob"],
            "sex": ["sex"],
            "nhi_insurer": ["ins"],
            "nhi_number": ["no"],
            "name": ["name"],
        }
    }
    data = sheet(row, row, header=header, encoding=encoding, quoting=csv.QUOTE_MINIMAL)
    data = data[: -2 - cut] if cut else data
    if encoding == "euc_jp" or cut:
        assert refused(data, options).rule == "text.encoding"
    else:
        (parcel,), _ = read(data, options)
        assert parcel.people["name"].to_list() == ["架空山高子"] * 2


@pytest.mark.parametrize("start", [b"", sheet(MEMBER), sheet(MEMBER) + b'"'])
def test_a_line_of_50_mb_is_not_read_to_its_end(start: bytes) -> None:
    given_bytes = 0

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            nonlocal given_bytes
            first = start[given_bytes : given_bytes + size]
            given_bytes += size
            return first or (b"1" * size if given_bytes < 50 * 2**20 else b"")

    with pytest.raises(BadFile) as caught:
        list(FORMAT.read(Endless(), Report(), {}))  # type: ignore[arg-type]
    assert caught.value.rule == "text.line_length"
    assert given_bytes <= 4 * 64 * 1024


def test_a_record_over_many_lines_is_limited_too() -> None:
    data = sheet(MEMBER) + b'"' + b"1111\r\n" * 20_000
    assert refused(data).rule == "text.line_length"


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=8), min_size=1, max_size=5))
def test_free_text_of_any_kind_neither_breaks_nor_leaves_its_column(notes: list[str]) -> None:
    parcels, report = read(sheet(*[[*MEMBER[:-1], note] for note in notes], encoding="utf-8"))
    assert report.people == len(notes)
    kept = [note.strip(" \u3000") or None for note in notes]
    assert [note for parcel in parcels for note in parcel.tables["member"]["note"]] == kept
