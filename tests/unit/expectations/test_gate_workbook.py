"""Excel in a payload: only plain cells in a shell that people have read; whatever else a workbook could hold stops it.

The shell is XlsxWriter's. A new version of it that writes another one fails here first: read the parts, then add the
digest to `SHELLS`.
"""

from __future__ import annotations

import datetime
import io
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payloads import CONTRACT, TABLE, Payload, clean_frame, make_payload, plant

from expectations.contract import Contract
from expectations.gate import examine
from expectations.read import Unreadable, read_table
from expectations.scan import scan
from expectations.unwrap import unwrap
from expectations.workbook import read_workbook

Change = Callable[[dict[str, bytes]], object]
#: Rows are written as they come, texts in their cells: what the product asks of the library.
ONE_BY_ONE = {"constant_memory": True}
SHEET, LINKS = "xl/worksheets/sheet1.xml", "_rels/.rels"


def workbook(frame: pl.DataFrame, more: Callable[[Any, Any], object] = lambda book, sheet: None) -> bytes:
    """A workbook as the gate expects one, written by the tests themselves; `more` adds what it does not expect."""
    with tempfile.TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(f"{folder}/t.xlsx", ONE_BY_ONE)
        book.set_properties({"created": datetime.datetime(2020, 1, 1)})
        text, head = book.add_format({"num_format": 49}), book.add_format({"num_format": 49, "bold": True})
        sheet = book.add_worksheet("claims")
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(frame.columns):
            sheet.write_string(0, column, name, head)
        for number, row in enumerate(frame.iter_rows(), 1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value, text)
                elif value is not None:
                    sheet.write_number(number, column, float(value))
        more(book, sheet)
        book.close()
        return Path(folder, "t.xlsx").read_bytes()


