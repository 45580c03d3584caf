"""Checkups as files of rows (ORCA, C2XD): what is kept, what must go, and what is refused or held."""

from __future__ import annotations

import csv
import io
import traceback
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import Applied
from provision.formats import formats
from provision.formats.base import BadFile, Report
from provision.formats.recognising import claimants
from provision.intake.deidentify import deidentify
from provision.sampledata import format_stream

PERSON = ["架空検査所", "1312345678", "架空医院", "20250510", "00417", "20250511", "カルテ９９", "25000012345"]
PERSON += ["ｶｸｳ ﾀﾛｳ", "S350501", "1", "0", "1"]
PLANTED = ("架空", "ｶｸｳ", "カクウ", "カルテ９９", "25000012345", "00417", "9876501", "19600501", "1050011")
HEIGHT = ["9N001000000000001", "身長", "1", "H", "E", "171.2", "cm", "150-180"]
WHO = [
    "KEY-1",
    "00138057",
    "架空１２",
    "9876501",
    "01",
    "カクウ　タロウ",
    "19600501",
    "1",
    "1050011",
    "架空町７",
    "",
    "",
]
WHO += ["20250511"]


def text(rows: list[list[str]], quoting: int = csv.QUOTE_ALL) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator="\r\n").writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode("cp932")


def orca(*groups: list[str], person: list[str] | None = None) -> bytes:
    return text([[*(person or PERSON), *(cell for group in groups for cell in group)]])


def c2xd(cells: dict[int, str] | None = None, header: list[str] | None = None) -> bytes:
    row = [*WHO, *[""] * 105]
    for place, cell in (cells or {}).items():
        row[place] = cell
    return text([*([header] if header else []), row], csv.QUOTE_MINIMAL)


def read(form: str, data: bytes) -> tuple[dict[str, pl.DataFrame], pl.DataFrame, Report]:
    source, report, applied = formats()[form], Report(), Applied()
    (parcel,) = source.read(io.BytesIO(data), report, {})
    return deidentify(parcel, source.dataset, report, applied), parcel.people, report


def values(tables: dict[str, pl.DataFrame], name: str = "test_value") -> list[dict[str, object]]:
    skipped = {"claim_no", "value_no", "answer_no", "code_system", "observed", "answered", "item"}
    rows = tables[name].iter_rows(named=True) if name in tables else []
    return [{k: v for k, v in row.items() if v is not None and k not in skipped} for row in rows]


def test_a_row_of_orca() -> None:
    tables, people, report = read("checkup-orca-csv", orca(HEIGHT))
    kept = {"value_number": Decimal("171.2"), "unit": "cm", "flag": "H", "ref_low": 150, "ref_high": 180}
    assert values(tables) == [{"code": HEIGHT[0], **kept}]
    found = {name: value for name, value in people.to_dicts()[0].items() if value}
    wanted = {"kana": "ｶｸｳ ﾀﾛｳ", "birth": "19600501", "sex": "1", "facility": "1312345678", "chart": "カルテ９９"}
    assert found == wanted
    assert tables["test_value"]["observed"].to_list() == ["2025-05-11"]
    assert (report.records, report.warnings) == (1, {})


GROUPS = [
    (["3D046000001906202", "", "1", "L", "L", "4.0", "%", ""], {"comparator": "le", "value_number": Decimal(4)}),
    (
        ["5C070000002306201", "", "1", "", "U", "9.9", "mg/dl", "～0.3"],
        {"comparator": "ge", "ref_high": Decimal("0.3")},
    ),
    (["1A020000000191111", "", "1", "", "E", "(±)", "", "(-)"], {"value_code": "2"}),
    (["1A020000000191111", "", "1", "", "", "２＋", "", ""], {"value_code": "4"}),
    (["9N501000000000011", "", "1", "", "", "3", "", ""], {"value_code": "3", "value_system": "1.2.392.200119.6.1008"}),
    ([*HEIGHT[:2], "0", "", "", "", "", ""], {"absent": "not_done"}),
    ([*HEIGHT[:2], "2", "", "", "", "", ""], {"absent": "not_measurable"}),
]


@pytest.mark.parametrize(("group", "wanted"), GROUPS)
def test_results_of_orca(group: list[str], wanted: dict[str, object]) -> None:
    ((row,), _) = values(read("checkup-orca-csv", orca(group))[0]), None
    assert {name: row.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("group", "rule"),
    [
        ([*HEIGHT[:2], "9", "", "", "1", "", ""], "checkup.mark"),
        ([*HEIGHT[:2], "1", "架空", "", "1", "", ""], "checkup.mark"),
        ([*HEIGHT[:2], "1", "", "架空", "1", "", ""], "checkup.mark"),
        ([*HEIGHT[:2], "1", "", "", "架空太郎", "cm", ""], "checkup.free_text"),
        ([*HEIGHT[:2], "1", "", "", "171", "架空", ""], "checkup.unit"),
        ([*HEIGHT[:2], "1", "", "", "", "cm", ""], "checkup.no_value"),
        (["9N511000000000049", "診断", "1", "", "", "架空太郎様", "", ""], "checkup.free_text"),
        (["1A020000000191111", "尿糖", "1", "", "", "架空", "", ""], "checkup.value_code"),
        (["KARTE000000123456", "", "1", "", "", "5", "", ""], "checkup.unknown_item"),
    ],
)  # fmt: skip
def test_results_of_orca_that_are_not_kept(group: list[str], rule: str) -> None:
    tables, _, report = read("checkup-orca-csv", orca(group))
    assert "test_value" not in tables
    assert report.warnings == {rule: 1}


