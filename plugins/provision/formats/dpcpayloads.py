"""What the payloads of DPC 様式1 are: one table per fiscal year, and the long, typed items made with it.

A code keeps its version (バージョン) over many years while payloads are added to it, moved or renamed, so the version
does not tell the edition. It is chosen per file, by the month most stays ended in; where no table covers that month,
the newest older one is used (else the oldest), which is counted. Codes and payloads a table does not know are dropped
and counted, and a value that has not the shape of its payload is emptied and counted: nothing is guessed.

A new edition is a new table ``fields/dpc_form1_payload_<fiscal year>.tsv``; its edition reads ``<from>..<to>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import polars as pl

from provision.formats import tables
from provision.formats.base import Column, ColumnClass, Report
from provision.formats.columns import typed
from provision.formats.tables import DROPPED, FieldTable

PREFIX = "dpc_form1_payload_"
PAYLOADS = range(1, 10)
#: Physical index of payload 1 is `BEFORE` + 1.
BEFORE = 7
NO_DAY = ["", "00000000", "99999999"]
_UNKNOWN_NUMBER = "a"  # 不明, where 9 is a number
_KEYS = ("record", "claim_no", "code", "version", "serial", "payload_no")
#: Classes of payloads that go to the head table or nowhere.
_ELSEWHERE = DROPPED | {ColumnClass.BIRTH, ColumnClass.ZIP}


@dataclass(frozen=True)
class Edition:
    """The payload table of one fiscal year, in force for stays that end from `first` to `last` (YYYYMMDD)."""

    year: str
    table: FieldTable

    @property
    def first(self) -> str:
        """First day in force."""
        return self.table.dataset.edition.split("..")[0]

    @property
    def last(self) -> str:
        """Last day in force."""
        return self.table.dataset.edition.split("..")[1]

    @cached_property
    def spec(self) -> pl.DataFrame:
        """One row per code and payload: ``dropped`` (not an item), dtype and domain."""
        rows = [
            (f.record, f.index, f.column.cls in _ELSEWHERE or f.column.role == "sex", f.column.cls is _RESERVED,
             f.column.dtype, f.column.domain)
            for f in self.table.fields
        ]  # fmt: skip
        names = {"code": pl.String, "payload_no": pl.Int16, "dropped": pl.Boolean, "reserved": pl.Boolean}
        return pl.DataFrame(rows, schema={**names, "dtype": pl.String, "domain": pl.String}, orient="row")


_RESERVED = ColumnClass.RESERVED


@cache
def editions() -> tuple[Edition, ...]:
    """Every edition, the oldest first."""
    found = (files(__package__) / "fields").iterdir()
    years = sorted(f.name.removeprefix(PREFIX).removesuffix(".tsv") for f in found if f.name.startswith(PREFIX))
    return tuple(Edition(year, tables.load(PREFIX + year)) for year in years)


def choose(rows: pl.DataFrame, report: Report) -> Edition:
    """The edition of a file, from its first rows (``code``, ``c2``, ``c8``, ``c9``, as the file has them)."""
    ended = rows.select(
        pl.when(pl.col("code") == "A000030").then(pl.col("c8")).when(pl.col("code") == "A000031").then(pl.col("c9"))
    ).to_series()
    months = _months(ended)
    month = str((months if len(months) else _months(rows["c2"])).mode().max() or "")
    fitting = [e for e in editions() if e.first[:6] <= month]
    edition = fitting[-1] if fitting else editions()[0]
    report.warn("dpc.form1_edition", int(not edition.first[:6] <= month <= edition.last[:6]))
    return edition


def _months(days: pl.Series) -> pl.Series:
    days = days.drop_nulls().str.strip_chars(" ")
    return days.filter(days.str.contains(r"^[0-9]{8}$") & ~days.is_in(NO_DAY)).str.slice(0, 6)


def items(rows: pl.DataFrame, edition: Edition, columns: tuple[Column, ...], report: Report) -> pl.DataFrame:
    """The long table of `rows` (``claim_no``, code, version, serial, ``c8`` to ``c16``): one row per filled payload.

    A value stands in ``value``, ``value_number`` or ``value_date``, by the domain of its payload.
    """
    found = _long(rows).join(edition.spec, on=("code", "payload_no"), how="left", maintain_order="left")
    report.warn("dpc.unknown_payload", int(found["dropped"].is_null().sum()))
    report.warn("reserved_filled:form1_item", int(found["reserved"].fill_null(False).sum()))
    kept = found.filter(~pl.col("dropped").fill_null(True))
    parts = [_read(part, report) for part in kept.partition_by("dtype", "domain", maintain_order=True)]
    made = pl.concat((_nothing(columns), *parts), how="diagonal").sort("record", "payload_no")
    return made.select("claim_no", *[column.name for column in columns])


def _long(rows: pl.DataFrame) -> pl.DataFrame:
    fixed = [name for name in _KEYS if name != "payload_no"]
    parts = [
        rows.select(
            *fixed,
            pl.lit(number, pl.Int16).alias("payload_no"),
            raw=pl.col(f"c{BEFORE + number}").str.strip_chars(" \u3000"),
        ).filter(pl.col("raw") != "")
        for number in PAYLOADS
    ]
    return pl.concat(parts)


def value_column(dtype: str, domain: str) -> str:
    """Column of the long table that holds the values of a payload."""
    return "value_date" if domain == "date" else "value" if dtype == "string" else "value_number"


def _read(part: pl.DataFrame, report: Report) -> pl.DataFrame:
    """The rows of one domain, read; those without a value (a special code for "unknown") are left out."""
    dtype, domain = part["dtype"][0], part["domain"][0]
    name = value_column(dtype, domain)
    if name == "value_number":
        part = part.filter(pl.col("raw") != _UNKNOWN_NUMBER)
    column = Column(name, name, name, ColumnClass.QUASI, dtype, domain)
    read = typed(part.select(*_KEYS, pl.col("raw").alias(name)), "form1_item", [column], report)
    if name == "value_number":
        read = read.with_columns(pl.col(name).cast(pl.Decimal(18, 1)))
    return read.filter(pl.col(name).is_not_null())


def _nothing(columns: tuple[Column, ...]) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {"record": pl.Int64(), "claim_no": pl.Int64()}
    return pl.DataFrame(schema=schema | {column.name: tables.polars_type(column) for column in columns})
