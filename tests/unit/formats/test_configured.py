"""Tables that senders make up: the same rows from text, workbooks and Parquet, and refusals without values."""

from __future__ import annotations

import contextlib
import csv
import io
import traceback
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.receipt import Applied
from provision.errors import FixConfiguration
from provision.formats import csvfile, tablerows
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Report
from provision.formats.configured import ConfiguredTable
from provision.formats.recognising import of_file
from provision.formats.testvalues import ANSWER, TEST_VALUE
from provision.intake.deidentify import deidentify
from tests.support import madeup
from tests.support.madeup import CLERK, FILES, HEADER, NAME, NEEDLES, NOTE, ROWS, of_kind, read, text, workbook

KINDS = sorted(FILES)
CELLS = st.text(alphabet=st.characters(codec="cp932", exclude_characters="\r\x1a¢£¬‖−〜"), max_size=12)
HEADINGS = {
    "visit.cigarettes": "本数", "visit.sex": "性別", "test_value.hba1c": "HbA1c (NGSP)",
    "answer.9N781000000000011": "朝食",
}  # fmt: skip


def without(*headings: str) -> dict[str, Any]:
    """Header and rows without these columns."""
    kept = [at for at, heading in enumerate(HEADER) if heading not in headings]
    return {"header": [HEADER[at] for at in kept], "rows": [[row[at] for at in kept] for row in ROWS]}


def refused(table: ConfiguredTable, data: bytes) -> BadFile:
    """The refusal of `data`; nothing of the data may be in it or behind it."""
    with pytest.raises(BadFile) as caught:
        read(table, data)
    error = caught.value
    shown = str(error) + repr(vars(error)) + "".join(traceback.format_exception(error))
    assert [needle for needle in (*NEEDLES, NAME, NOTE, CLERK) if needle in shown] == []
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    return error


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_rows(kind: str) -> None:
    (parcel,), report = read(of_kind(kind), FILES[kind]())
    visit = parcel.tables["visit"].rows(named=True)
    assert [(v["research_id"], v["birth_month"], v["sex"]) for v in visit] == [
        ("00000012", "19500304", "2"), ("00000013", "19611231", "1"), ("00000014", "19720229", "2"),
    ]  # fmt: skip
    assert [(v["zip"], v["prefecture"], v["visited"], v["cigarettes"]) for v in visit] == [
        ("1000001", "13", "2025-06-07", 20), ("1000002", "01", "2025-06-08", None), ("0600001", "01", "2025-06-09", 0),
    ]  # fmt: skip
    values = parcel.tables["test_value"].select(
        "claim_no", "value_no", "observed", "item", "value_number", "value_code", "unit", "absent"
    )
    assert values.rows() == [
        (1, 1, "2025-06-07", "hba1c", Decimal("5.6"), None, "%", None),
        (1, 2, "2025-06-07", "urine_protein", None, "neg", None, None),
        (2, 1, "2025-06-08", "hba1c", Decimal("7.25"), None, "%", None),
        (2, 2, "2025-06-08", "urine_protein", None, "1pos", None, None),
        (3, 2, "2025-06-09", "urine_protein", None, None, None, "not_done"),
    ]
    answers = parcel.tables["answer"].select("claim_no", "question", "answer_code", "answer_system")
    assert answers.rows() == [
        (1, "9N736000000000011", "3", None), (1, "9N781000000000011", "1", "1.2.392.200119.6.2003"),
        (2, "9N736000000000011", "1", None), (2, "9N781000000000011", "2", "1.2.392.200119.6.2003"),
    ]  # fmt: skip
    assert report.warnings == {"table.unknown_columns": 1}
    assert (report.records, report.people, report.edition) == (4, 3, "2026")


