"""Dates as Japanese health files write them, as Polars expressions: era or Gregorian, told apart by length only.

Forms: 5 digits GYYMM, 6 YYYYMM, 7 GYYMMDD, 8 YYYYMMDD, with G the era digit (1 明治, 2 大正, 3 昭和, 4 平成, 5 令和;
記録条件仕様 別表4 年号区分コード); ledgers also write an era letter or name, and separators (``S57.5.6``,
``昭和57年5月6日``). Eras are not range-checked: 平成 dates after 2019-04-30 occur. Dates that do not exist become null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from provision.formats import plaindates
from provision.formats.distinct import in_words

#: Era digit -> the year before its first year: 昭和 1 is 1926.
ERA_BASES = {"1": 1867, "2": 1911, "3": 1925, "4": 1988, "5": 2018}

_ERA_WORDS = {
    "明治": "M", "大正": "T", "昭和": "S", "平成": "H", "令和": "R", "元": "1",
}  # fmt: skip
_ERA_LETTERS = {"M": "1", "T": "2", "S": "3", "H": "4", "R": "5"}
_SEPARATED = r"^([MTSHR]?)([0-9]{1,4})[年/.\-]([0-9]{1,2})(?:[月/.\-]([0-9]{1,2})日?|月?)$"

#: How days and months are written, of 8 digits or (months) 6.
_SHAPES: Mapping[plaindates.Form, Callable[[pl.Expr], pl.Expr]] = {
    "digits": lambda text: text.alias("read"),
    "day": lambda text: pl.when(text.str.len_bytes() == 8).then(text).alias("read"),
    "date": lambda text: pl.when(text.str.len_bytes() == 8).then(
        text.str.slice(0, 4) + "-" + text.str.slice(4, 2) + "-" + text.str.slice(6, 2)
    ).alias("read"),
    "month": lambda text: (text.str.slice(0, 4) + "-" + text.str.slice(4, 2)).alias("read"),
}  # fmt: skip


def to_gregorian(values: pl.Expr) -> pl.Expr:
    """Days as YYYYMMDD, months (5 or 6 digits) as YYYYMM; empty, malformed and impossible ones as null."""
    return _written(values, "digits")


def _written(values: pl.Expr, form: plaindates.Form) -> pl.Expr:
    def read(cells: pl.Series) -> pl.Series:
        made = plaindates.read(cells, form)
        return made if made is not None else in_words(cells, lambda words: _read(words, _SHAPES[form]))

    return values.map_batches(read, return_dtype=pl.String)


def _read(words: pl.Series, shape: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    raw = pl.col("raw")
    lengths = words.str.len_bytes()
    plain = _plain(_undivided(words, lengths))
    frame = pl.DataFrame([words.alias("raw"), plain.alias("plain")])
    read = frame.select(shape(pl.col("plain"))).to_series()
    if plain.null_count() == words.null_count():
        return read
    slow = frame.select(pl.col("plain").is_null() & ~_open(raw)).to_series()
    if not slow.any():
        return read
    left = frame.filter(slow)["raw"].unique()  # an era, single digits, or no date at all
    known = _gregorian(left.to_frame("raw")).select(raw, shape(pl.col("whole")))
    late = raw.replace_strict(known["raw"], known["read"], default=None, return_dtype=pl.String)
    return frame.select(pl.when(slow).then(late).otherwise(read).alias("read")).to_series()


def _undivided(words: pl.Series, lengths: pl.Series) -> pl.Series:
    """``1957/05/06``, the way spreadsheets write days, as 8 digits; all others as they are."""
    if not (lengths == 10).any():
        return words
    raw = pl.col("raw")
    joined = pl.concat_str(raw.str.slice(0, 4), raw.str.slice(5, 2), raw.str.slice(8, 2))
    divided = raw.str.contains(r"^[0-9]{4}[/.\-][0-9]{2}[/.\-][0-9]{2}$")
    return words.alias("raw").to_frame().select(pl.when(divided).then(joined).otherwise(raw)).to_series()


def _plain(values: pl.Series) -> pl.Series:
    """The common case without regular expressions: 6 or 8 ASCII digits that are a month or a day; else null."""
    length = values.str.len_bytes().fill_null(0).to_numpy()
    number = values.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    day = np.where(length == 8, number, np.where(length == 6, number * 100 + 1, 0))
    exists = plaindates.exists(day // 10_000, day // 100 % 100, day % 100)
    return values.set(pl.Series(~exists), None)


def _gregorian(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` of ``raw`` with ``whole``. Step by step: as one expression every part would be computed many times."""
    frame = frame.with_columns(plain=_plainly_written(pl.col("raw")))
    frame = frame.with_columns(parts=pl.col("plain").str.extract_groups(_SEPARATED))
    frame = frame.with_columns(digits=_digits(pl.col("plain"), pl.col("parts"))).with_columns(
        whole=_in_our_years(pl.col("digits"))
    )
    return frame.with_columns(whole=_existing(pl.col("whole")))


