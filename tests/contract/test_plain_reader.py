"""The rival of the benchmark reads the same records and the same values as we do: else its speed would say nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from benchmarks import plain_reader
from provision.formats import coverage, formats
from provision.formats.base import ColumnClass, Report
from provision.formats.ukekind import DERIVED
from provision.sampledata import format_stream
from provision.sampledata.sheets import SENDERS

#: The rival of messages makes no records of them (`hl7v2`); documents, and files of checkups whose results are no
#: columns, are nothing for a reader of rows.
OTHERS = ("dpc-k", "hl7v2", "checkup-", "guidance-")
FORMATS = sorted(name for name in set(SENDERS) & set(formats()) if not name.startswith(OTHERS))
#: Days that the survey writes where there is none.
NO_DAY = {"0000-00-00"}


def numbers_and_days(name: str) -> set[str]:
    """Columns of a file whose values are more than text, of the newest edition."""
    tables = coverage.editions(formats()[name])
    own = {table.name for table in formats()[name].dataset.tables}
    fields = [f for f in [t for t in tables if t.fields[0].table in own][-1].fields if f.index < DERIVED]
    days = {"date", "month"}
    return {
        f.column.name
        for f in fields
        if coverage.is_stored(f.column)
        and f.column.cls is not ColumnClass.BIRTH
        and (f.column.dtype != "string" or f.column.domain in days)
    }


@pytest.fixture(scope="module", params=FORMATS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    path = tmp_path_factory.mktemp("rival") / "file"
    with path.open("wb") as file:
        file.writelines(format_stream(request.param, 1, 60_000))
    return request.param, path


def ours(name: str, path: Path) -> dict[str, pl.DataFrame]:
    found: dict[str, list[pl.DataFrame]] = {}
    with path.open("rb") as stream:
        for parcel in formats()[name].read(stream, Report(), {}):
            for table, frame in parcel.tables.items():
                found.setdefault(table, []).append(frame)
    return {table: pl.concat(frames) for table, frames in found.items()}


def plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value.normalize())
    return value.isoformat() if isinstance(value, date) else str(value)


def test_lean_or_not_it_reads_every_record(written: tuple[str, Path]) -> None:
    name, path = written
    rows = list(plain_reader.read(name, path))
    lean = list(plain_reader.read(name, path, lean=True))
    assert len(rows) == len(lean) > 50
    kept = [{key: value for key, value in row.items() if value is not None} for row in rows]
    assert [{key: value for key, value in row.items() if value != ""} for row in lean] == kept


def test_its_values_are_ours(written: tuple[str, Path]) -> None:
    name, path = written
    rows, tables, compared = list(plain_reader.read(name, path)), ours(name, path), 0
    for column in numbers_and_days(name):
        found = {plain(v) for frame in tables.values() if column in frame.columns for v in frame[column].drop_nulls()}
        read = {plain(row[column]) for row in rows if row.get(column) is not None} - NO_DAY
        assert found == read, column
        compared += len(found)
    assert compared > 3 or name in {"dpc-form1", "dpc-form3"}  # whose values lie in rows of their own
