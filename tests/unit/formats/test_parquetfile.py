"""Parquet: types mapped strictly, nested, encrypted and oversized files refused, one row group after the other."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provision.formats import parquetfile
from provision.formats.base import BadFile, Report
from provision.formats.parquetfile import ParquetFile
from tests.support.madeup import HEADER, ROWS, of_kind, parquet, read, text, workbook

DAY = date(2025, 6, 7)


def written(table: Any, **options: Any) -> bytes:
    """An Arrow table as Parquet."""
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def cells(array: Any) -> list[str]:
    """A column as the reader gives it."""
    frames = list(ParquetFile(written(pa.table({"x": array})), Report()).frames())
    return [cell for frame in frames[1:] for cell in frame.strings("c0").to_list()]


def rule(data: bytes) -> str:
    """The rule by which a file is refused, "" where it is taken."""
    try:
        read(of_kind("parquet"), data)
    except BadFile as error:
        return error.rule
    return ""


TYPES: dict[str, tuple[Any, list[str]]] = {
    "text": (pa.array(["架空", None, ""]), ["架空", "", ""]),
    "large text": (pa.array(["a", None], pa.large_string()), ["a", ""]),
    "dictionary": (pa.array(["a", None, "a"]).dictionary_encode(), ["a", "", "a"]),
    "whole numbers": (pa.array([1, None, -7], pa.int8()), ["1", "", "-7"]),
    "large whole numbers": (pa.array([2**63 + 1], pa.uint64()), [str(2**63 + 1)]),
    "numbers": (pa.array([5.0, None, 5.6, float("nan"), 1e300]), ["5", "", "5.6", "", "?"]),
    "decimals": (pa.array([Decimal("5.60"), Decimal("7.00"), None]), ["5.6", "7", ""]),
    "whole decimals": (pa.array([Decimal("100")]), ["100"]),
    "truth values": (pa.array([True, False, None]), ["true", "false", ""]),
    "days": (pa.array([DAY, None]), ["2025-06-07", ""]),
    "moments": (pa.array([datetime(2025, 6, 7, 13, 20)]), ["2025-06-07 13:20:00"]),
    "nothing": (pa.array([None, None]), ["", ""]),
}


@pytest.mark.parametrize("case", TYPES)
def test_types_as_text(case: str) -> None:
    array, expected = TYPES[case]
    assert cells(array) == expected


OTHERS: dict[str, Any] = {
    "list": pa.array([[1], [2]]),
    "record": pa.array([{"a": 1}, {"a": 2}]),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "bytes": pa.array([b"a"]),
    "time": pa.array([time(1, 2)]),
    "moment in a time zone": pa.array([datetime(2025, 6, 7, tzinfo=ZoneInfo("Asia/Tokyo"))]),
    "dictionary of bytes": pa.array([b"a"]).dictionary_encode(),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_types_refuse_the_file(case: str) -> None:
    with pytest.raises(BadFile) as caught:
        cells(OTHERS[case])
    assert (caught.value.rule, caught.value.field) == ("parquet.type", "column 1")


def test_row_groups_come_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pq.read_table(io.BytesIO(parquet(ROWS * 50)))
    monkeypatch.setattr(parquetfile, "ROWS", 20)
    parcels, report = read(of_kind("parquet"), written(table, row_group_size=31))
    assert sum(p.records for p in parcels) == report.people == 150
    assert max(p.records for p in parcels) <= 31
    claims = pl.concat([p.tables["visit"]["claim_no"] for p in parcels])
    assert claims.to_list() == list(range(1, 151))


def test_a_word_that_comes_back_is_held_once() -> None:
    """50,000 rows of one text of 60 KB are 3 GB as texts, and little as Parquet."""
    table = pa.table({"x": pa.array(["x" * 60_000]).dictionary_encode().take(pa.array([0] * 50_000))})
    frames = list(ParquetFile(written(table), Report()).frames())
    assert sum(frame.height for frame in frames) == 50_000
    assert all(frame.words["c0"].len() <= 3 for frame in frames[1:])


def test_too_long_a_text_refuses_the_file() -> None:
    with pytest.raises(BadFile) as caught:
        cells(pa.array(["x" * 70_000]))
    assert caught.value.rule == "parquet.size"


GOOD = parquet()
BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut off": (lambda: GOOD[:-5], "parquet.broken"),
    "its beginning is missing": (lambda: GOOD[40:], "parquet.broken"),
    "an encrypted footer": (lambda: GOOD[:-4] + b"PARE", "parquet.encrypted"),
    "a footer longer than the file": (lambda: GOOD[:-8] + b"\xff\xff\xff\x7f" + GOOD[-4:], "parquet.size"),
    "a damaged footer": (lambda: GOOD[:-60] + b"\xff" * 30 + GOOD[-30:], "parquet.broken"),
    "a damaged page": (lambda: GOOD[:4] + b"\xff" * 300 + GOOD[304:], "parquet.broken"),
    "text": (text, "parquet.broken"),
    "a workbook": (workbook, "parquet.broken"),
    "nothing": (lambda: b"", "parquet.broken"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused(case: str) -> None:
    data, expected = BROKEN[case]
    assert rule(data()) == expected


def test_two_columns_of_one_name_refuse_the_file() -> None:
    table = pq.read_table(io.BytesIO(GOOD))
    assert rule(written(table.append_column(HEADER[3], table.column(3)))) == "parquet.size"


def test_the_limits_hold_where_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value, expected in (
        ("PARQUET_BYTES", len(GOOD) - 1, "document.size"), ("COLUMNS", len(HEADER) - 1, "parquet.size"),
        ("FOOTER_BYTES", 100, "parquet.size"), ("GROUP_BYTES", 100, "parquet.size"),
    ):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(parquetfile, name, value)
            assert rule(GOOD) == expected
    assert rule(GOOD) == ""