def _in_our_years(digits: pl.Expr) -> pl.Expr:
    era = digits.str.len_chars().is_in([5, 7])
    base = digits.str.slice(0, 1).replace_strict(ERA_BASES, default=None, return_dtype=pl.Int64)
    year = pl.when(era).then(base + digits.str.slice(1, 2).cast(pl.Int64, strict=False))
    return pl.when(era & (digits.str.slice(1, 2) != "00")).then(
        year.cast(pl.String) + digits.str.slice(3)
    ).when(~era).then(digits)  # fmt: skip


def _existing(whole: pl.Expr) -> pl.Expr:
    is_month = whole.str.len_chars() == 6
    day = pl.when(is_month).then(whole + "01").otherwise(whole).str.to_date("%Y%m%d", strict=False)
    return pl.when(day.dt.year().is_between(*plaindates.YEARS)).then(whole)


def as_day(values: pl.Expr) -> pl.Expr:
    """Days as YYYYMMDD; months, empty, malformed and impossible ones as null."""
    return _written(values, "day")


def as_date(values: pl.Expr) -> pl.Expr:
    """Days as YYYY-MM-DD; months, empty, malformed and impossible ones as null."""
    return _written(values, "date")


def as_month(values: pl.Expr) -> pl.Expr:
    """Months, and the months of days, as YYYY-MM; empty, malformed and impossible ones as null."""
    return _written(values, "month")


def _open(raw: pl.Expr) -> pl.Expr:
    """True where nothing is said: null, blank, all zeros or all nines."""
    return (raw.str.strip_chars("0 ").eq("") | raw.str.strip_chars("9 ").eq("")).fill_null(True)


def failing(raw: pl.Expr, read: pl.Expr) -> pl.Expr:
    """True where the `raw` date is filled (not all zeros or all nines, which mean "open") but came out as null."""
    return ~_open(raw) & read.is_null()


def _plainly_written(values: pl.Expr) -> pl.Expr:
    plain = values.str.normalize("NFKC").str.replace_all(r"\s", "").str.to_uppercase()
    return plain.str.replace_many(_ERA_WORDS)


def _digits(plain: pl.Expr, parts: pl.Expr) -> pl.Expr:
    """5 to 8 ASCII digits in one of the four forms, or null."""
    year, month, day = parts.struct.field("2"), parts.struct.field("3"), parts.struct.field("4")
    joined = month.str.zfill(2) + day.fill_null("").str.replace(r"^([0-9])$", "0${1}")
    letter = parts.struct.field("1")
    separated = pl.when(letter != "").then(
        pl.when(year.str.len_chars() <= 2).then(letter.replace(_ERA_LETTERS) + year.str.zfill(2) + joined)
    ).when(year.str.len_chars() == 4).then(year + joined)  # fmt: skip
    compact = plain.str.replace("^M", "1").str.replace("^T", "2").str.replace("^S", "3")
    compact = compact.str.replace("^H", "4").str.replace("^R", "5").str.extract(r"^([0-9]{5,8})$")
    return pl.when(year.is_not_null()).then(separated).otherwise(compact)