def test_a_row_of_c2xd() -> None:
    cells = {13: "171.2", 14: "測定不能", 15: "<20", 20: "2", 21: "架空病院で手術", 61: "1", 103: "1"}
    tables, people, report = read("checkup-c2xd-csv", c2xd(cells))
    height, weight, bmi, history, sugar = values(tables)
    assert height == {"code": "9N001000000000001", "value_number": Decimal("171.2"), "unit": "cm"}
    assert weight == {"code": "9N006000000000001", "absent": "not_measurable"}
    assert (bmi["comparator"], bmi["value_number"]) == ("lt", 20)
    assert (history["value_code"], sugar["value_code"]) == ("2", "1")
    assert [row["question"] for row in values(tables, "answer")] == ["9N932000000000011"]
    assert report.warnings == {"checkup.free_text": 1}
    found = {name: value for name, value in people.to_dicts()[0].items() if value}
    assert (found["insurer"], found["kana"], found["birth"]) == ("138057", "カクウ　タロウ", "19600501")
    assert not [word for word in PLANTED if word in repr([frame.to_dicts() for frame in tables.values()])]


def test_headers_of_c2xd_are_told_and_checked() -> None:
    numbers = [str(number) for number in range(1, 119)]
    assert read("checkup-c2xd-csv", c2xd({13: "171"}, numbers))[2].records == 1
    assert list(claimants(c2xd({13: "171"}, numbers))) == ["checkup-c2xd-csv"]
    swapped = [*numbers[:13], numbers[14], numbers[13], *numbers[15:]]
    report = Report()
    with pytest.raises(BadFile):
        list(formats()["checkup-c2xd-csv"].read(io.BytesIO(text([swapped])), report, {}))
    assert claimants(c2xd({13: "171"}, swapped)) == {}


def test_rows_that_are_none_are_held() -> None:
    bad = [*PERSON[:9], "架空", *PERSON[10:]]
    data = orca(HEIGHT) + orca(HEIGHT, person=bad) + orca(HEIGHT)
    _, people, report = read("checkup-orca-csv", data)
    assert people.height == 2
    assert [(held.record, held.rule) for held in report.held] == [(2, "checkup.row")]
    assert "架空" not in repr(report.held)
    nobody = c2xd().replace(b"19600501", b"S350501 ")
    _, people, report = read("checkup-c2xd-csv", c2xd() + nobody)
    assert (people.height, [held.rule for held in report.held]) == (1, ["checkup.row"])


@pytest.mark.parametrize(
    ("form", "data", "rule"),
    [
        ("checkup-c2xd-csv", c2xd().replace(b"KEY-1,", b""), "checkup.columns"),
        ("checkup-c2xd-csv", c2xd().replace(b"KEY-1", b'"KEY-1'), "checkup.quotes"),
        ("checkup-orca-csv", orca(HEIGHT).replace(b'"cm"', b'"c"m"'), "checkup.quotes"),
        ("checkup-orca-csv", b"", "file.empty"),
        ("checkup-orca-csv", orca(HEIGHT)[:60] + b'"\r\n', "file.empty"),
        ("checkup-orca-csv", b"x" * 70_000, "text.line_length"),
        ("checkup-orca-csv", orca(HEIGHT).decode("cp932").encode("utf-16"), "text.utf16"),
    ],
)
def test_files_that_are_not_right_are_refused(form: str, data: bytes, rule: str) -> None:
    with pytest.raises(BadFile) as caught:
        list(formats()[form].read(io.BytesIO(data), Report(), {}))
    assert caught.value.rule == rule
    assert not [word for word in PLANTED if word in "".join(traceback.format_exception(caught.value))]


def test_many_rows_make_many_parcels() -> None:
    data = orca(HEIGHT) * 4_001
    report = Report()
    parcels = list(formats()["checkup-orca-csv"].read(io.BytesIO(data), report, {}))
    assert [parcel.records for parcel in parcels] == [2_000, 2_000, 1]
    assert parcels[2].tables["test_value"]["claim_no"].to_list() == [4_000]


CUTS = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 40), st.sampled_from([b"", b",", b'"', b"\r\n", b"\x83", "架空".encode()])
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("form", ["checkup-orca-csv", "checkup-c2xd-csv"])
@settings(max_examples=100, deadline=None)
@given(cuts=CUTS, style=st.integers(0, 3))
def test_a_mutated_file_never_leaks_and_never_crashes(
    form: str, cuts: list[tuple[float, int, bytes]], style: int
) -> None:
    data = b"".join(format_stream(form, 3, 4_000, style))
    for where, length, put in cuts:
        at = int(where * len(data))
        data = data[:at] + put + data[at + length :]
    shown = ""
    try:
        shown = repr([frame.to_dicts() for frame in read(form, data)[0].values()])
    except BadFile as refusal:
        shown = "".join(traceback.format_exception(refusal))
    assert "架空" not in shown
