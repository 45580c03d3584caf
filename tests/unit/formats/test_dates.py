"""Dates by length, era and separator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.dates import ERA_BASES, as_date, as_day, as_month, failing, to_gregorian


def one(function: Callable[[pl.Expr], pl.Expr], value: str | None) -> str | None:
    frame = pl.DataFrame({"v": pl.Series([value], dtype=pl.String)})
    result = frame.select(function(pl.col("v"))).item()
    assert result is None or isinstance(result, str)
    return result


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("14501", "191201"),
        ("1450730", "19120730"),
        ("2150101", "19260101"),
        ("3640107", "19890107"),
        ("4310430", "20190430"),
        ("4310501", "20190501"),
        ("5010501", "20190501"),
        ("202402", "202402"),
        ("20240229", "20240229"),
        ("S57.5.6", "19820506"),
        ("s57/05/06", "19820506"),
        ("Ｓ５７－５－６", "19820506"),
        ("S570506", "19820506"),
        ("昭和57年5月6日", "19820506"),
        ("令和元年5月1日", "20190501"),
        ("明治 45 年 1 月 2 日", "19120102"),
        ("2024/2/29", "20240229"),
        ("2024年3月", "202403"),
    ],
)
def test_forms(value: str, read: str) -> None:
    assert one(to_gregorian, value) == read


@pytest.mark.parametrize(
    "value", [None, "", " ", "19230229", "20240230", "20241301", "1000101", "6010101", "0", "00000000", "99999999",
              "123456789", "S57", "S1957.1.1", "57.1.1", "日付", "4-1-1"],
)  # fmt: skip
def test_what_is_no_date_becomes_null(value: str | None) -> None:
    assert one(to_gregorian, value) is None


def test_iso_forms() -> None:
    assert one(as_date, "3640107") == "1989-01-07"
    assert one(as_date, "198901") is None
    assert one(as_month, "198901") == one(as_month, "3640107") == "1989-01"


def test_failing_counts_filled_but_unreadable_dates_and_not_open_ends() -> None:
    raw = pl.Series("v", ["", None, "00000000", "99999999", "20240230", "x", "20240101"])
    frame = raw.to_frame().with_columns(r=to_gregorian(pl.col("v")))
    assert frame.select(failing(pl.col("v"), pl.col("r")).sum()).item() == 2


@settings(deadline=None)
@given(st.dates(date(1912, 1, 1), date(2099, 12, 31)), st.sampled_from(sorted(ERA_BASES)))
def test_era_and_gregorian_agree(day: date, era: str) -> None:
    plain = f"{day:%Y%m%d}"
    assert one(to_gregorian, plain) == plain
    year = day.year - ERA_BASES[era]
    if 1 <= year <= 99:
        assert one(to_gregorian, f"{era}{year:02}{day:%m%d}") == plain
        letter = " MTSHR"[int(era)]
        assert one(to_gregorian, f"{letter}{year}.{day.month}.{day.day}") == plain


@settings(deadline=None)
@given(st.lists(st.text(max_size=9) | st.none(), max_size=20))
def test_any_text_reads_as_a_date_or_null(values: list[str | None]) -> None:
    read = pl.DataFrame({"v": pl.Series(values, dtype=pl.String)}).select(to_gregorian(pl.col("v"))).to_series()
    assert read.len() == len(values)
    assert read.drop_nulls().str.contains(r"^[0-9]{6}([0-9]{2})?$").all()


@given(st.integers(1860, 2205), st.integers(0, 13), st.integers(0, 32), st.sampled_from("/-."))
def test_a_written_day_is_read_where_the_calendar_has_it(year: int, month: int, day: int, mark: str) -> None:
    try:
        known = date(year, month, day) if 1868 <= year <= 2199 else None
    except ValueError:
        known = None
    compact = known and f"{known:%Y%m%d}"
    assert one(as_day, f"{year}{month:02}{day:02}") == compact
    assert one(as_day, f"{year}{mark}{month:02}{mark}{day:02}") == compact
    assert one(as_date, f"{year}{mark}{month:02}{mark}{day:02}") == (known and known.isoformat())


def test_long_columns_are_read_as_short_ones() -> None:
    days = [f"{1900 + n // 300}/{n % 12 + 1:02}/{n % 28 + 1:02}" for n in range(1_500)] + ["S57.5.6", "x", "20230229"]
    read = pl.DataFrame({"v": days}).select(as_date(pl.col("v"))).to_series().to_list()
    assert read == [one(as_date, day) for day in days]
    assert read[-3:] == ["1982-05-06", None, None]


def test_months_are_no_days() -> None:
    assert one(as_day, "202402") is None