@pytest.mark.parametrize("kind", KINDS)
def test_people_carry_what_the_roles_say(kind: str) -> None:
    (parcel,), _ = read(of_kind(kind), FILES[kind]())
    assert parcel.people.columns == list(PEOPLE_COLUMNS)
    first = parcel.people.row(0, named=True)
    assert (first["name"], first["birth"], first["sex"], first["chart"]) == (NAME, "19500304", "2", "00000012")
    assert (first["facility"], first["insurer"], first["number"]) == ("kakuu-institute", None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_direct_is_left_after_receipt(kind: str) -> None:
    table, report, applied = of_kind(kind), Report(), Applied()
    for parcel in table.read(io.BytesIO(FILES[kind]()), report, {}):
        left = deidentify(parcel, table.dataset, report, applied)
        text = "".join(repr(frame.rows()) + repr(frame.columns) for frame in left.values())
        assert [needle for needle in NEEDLES if needle in text] == []
        assert left["visit"].columns == [
            "claim_no", "birth_month", "sex", "zip", "prefecture", "visited", "cigarettes",
        ]  # fmt: skip
        assert left["visit"].row(0) == (1, "1950-03", "2", "100", "13", "2025-06-07", 20)
    assert {"outside_domain", "domain"} & {rule.partition(":")[0] for rule in report.warnings} == set()
    assert applied.cells["drop-column"] == 3 + 3 + 3 + 1


def test_shared_tables_have_the_one_shape() -> None:
    dataset = of_kind("delimited").dataset
    assert dataset.table("test_value").columns == TEST_VALUE
    assert dataset.table("answer").columns == ANSWER
    assert (dataset.id, dataset.head, dataset.edition) == ("kakuu-cohort", "visit", "2026")


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_text_in_any_encoding_and_separator(encoding: str, separator: str, quoting: int) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    data = mark + text(encoding=encoding, separator=separator, quoting=quoting)
    table = of_kind("delimited")
    assert table.recognise(data[:64_000])
    (parcel,), _ = read(table, data)
    assert parcel.tables["visit"]["name"].to_list()[0] == NAME


def test_a_named_separator_and_encoding_are_the_only_ones() -> None:
    fixed = of_kind("delimited", file={"kind": "delimited", "separator": "tab", "encoding": "utf-8"})
    (parcel,), _ = read(fixed, text(encoding="utf-8", separator="\t"))
    assert parcel.tables["visit"].height == 3
    assert refused(fixed, text(encoding="utf-8")).rule == "table.undeclared"
    other = refused(fixed, text(separator="\t"))
    assert other.rule in {"text.encoding", "table.undeclared"}


def test_a_declared_encoding_that_is_not_the_files_is_said_to_be_declared() -> None:
    named = of_kind("delimited", file={"kind": "delimited", "separator": "comma", "encoding": "utf-8"})
    error = refused(named, text(encoding="cp932", separator=","))
    assert error.rule == "text.encoding"
    assert "correct what source or layout say" in error.remedy


def test_columns_that_are_missing_are_named_by_their_place_in_the_layout() -> None:
    headings = text(encoding="utf-8", separator=",").split(b"\r\n", 1)
    error = refused(of_kind("delimited"), b"x,y\r\n" + headings[1])
    assert error.rule == "table.undeclared"
    assert "(columns.0, " in error.remedy


def test_without_a_byte_order_mark_utf16_is_taken_only_where_it_is_named() -> None:
    data = text(encoding="utf-16-le")
    assert refused(of_kind("delimited"), data).rule == "text.control"
    assert refused(of_kind("delimited", file={"kind": "delimited", "encoding": "utf-16"}), data[:-1]).rule == (
        "text.encoding"
    )


@pytest.mark.parametrize("size", [64, 500, 4096])
def test_blocks_of_any_size_give_the_same(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[*row[:9], f"備考\n{number}", *row[10:]] for number, row in enumerate(ROWS * 40)]
    whole = pl.concat([p.tables["visit"] for p in read(of_kind("delimited"), text(rows))[0]])
    monkeypatch.setattr(csvfile, "CHUNK", size)
    parts = pl.concat([p.tables["visit"] for p in read(of_kind("delimited"), text(rows))[0]])
    assert parts.equals(whole)


def test_an_undecodable_row_is_held_and_the_others_are_taken() -> None:
    lines = text().split(b"\r\n")
    lines[2] = lines[2].replace("架空".encode("cp932"), b"\xfd\xff")
    (parcel,), report = read(of_kind("delimited"), b"\r\n".join(lines))
    assert parcel.tables["visit"].height == 2
    assert [(held.record, held.rule) for held in report.held] == [(3, "text.encoding")]


# -- headings ---------------------------------------------------------------------------------------------------------


def test_headings_by_alias_width_case_and_order() -> None:
    order = [HEADER.index(h) for h in reversed(HEADER)]
    renamed = {"研究ＩＤ": "ｉｄ", "性別": "sex", "HbA1c (NGSP)": "ＨＢＡ１Ｃ"}
    header = [renamed.get(HEADER[at], HEADER[at]) for at in order]
    (parcel,), report = read(of_kind("delimited"), text([[row[at] for at in order] for row in ROWS], header))
    assert parcel.tables["visit"]["sex"].to_list() == ["2", "1", "2"]
    assert parcel.tables["test_value"].height == 5
    assert report.warnings == {"table.unknown_columns": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_optional_columns_may_be_missing_and_required_ones_may_not(kind: str) -> None:
    (parcel,), _ = read(of_kind(kind), FILES[kind](**without("本数", "備考", "尿蛋白", "喫煙", "朝食")))
    assert parcel.tables["visit"]["cigarettes"].null_count() == 3
    assert parcel.tables["answer"].height == 0
    assert refused(of_kind(kind), FILES[kind](**without("カナ"))).rule == "table.undeclared"


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_columns_refuse_the_file_where_the_layout_says_so(kind: str) -> None:
    strict = of_kind(kind, unknown_columns="refuse")
    assert refused(strict, FILES[kind]()).rule == "table.undeclared"
    (parcel,), report = read(strict, FILES[kind](**without("担当者")))
    assert (parcel.tables["visit"].height, report.warnings) == (3, {})


@pytest.mark.parametrize("kind", ["delimited", "excel"])
def test_two_columns_of_one_meaning_are_refused(kind: str) -> None:
    header = [{"担当者": "ID"}.get(h, h) for h in HEADER]
    assert refused(of_kind(kind), FILES[kind](header=header)).rule == "table.duplicate_header"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_one_of_two_layouts_goes_to_that_one(kind: str) -> None:
    one, other = of_kind(kind), of_kind(kind, OTHER)
    for wanted, data in ((one, FILES[kind]()), (other, FILES[kind]([["A1", "女", 3]], ["項番", "性別", "値"]))):
        assert of_file([one, other], data[:64_000], lambda size, data=data: data[:size]) is wanted
    for data in (FILES[kind]([["a", 1]], ["何か", "別"]), FILES[kind](**without("カナ"))):
        with pytest.raises(BadFile) as caught:
            of_file([one, other], data[:64_000], lambda size, data=data: data[:size])
        assert caught.value.rule == "table.undeclared"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_fits_two_layouts_is_refused(kind: str) -> None:
    both = FILES[kind]([[*row, "A1", 3] for row in ROWS], [*HEADER, "項番", "値"])
    with pytest.raises(BadFile) as caught:
        of_file([of_kind(kind), of_kind(kind, OTHER)], both[:64_000], lambda size: both[:size])
    assert caught.value.rule == "format.ambiguous"


OTHER = """
id: kakuu-lab
title: {ja: 検査, en: Laboratory}
edition: "1"
file: {kind: delimited}
head: {name: sample, ja: 検体, en: Sample}
columns:
  - {name: sample_no, headings: [項番], ja: 項番, en: Number, class: technical}
  - {name: sex, headings: [性別], ja: 性別, en: Sex, class: quasi, domain: "code:sex", category: 3}
  - {name: amount, headings: [値], ja: 値, en: Amount, class: ordinary, dtype: decimal, domain: "range:0..100/0.1",
     category: 4}
"""


@pytest.mark.parametrize("kind", KINDS)
def test_data_with_numbers_of_its_own_only_need_no_identity(kind: str) -> None:
    (parcel,), report = read(
        of_kind(kind, OTHER), FILES[kind]([["A1", "F", 1.25], ["A2", "男", 3]], ["項番", "性別", "値"])
    )
    assert parcel.tables["sample"].rows() == [(1, "A1", "2", Decimal("1.2")), (2, "A2", "1", Decimal("3.0"))]
    assert parcel.people.select(pl.exclude("claim_no")).null_count().sum_horizontal().item() == 2 * 14
    assert list(parcel.tables) == ["sample"]
    assert report.people == 2


def test_a_row_above_the_header_is_no_header() -> None:
    table = of_kind("delimited", file={"kind": "delimited", "header_row": 3})
    data = "架空研究所 調査票,,\r\n\r\n".encode("cp932") + text()
    assert table.recognise(data)
    (parcel,), _ = read(table, data)
    assert parcel.tables["visit"].height == 3
    book = workbook([HEADER, *ROWS], ["調査票"])
    (parcel,), _ = read(of_kind("excel", file={"kind": "excel", "header_row": 2}), book)
    assert parcel.tables["visit"]["sex"].to_list() == ["2", "1", "2"]


# -- cells ------------------------------------------------------------------------------------------------------------


def column(heading: str, cells: list[Any]) -> list[list[Any]]:
    """Rows that differ in one column only."""
    at = HEADER.index(heading)
    return [[*ROWS[0][:at], cell, *ROWS[0][at + 1 :]] for cell in cells]


@pytest.mark.parametrize("kind", ["delimited", "excel"])
def test_signs_and_words_of_comparison(kind: str) -> None:
    cells = ["<5.0", "5.0未満", "≧10", "１０以上", "> 3", "3超", "5以下", "<= 4.5", "<5以上", "要再検", ""]
    (parcel,), report = read(of_kind(kind), FILES[kind](column("HbA1c (NGSP)", cells)))
    values = (
        parcel.tables["test_value"].filter(pl.col("item") == "hba1c").select("claim_no", "comparator", "value_number")
    )
    assert [(no, sign, str(number.normalize())) for no, sign, number in values.rows()] == [
        (1, "lt", "5"), (2, "lt", "5"), (3, "ge", "1E+1"), (4, "ge", "1E+1"), (5, "gt", "3"), (6, "gt", "3"),
        (7, "le", "5"), (8, "le", "4.5"),
    ]  # fmt: skip
    assert report.warnings["unread:test_value.hba1c"] == 2


@pytest.mark.parametrize("kind", ["delimited", "excel"])
def test_words_of_code_columns(kind: str) -> None:
    (parcel,), report = read(of_kind(kind), FILES[kind](column("性別", ["女", "Ｍ", "f", 1, "不明", "", "-"])))
    assert parcel.tables["visit"]["sex"].fill_null("").to_list() == ["2", "1", "2", "1", "", "", ""]
    assert report.warnings["code:visit.sex"] == 1


def test_a_birth_of_which_only_the_month_is_known() -> None:
    """It is kept, and tells nobody from another: with the role of a birth it is none."""
    cells = ["1950-03", "195003", "1950年03月", "1950/3/4"]
    columns = [{**c, "role": None} if c["name"] == "birth_month" else c for c in yaml.safe_load(madeup.BASE)["columns"]]
    (parcel,), _ = read(of_kind("delimited", columns=columns), text(column("生年月日", cells)))
    assert parcel.tables["visit"]["birth_month"].to_list() == ["19500301", "19500301", "19500301", "19500304"]
    assert parcel.people["birth"].null_count() == 4
    (parcel,), _ = read(of_kind("delimited"), text(column("生年月日", cells)))
    assert parcel.tables["visit"]["birth_month"].to_list() == [None, None, None, "19500304"]


def test_a_day_with_a_time_is_the_day() -> None:
    cells = ["2025-06-07 13:20:00", "2025/6/7 0:00", "2025-06-07T01:02:03", "令和7年6月7日", "20250607", "2025-06"]
    (parcel,), _ = read(of_kind("delimited"), text(column("受診日", cells)))
    assert parcel.tables["visit"]["visited"].to_list() == ["2025-06-07"] * 5 + [None]


@pytest.mark.parametrize("field", HEADINGS)
def test_a_column_that_holds_something_else_refuses_the_file(field: str) -> None:
    few = column(HEADINGS[field], ["架空"] * tablerows.TOLERATED_CELLS + ["-"] * 100)
    read(of_kind("delimited"), text(few))
    error = refused(of_kind("delimited"), text(column(HEADINGS[field], ["架空"] * (tablerows.TOLERATED_CELLS + 1))))
    assert (error.rule, error.field) == ("domain", field)


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_rows_is_refused(kind: str) -> None:
    assert refused(of_kind(kind), FILES[kind]([])).rule == "file.empty"


def test_options_are_refused() -> None:
    with pytest.raises(FixConfiguration):
        list(of_kind("delimited").read(io.BytesIO(text()), Report(), {"columns": {}}))


BROKEN: dict[str, Callable[[], bytes]] = {
    "quotes": lambda: text().replace("架空".encode("cp932"), b'"x"y', 1),
    "columns": lambda: text() + b"1,2,3\r\n",
    "an open quote": lambda: text() + b'"' + b"x" * 100_000,
    "a long line": lambda: text() + b"x" * 100_000,
    "euc": lambda: text([[*row[:1], "架空 花子", *row[2:9], None, *row[10:]] for row in ROWS], encoding="euc_jp"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_text_is_refused(case: str) -> None:
    assert refused(of_kind("delimited"), BROKEN[case]()).rule.startswith(("table.", "text."))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_bytes_raise_anything_else(kind: str, data: st.DataObject) -> None:
    good = FILES[kind]()
    at = data.draw(st.integers(0, len(good)))
    made = data.draw(st.sampled_from([good[:at], good[:at] + data.draw(st.binary(max_size=40)) + good[at + 7 :]]))
    table = of_kind(kind)
    for attempt in (made, data.draw(st.binary(max_size=200))):
        table.recognise(attempt)
        table.fits(attempt)
        with contextlib.suppress(BadFile):
            read(table, attempt)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6))
def test_whatever_is_written_only_its_domain_is_kept(cells: list[list[str]]) -> None:
    table, report = of_kind("delimited", OTHER), Report()
    data = text(cells, ["項番", "性別", "値"])
    try:
        parcels = list(table.read(io.BytesIO(data), report, {}))
    except BadFile:
        return
    for parcel in parcels:
        left = deidentify(parcel, table.dataset, report, Applied())["sample"]
        assert set(left["sex"].drop_nulls()) <= {"1", "2"}
        assert left["amount"].drop_nulls().is_between(0, 100).all()


def test_values_and_days_written_otherwise_in_excel_read_alike() -> None:
    now = datetime(2025, 6, 7, 13, 20)
    data = workbook(column("受診日", [date(2025, 6, 7), now, "2025/06/07"]))
    (parcel,), _ = read(of_kind("excel"), data)
    assert parcel.tables["visit"]["visited"].to_list() == ["2025-06-07"] * 3


def test_madeup_rows_are_as_the_tests_think() -> None:
    assert all(len(row) == len(HEADER) for row in madeup.ROWS)
