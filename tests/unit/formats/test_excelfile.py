"""Workbooks: both calendars, what a person would read otherwise, and what would end the process is refused first."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from provision.formats import excelguard
from provision.formats.base import BadFile
from provision.formats.excelfile import number_text
from tests.support.madeup import HEADER, ROWS, of_kind, parquet, read, text, workbook

TABLE = of_kind("excel")


def rule(data: bytes, **settings: Any) -> str:
    """The rule by which a workbook is refused, "" where it is taken."""
    try:
        read(of_kind("excel", file={"kind": "excel", **settings}), data)
    except BadFile as error:
        return error.rule
    return ""


def repacked(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The package with parts changed (None: left out)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return out.getvalue()


def sheet(data: bytes, pattern: bytes, replacement: bytes) -> bytes:
    """The package with its first sheet's XML changed."""

    def change(name: str, part: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return part
        assert re.search(pattern, part), "nothing to change"
        return re.sub(pattern, replacement, part, count=1)

    return repacked(data, change)


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_days_in_both_calendars(options: dict[str, Any]) -> None:
    days = [date(1904, 1, 3), date(1950, 2, 28), date(2000, 2, 29), date(2025, 6, 7)]
    at = HEADER.index("受診日")
    rows = [[*ROWS[0][:at], day, *ROWS[0][at + 1 :]] for day in days]
    (parcel,), _ = read(TABLE, workbook(rows, **options))
    assert parcel.tables["visit"]["visited"].to_list() == [day.isoformat() for day in days]


def test_a_day_as_a_plain_number_is_none() -> None:
    """45000 is 2023-03-15 or, in the other calendar, 2027-03-16; read as an era month it would be a third."""
    at = HEADER.index("生年月日")
    (parcel,), report = read(
        TABLE, workbook([[*ROWS[0][:at], cell, *ROWS[0][at + 1 :]] for cell in (45000, 45012, 19500304)])
    )
    assert parcel.tables["visit"]["birth_month"].to_list() == [None, None, "19500304"]
    assert report.warnings["domain:visit.birth_month"] == 2


def test_stored_results_of_formulas_are_values() -> None:
    def change(book: Any, page: Any) -> None:
        page.write_formula(1, HEADER.index("本数"), "=10+11", None, 21)
        page.write_formula(1, HEADER.index("HbA1c (NGSP)"), "=0.1+5.6", None, 5.6999999999999993)

    (parcel,), _ = read(TABLE, workbook(change=change))
    assert parcel.tables["visit"]["cigarettes"].to_list() == [21, None, 0]
    assert str(parcel.tables["test_value"]["value_number"][0]) == "5.7000"


def test_formulas_without_a_stored_result_are_refused() -> None:
    """As programs write them that do not calculate: the cell would be read as empty."""
    made = workbook(change=lambda book, page: page.write_formula(1, HEADER.index("本数"), "=10+11", None, 21))
    for left in (b"</f><v></v>", b"</f><v/>", b"</f>"):
        assert rule(sheet(made, rb"</f><v>21</v>", left)) == "excel.formula"


def test_numbers_as_text_and_texts_as_numbers() -> None:
    assert [number_text(n) for n in (5.0, 5.6, 0.1 + 0.2, 123456789012.0, 1e15, float("nan"), float("inf"), -0.0)] == [
        "5", "5.6", "0.3", "123456789012", "?", "", "?", "0",
    ]  # fmt: skip
    at = HEADER.index("本数")
    (parcel,), _ = read(TABLE, workbook([[*ROWS[0][:at], cell, *ROWS[0][at + 1 :]] for cell in (" 7 ", "８", 9.0)]))
    assert parcel.tables["visit"]["cigarettes"].to_list() == [7, 8, 9]


HIDDEN: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "row": (lambda book, page: page.set_row(2, None, None, {"hidden": True}), "excel.hidden"),
    "column": (lambda book, page: page.set_column(3, 3, None, None, {"hidden": True}), "excel.hidden"),
    "row without height": (lambda book, page: page.set_row(2, 0), "excel.hidden"),
    "column without width": (lambda book, page: page.set_column(3, 3, 0), "excel.hidden"),
    "columns behind the table": (lambda book, page: page.set_column(40, 80, None, None, {"hidden": True}), ""),
    "merged cells": (lambda book, page: page.merge_range("B9:C9", "x"), "excel.merged"),
    "nothing": (lambda book, page: None, ""),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_what_a_person_would_not_see_is_refused(case: str) -> None:
    change, expected = HIDDEN[case]
    assert rule(workbook(change=change)) == expected


def test_sheets_are_named_or_alone() -> None:
    two = workbook(also={"控え": [["a"]]})
    assert [rule(two), rule(two, sheet="調査"), rule(two, sheet="ない")] == ["excel.sheet", "", "excel.sheet"]
    report = read(of_kind("excel", file={"kind": "excel", "sheet": "調査"}), two)[1]
    assert report.warnings["excel.other_sheets"] == 1
    hidden = workbook(also={"控え": [["a"]]}, change=lambda book, page: (
        book.get_worksheet_by_name("控え").activate(), page.hide()))  # fmt: skip
    assert rule(hidden, sheet="調査") == "excel.hidden"


def test_other_kinds_of_file_are_refused() -> None:
    good = workbook()
    macro = io.BytesIO(good)
    with zipfile.ZipFile(macro, "a") as package:
        package.writestr("xl/vbaProject.bin", b"x")
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as package:
        package.writestr("a.csv", text())
    found = [rule(data) for data in (macro.getvalue(), old, plain.getvalue(), text(), parquet(), b"", good[:-1])]
    assert found == [
        "excel.macro",
        "excel.kind",
        "excel.kind",
        "excel.kind",
        "excel.kind",
        "excel.kind",
        "excel.broken",
    ]


# -- what would end the process ---------------------------------------------------------------------------------------


def far(data: bytes, reference: bytes) -> bytes:
    """With a cell far away: the reader would make room for everything between."""
    cell = b'<row r="9999999"><c r="' + reference + b'"><v>1</v></c></row></sheetData>'
    return sheet(data, rb"</sheetData>", cell)


def with_part(data: bytes, name: str, part: bytes) -> bytes:
    """The package with one part replaced."""
    return repacked(data, lambda each, old: part if each == name else old)


GOOD = workbook()
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a cell at the far corner": (lambda: far(GOOD, b"XFD1048576"), "excel.cells"),
    "a cell far below": (lambda: far(GOOD, b"B9999999"), "excel.cells"),
    "a cell far to the right": (lambda: far(GOOD, b"ZZZ12"), "excel.cells"),
    "a reference as an entity": (lambda: far(GOOD, b"&#88;FD1048576"), "excel.cells"),
    "a part of zeros": (
        lambda: with_part(GOOD, "docProps/app.xml", b"\0" * (excelguard.UNPACKED_BYTES + 1)), "excel.size"),
    "a long text": (
        lambda: with_part(GOOD, "xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * 100_000 + b"</t></si></sst>"),
        "excel.cells"),
    "entities": (
        lambda: sheet(GOOD, rb"<worksheet", b'<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet'), "excel.broken"),
    "no XML": (lambda: sheet(GOOD, rb"</sheetData>", b""), "excel.broken"),
    "no sheet": (lambda: repacked(GOOD, lambda name, part: None if "worksheets" in name else part), "excel.kind"),
    "cells in a part that says it is none": (
        lambda: sheet(sheet(far(GOOD, b"XFD1048576"), rb"<worksheet", b"<work"), rb"</worksheet", b"</work"),
        "excel.cells"),
    "two sheets of one name": (
        lambda: repacked(GOOD, lambda name, part: part.replace(b"</sheets>", b'<sheet name="\xe8\xaa\xbf\xe6\x9f\xbb" '
                         b'sheetId="9" r:id="rId1"/></sheets>')), "excel.broken"),
    "a sheet elsewhere": (
        lambda: repacked(GOOD, lambda name, part: part.replace(b'"worksheets/', b'"../xl/worksheets/')), "excel.kind"),
    "strings that are none": (
        lambda: with_part(GOOD, "xl/sharedStrings.xml", b"<x><si><t>" + b"x" * 100_000 + b"</t></si></x>"),
        "excel.broken"),
    "a day millions of years away": (
        lambda: sheet(GOOD, rb'(<c r="D2" s="1"><v>)[0-9.]+', rb"\g<1>-1e308"), "excel.broken"),
    "bytes behind the end": (lambda: GOOD + b"PK\x05\x06" + b"\0" * 30, "excel.broken"),
}  # fmt: skip


@pytest.mark.parametrize("case", BOMBS)
def test_what_would_end_the_process_is_refused_first(case: str) -> None:
    data, expected = BOMBS[case]
    assert rule(data()) == expected


def test_a_size_that_the_package_lies_about() -> None:
    """The list says less than what comes out: readers that believe it would stop at other places."""
    data = bytearray(GOOD)
    with zipfile.ZipFile(io.BytesIO(GOOD)) as package:
        info = package.getinfo("xl/worksheets/sheet1.xml")
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    assert int.from_bytes(data[at + 24 : at + 28], "little") == info.file_size
    for size in (info.file_size - 1, info.file_size + 1, 10):
        data[at + 24 : at + 28] = size.to_bytes(4, "little")
        assert rule(bytes(data)) == "excel.broken"


@pytest.mark.parametrize("case", ["a cell at the far corner", "a part of zeros"])
def test_bombs_need_no_memory(case: str, tmp_path: Path) -> None:
    """In a process of its own, which may take 300 MB above what it has when it begins."""
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[case][0]())
    program = """
import io, resource, sys
from provision.formats.base import BadFile, Report
from tests.support.madeup import of_kind, workbook, read
table = of_kind("excel")
read(table, workbook())
begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read(table, open(sys.argv[1], "rb").read())
except BadFile as error:
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun
    print(error.rule, grown < 300_000)
"""
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": "plugins:.", "PATH": ""}, cwd=Path(__file__).parents[3])  # fmt: skip
    assert done.stdout.split() == [BOMBS[case][1], "True"]


def test_the_limits_hold_where_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value, expected in (
        ("EXCEL_BYTES", len(GOOD) - 1, "document.size"), ("COLUMNS", 14, "excel.cells"), ("CELLS", 59, "excel.cells"),
        ("_ENTRIES", 3, "excel.broken"),
    ):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(excelguard, name, value)
            assert rule(GOOD) == expected
    with monkeypatch.context() as patch:
        patch.setattr(excelguard, "CELLS", 60)
        assert rule(GOOD) == ""
