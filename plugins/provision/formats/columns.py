"""From raw strings to the typed columns of a parcel, by the words of the field table.

A string that does not have its column's form is emptied and counted (``domain:<table>.<column>``): a name written into
a code column must not get into the store because of the column's class. Codes are checked for shape only; whether a
code exists is the contract's business. Dropped classes stay as they came, they leave at the next step.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from provision.formats import dates, tables
from provision.formats.base import BadFile, Column, ColumnClass, Report
from provision.formats.numbers import canonical_insurer

_CODE = r"^[0-9A-Z]{1,10}$"
_INSURER = r"^(?:[0-9]{6}|[0-9]{8})$"
_ZIP = r"^[0-9]{7}$"
_RAW = "raw:"


def typed(
    raw: pl.DataFrame, table: str, columns: Sequence[Column], report: Report, records: Sequence[int] | None = None
) -> pl.DataFrame:
    """`raw` (strings, one column per `Column`) as typed columns; further columns of `raw` (claim_no) are kept first.

    With `records` (record number of each row) a malformed number is `BadFile` ``number``; without, it is emptied and
    counted. Dates become YYYY-MM-DD, months YYYY-MM; births stay YYYYMMDD and postal codes seven digits.
    """
    names = [column.name for column in columns]
    stripped = raw.with_columns(_stripped(name) for name in names)
    blank = {name for name in names if stripped[name].null_count() == raw.height}  # most columns are, in most files
    result = stripped.select(
        pl.exclude(names), *(_nothing(c) if c.name in blank else _read(c, records is None) for c in columns)
    )
    filled = [column for column in columns if column.name not in blank]
    before = stripped.select(pl.col(names).name.prefix(_RAW))
    _count(result.hstack(before), table, filled, report, records)
    return result


def _nothing(column: Column) -> pl.Expr:
    return pl.lit(None, tables.polars_type(column)).alias(column.name)


def _stripped(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars(" \u3000")
    return pl.when(text != "").then(text).alias(name)


def _count(
    both: pl.DataFrame, table: str, columns: Sequence[Column], report: Report, records: Sequence[int] | None
) -> None:
    """Count values that were lost in reading; where `records` is given, stop at the first lost number."""
    kept = [column for column in columns if column.cls not in tables.DROPPED]
    if not kept:
        return
    lost = both.select(_lost(column) for column in kept)
    counts = lost.select(pl.all().sum()).row(0, named=True)
    for column in kept:
        count = counts[column.name]
        if count and records is not None and column.dtype != "string":
            record = records[int(lost[column.name].arg_true()[0])]
            raise BadFile("number", record=record, field=column.name, remedy="a number of the column's digits expected")
        report.warn(f"domain:{table}.{column.name}", count)


def _lost(column: Column) -> pl.Expr:
    raw, read = pl.col(_RAW + column.name), pl.col(column.name)
    if column.domain in {"date", "month"}:
        return dates.failing(raw, read).fill_null(False).alias(column.name)
    return (raw.is_not_null() & read.is_null()).alias(column.name)


def _read(column: Column, lenient: bool) -> pl.Expr:
    value = pl.col(column.name)
    if column.dtype != "string":
        return _number(value.str.normalize("NFKC") if lenient else value, column).alias(column.name)
    return value if column.cls in tables.DROPPED else _string(value, column).alias(column.name)


def _string(value: pl.Expr, column: Column) -> pl.Expr:
    word, _, rest = column.domain.partition(":")
    if column.cls is ColumnClass.BIRTH:
        return dates.to_gregorian(value).str.extract(r"^([0-9]{8})$")
    if word == "date":
        return dates.as_date(value)
    if word == "month":
        return dates.as_month(value)
    if word == "insurer":
        return _matching(canonical_insurer(value), _INSURER)
    if word == "zip3":
        return _matching(value.str.normalize("NFKC").str.replace_all(r"[^0-9A-Za-z]", ""), _ZIP)
    return _matching(value, f"^(?:{rest})$" if word == "form" else _CODE)


def _matching(value: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(value.str.contains(pattern)).then(value)


def _number(value: pl.Expr, column: Column) -> pl.Expr:
    """A plainly written number within the column's range, rounded to its step; null for anything else."""
    low, high, _ = tables.bounds(column.domain)
    if column.dtype == "integer":
        number = _matching(value, r"^-?[0-9]{1,12}$").cast(pl.Int64, strict=False)
        return pl.when(number.is_between(int(low), int(high))).then(number)
    wanted = tables.polars_type(column)
    exact = _matching(value, r"^-?[0-9]{1,9}(?:\.[0-9]{1,6})?$").cast(pl.Decimal(18, 6), strict=False)
    rounded = exact.round(wanted.scale if isinstance(wanted, pl.Decimal) else 0)
    return pl.when(rounded.is_between(pl.lit(low), pl.lit(high))).then(rounded).cast(wanted)
