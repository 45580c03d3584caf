"""Excel: what is written is what is read, always the same bytes, and what Excel would change is refused."""

from __future__ import annotations

import os
import time
import zipfile
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from expectations.read import read_table
from provision.errors import Refused
from provision.packaging import workbook
from provision.packaging.tableformats import TABLE_FORMATS

FRAME = pl.DataFrame(
    {
        "code": ["0012", None, "=cmd|'/c calc'!A1", "+1", "@SUM(A1)", "-2+3"],
        "number": [1, 2, None, 999_999_999_999_999, -5, 0],
        "amount": pl.Series(
            [Decimal("1.50"), None, Decimal("0.1"), Decimal("-3"), None, None], dtype=pl.Decimal(10, 2)
        ),
    }
)


def written(folder: Path, frame: pl.DataFrame = FRAME) -> Path:
    folder.mkdir(exist_ok=True)
    workbook.write(frame, folder / "claim.xlsx")
    return folder / "claim.xlsx"


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    path = written(tmp_path)
    with zipfile.ZipFile(path) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
        styles = package.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert '<c r="A4" s="2" t="inlineStr"><is><t>=cmd|\'/c calc\'!A1</t></is></c>' in sheet
    assert styles.count('numFmtId="49"') == 2  # header and texts are formatted as text: editing makes no formula either
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["0012", "", "=cmd|'/c calc'!A1", "+1", "@SUM(A1)", "-2+3"]
    assert [row[1] for row in rows[1:]] == [1.0, 2.0, "", 999_999_999_999_999.0, -5.0, 0.0]


def test_the_same_table_gives_the_same_bytes_wherever_and_whenever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = written(tmp_path / "one").read_bytes()
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    old = os.umask(0o077)
    try:
        assert written(tmp_path / "other").read_bytes() == first
    finally:
        os.umask(old)
        monkeypatch.undo()
        time.tzset()


def test_nothing_is_left_beside_it(tmp_path: Path) -> None:
    assert [path.name for path in written(tmp_path / "t").parent.iterdir()] == ["claim.xlsx"]


def test_the_gate_reads_what_is_written(tmp_path: Path) -> None:
    text = read_table(written(tmp_path), "xlsx")
    assert (text.header, text.types) == (("code", "number", "amount"), ("string", "number", "number"))
    assert text.frame.collect()["amount"].to_list() == ["1.5", None, "0.1", "-3", None, None]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), max_size=8)
            | st.sampled_from(["_x0041_", "\r", "\x01", " a ", "ﾊﾝｶｸ"]),
            st.integers(-(10**15) + 1, 10**15 - 1),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_either_it_reads_the_same_or_it_is_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]]
) -> None:
    frame = pl.DataFrame(rows, schema={"text": pl.String, "number": pl.Int64}, orient="row")
    path = tmp_path_factory.mktemp("x") / "t.xlsx"
    try:
        workbook.write(frame, path)
    except Refused:
        return
    read = read_table(path, "xlsx").frame.collect()
    assert read.rows() == [(text or None, str(number)) for text, number in rows]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pl.Series([10**15 + 1]), "15 digits"),
        (pl.Series([Decimal("0.1234567890123456")], dtype=pl.Decimal(20, 16)), "15 digits"),
        (pl.Series([True]), "neither text nor number"),
        (pl.Series(["x" * 40_000]), "longer than a cell"),
    ],
)
def test_what_excel_would_change_is_refused_without_a_value(tmp_path: Path, column: pl.Series, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        workbook.write(pl.DataFrame({"c": column}), tmp_path / "t.xlsx")
    assert "xxx" not in str(caught.value)
    assert "1234567890" not in str(caught.value)


def test_too_large_a_table_is_refused_before_it_is_written() -> None:
    rows = pl.DataFrame({"n": pl.int_range(1_048_575, eager=True)})
    TABLE_FORMATS["xlsx"].fits("claim", rows)
    for frame in (pl.concat([rows, rows.head(1)]), rows.select(pl.col("n").alias(f"c{i}") for i in range(5))):
        with pytest.raises(Refused, match=r"release\.excel") as caught:
            TABLE_FORMATS["xlsx"].fits("claim", frame)
        assert "csv and parquet" in caught.value.remedy
        TABLE_FORMATS["csv"].fits("claim", frame)
    with pytest.raises(Refused, match="without any value"):
        TABLE_FORMATS["xlsx"].fits("claim", pl.DataFrame({"a": [1, None]}))


def test_too_large_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "BYTES", 1_000)
    with pytest.raises(Refused, match="MiB as a workbook"):
        written(tmp_path)