def repacked(data: bytes, change: Change) -> bytes:
    """The same package with other parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {info.filename: package.read(info) for info in package.infolist()}
    change(parts)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name, (1980, 1, 31, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def rule_of(data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read_workbook(io.BytesIO(data))
    return caught.value.rule


SMALL = pl.DataFrame({"code": ["001", None, "=cmd|'/c calc'!A1"], "points": [1, 20, None]})


def test_texts_stay_texts_and_numbers_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(workbook(SMALL))
    text = read_table(tmp_path / "t.xlsx", "xlsx")
    assert (text.header, text.types, text.rows, text.metadata) == (
        ("code", "points"), ("string", "number"), 3, ("claims",),
    )  # fmt: skip
    assert text.frame.collect().rows() == [("001", "1"), (None, "20"), ("=cmd|'/c calc'!A1", None)]


def _inside(old: bytes, new: bytes, part: str = SHEET) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new, 1)

    return change


def _before_rows(more: bytes) -> Change:
    return _inside(b"<sheetData>", more + b"<sheetData>")


def _behind_rows(more: bytes) -> Change:
    return _inside(b"</sheetData>", b"</sheetData>" + more)


SPOILT: dict[str, tuple[str, Change]] = {
    "a formula": ("xlsx.cell", _inside(b"<v>1</v>", b"<f>1+0</f><v>1</v>")),
    "a formula for a text": ("xlsx.cell", _inside(b' t="inlineStr"><is><t>001</t></is>', b' t="str"><v>001</v>')),
    "a hidden row": ("xlsx.attribute", _inside(b'<row r="2"', b'<row r="2" hidden="1"')),
    "a hidden column": ("xlsx.shell", _before_rows(b'<cols><col min="1" max="1" hidden="1"/></cols>')),
    "merged cells": ("xlsx.shell", _behind_rows(b'<mergeCells><mergeCell ref="A2:B2"/></mergeCells>')),
    "a comment in XML": ("xlsx.element", _inside(b"<sheetData>", "<sheetData><!-- 山田太郎 -->".encode())),
    "a comment behind the sheet": ("xlsx.element", _inside(b"</worksheet>", "</worksheet><!-- 山田太郎 -->".encode())),
    "an instruction": ("xlsx.element", _inside(b"<sheetData>", b"<sheetData><?x y?>")),
    "text between cells": ("xlsx.text", _inside(b"</row>", "山田太郎</row>".encode())),
    "text between rows": ("xlsx.text", _inside(b"</row>", "</row>山田太郎".encode())),
    "text behind the rows": ("xlsx.text", _inside(b"</row></sheetData>", "</row>山田太郎</sheetData>".encode())),
    "an attribute of a cell": ("xlsx.attribute", _inside(b'<c r="B2"', b'<c r="B2" cm="1"')),
    "a style nobody knows": ("xlsx.cell", _inside(b'<c r="B2"', b'<c r="B2" s="9"')),
    "a cell twice": ("xlsx.cell", _inside(b'<c r="B2">', b'<c r="A2"><v>9</v></c><c r="B2">')),
    "a cell beyond the header": ("xlsx.cell", _inside(b'<c r="B2">', b'<c r="C2">')),
    "a row left out": ("xlsx.row", _inside(b'<row r="3"', b'<row r="4"')),
    "a heading twice": ("xlsx.header", _inside(b"<t>points</t>", b"<t>code</t>")),
    "a heading that is a number": (
        "xlsx.header", _inside(b'<c r="B1" s="1" t="inlineStr"><is><t>points</t></is></c>', b'<c r="B1"><v>1</v></c>'),
    ),
    "half a character": ("xlsx.text", _inside(b"<t>001</t>", b"<t>_xD83D_</t>")),
    "an exponent": ("xlsx.number", _inside(b"<v>1</v>", b"<v>1E+15</v>")),
    "a dimension that is none": ("xlsx.dimension", _inside(b'ref="A1:B4"', b'ref="A1:B9012345678"')),
    "an entity": ("xlsx.broken", _inside(b"<t>001</t>", b"<t>&x;</t>")),
    "an author": ("xlsx.shell", _inside(b"<dc:creator>", "<dc:creator>山田太郎".encode(), "docProps/core.xml")),
    "a company": ("xlsx.shell", _inside(b"<Company>", "<Company>山田".encode(), "docProps/app.xml")),
    "a defined name": (
        "xlsx.shell", _inside(b"</sheets>", b"</sheets><definedNames/>", "xl/workbook.xml"),
    ),
    "another sheet's name": ("xlsx.shell", _inside(b'name="claims"', 'name="山田"'.encode(), "xl/workbook.xml")),
    "another theme": ("xlsx.shell", _inside(b"Office Theme", b"Yamada Theme", "xl/theme/theme1.xml")),
    "a link outside": ("xlsx.shell", _inside(b"<Relationship ", b"<Relationship TargetMode='External' ", LINKS)),
    "shared strings": ("xlsx.parts", lambda parts: parts.update({"xl/sharedStrings.xml": b"<sst/>"})),
    "a part nobody names": ("xlsx.parts", lambda parts: parts.update({"xl/vbaProject.bin": b"x"})),
    "a part missing": ("xlsx.parts", lambda parts: parts.pop("xl/styles.xml")),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "change"), SPOILT.values(), ids=SPOILT.keys())
def test_whatever_else_a_workbook_could_hold_is_refused(rule: str, change: Change) -> None:
    assert rule_of(repacked(workbook(SMALL), change)) == rule


def test_the_helper_that_spoils_changes_nothing_else() -> None:
    assert read_workbook(io.BytesIO(repacked(workbook(SMALL), lambda parts: None))).frame.height == 3


def test_an_entity_declared_in_the_sheet_is_refused() -> None:
    declared = _inside(b"<worksheet", b'<!DOCTYPE worksheet [<!ENTITY x "1">]><worksheet')
    assert rule_of(repacked(workbook(SMALL), declared)) == "xlsx.sheet"


def _behind(data: bytes) -> bytes:
    return data + b"more"


def _before(data: bytes) -> bytes:
    return b"more" + data


def _commented(data: bytes) -> bytes:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as package:
        package.comment = "山田太郎".encode()
    return stream.getvalue()


def _slack(data: bytes) -> bytes:
    """Bytes behind the end of a part's compressed stream, which no reader shows."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {info.filename: package.read(info) for info in package.infolist()}
    stream, listed = io.BytesIO(), []
    for name, content in parts.items():
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush() + (b"slack" if name == SHEET else b"")
        info = zipfile.ZipInfo(name, (1980, 1, 31, 0, 0, 0))
        info.compress_type, info.CRC = zipfile.ZIP_DEFLATED, zlib.crc32(content)
        info.file_size, info.compress_size, info.header_offset = len(content), len(packed), stream.tell()
        stream.write(info.FileHeader() + packed)
        listed.append(info)
    with zipfile.ZipFile(stream, "a") as package:
        package.filelist, package._didModify = listed, True  # type: ignore[attr-defined]
        package.start_dir = stream.tell()
    return stream.getvalue()


@pytest.mark.parametrize("spoil", [_behind, _before, _commented, _slack, lambda data: data[:-30], lambda data: b"PK"])
def test_a_package_is_its_parts_from_the_first_byte_to_the_last(spoil: Callable[[bytes], bytes]) -> None:
    assert rule_of(spoil(workbook(SMALL))) in {"xlsx.package", "xlsx.broken"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_bytes_make_it_fail_in_another_way(data: st.DataObject) -> None:
    whole = bytearray(workbook(SMALL))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
    try:
        read = read_workbook(io.BytesIO(bytes(whole)))
    except Unreadable:
        return
    assert read.frame.height == 3


def excel_payload(root: Path, change: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame) -> Payload:
    payload = make_payload(root, change)
    payload.table("csv").unlink()
    payload.table("parquet").unlink()
    payload.table("xlsx").write_bytes(workbook(change(clean_frame())))
    return payload.seal()


def excel_contract() -> Contract:
    from dataclasses import replace

    return replace(CONTRACT, tables=(replace(TABLE, formats=("xlsx",)),))


def test_the_gate_reads_workbooks(tmp_path: Path) -> None:
    payload = excel_payload(tmp_path / "bag")
    verdict = examine(payload.root, excel_contract(), digest=payload.digest, known=None)
    assert verdict.passed, [f for f in verdict.findings if not f.passed]
    places = {finding.where for finding in verdict.findings}
    assert {"claims.sex (xlsx)", "claims.points (xlsx)", "claims.bmi (xlsx)", "claims.note (xlsx)"} <= places


@pytest.mark.parametrize(
    ("column", "value"), [("sex", "3"), ("zip3", "1234567"), ("note", "山田太郎 090-1234-5678"), ("points", 100_000)]
)
def test_the_gate_stops_what_it_stops_in_other_formats(tmp_path: Path, column: str, value: str | int) -> None:
    payload = excel_payload(tmp_path / "bag", plant(column, value))
    verdict = examine(payload.root, excel_contract(), digest=payload.digest, known=None)
    assert not verdict.passed
    assert {f.where for f in verdict.findings if not f.passed} >= {f"claims.{column} (xlsx)"}


def test_a_scan_reads_a_workbook_by_its_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame({"氏名": ["架空　太郎", "架空　花子"], "カルテ番号": [4711, 815]})
    (tmp_path / "t.xlsx").write_bytes(workbook(frame))
    parts = {part.column: part for part in unwrap(tmp_path / "t.xlsx") if hasattr(part, "column")}
    assert dict(parts["氏名"].values) == {"架空　太郎": 1, "架空　花子": 1}
    assert parts["カルテ番号"].number
    assert {count.column for count in scan(tmp_path / "t.xlsx").counts} >= {"氏名"}


def test_a_scan_still_reads_workbooks_of_others(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        book.add_worksheet("氏名").write_string(0, 0, "電話 090-1234-5678")
    assert scan(tmp_path / "t.xlsx").counts
