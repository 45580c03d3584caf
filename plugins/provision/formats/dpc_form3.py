"""DPC 様式3: what a hospital says about itself (beds, basic fees); facility level, no patients (grade B).

The layout was not seen (grade D): only the facility code in the first column is relied upon. Of all other cells whole
numbers of at most five digits are kept with their row and column; everything else (names, telephone numbers, dates) is
dropped and counted (``dpc.form3_dropped``). A file whose rows look like one of the survey's patient files is refused
(``dpc.patients``), so that a wrong format in a source cannot bring patients in as cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import polars as pl

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.columns import typed
from provision.formats.dpcfile import FACILITY, DpcFile, Layout, Rows, no_options
from provision.formats.dpcstays import Stays, heads

_NOBODY = pl.DataFrame(schema={name: pl.Int64 if name == "claim_no" else pl.String for name in PEOPLE_COLUMNS})
_DAY = r"^(?:(?:19|20)[0-9]{6}|0{8})$"
#: Columns that are days in the files of patients: EF, E, F, D and 様式4; 様式1 with its code; H.
_PATIENT_DAYS = (("c2", "c3"), ("c3", "c4"))
_FORM1_CODE = r"^[A-Z][0-9A-Za-z]{2}[0-9]{4}$"
_HASH = r"^[0-9A-Za-z+/=_-]{32,}$"


@dataclass(frozen=True)
class Form3:
    """The reader. Takes no options."""

    id: str = "dpc-form3"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "DPC 様式3", "en": "DPC Form 3 (facility)"}

    @cached_property
    def layout(self) -> Layout:
        """Columns and forms of the file."""
        return Layout(tables.load("dpc_form3"), 2, 999, {0: FACILITY}, every=True)

    @property
    def dataset(self) -> Dataset:
        """The facilities and the numbers of their reports."""
        return self.layout.table.dataset

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels; nobody is in them. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
        stays = Stays()
        for frame, records in DpcFile(self.layout, report).frames(stream):
            _refuse_patients(frame, records)
            rows, first = stays.number(frame.with_columns(row_no=pl.Series(records)), ["c0"])
            yield Parcel(
                {
                    "facility_report": self._typed(heads(rows, first).select("claim_no", facility="c0"), report),
                    "facility_number": self._typed(_numbers(rows, report), report),
                },
                _NOBODY,
                frame.height,
            )
        report.totals["facilities"] = stays.count

    def _typed(self, raw: pl.DataFrame, report: Report) -> pl.DataFrame:
        table = next(t for t in self.dataset.tables if set(raw.columns) - {"claim_no"} <= {c.name for c in t.columns})
        columns = [column for column in table.columns if column.name in raw.columns]
        return typed(raw, table.name, columns, report)


def _numbers(rows: pl.DataFrame, report: Report) -> pl.DataFrame:
    places = [name for name in rows.columns if name.startswith("c") and name[1:].isdigit() and name != "c0"]
    long = pl.concat(
        rows.select("claim_no", "row_no", column_no=pl.lit(int(name[1:]) + 1), number=pl.col(name).str.strip_chars())
        for name in places
    )
    filled = long.filter(pl.col("number") != "")
    kept = filled.filter(pl.col("number").str.contains(r"^[0-9]{1,5}$")).sort("row_no", "column_no")
    report.warn("dpc.form3_dropped", filled.height - kept.height)
    return kept.with_columns(pl.col("row_no", "column_no").cast(pl.String))


def _refuse_patients(frame: pl.DataFrame, records: Rows) -> None:
    days = {name: pl.col(name).str.strip_chars().str.contains(_DAY) for name in frame.columns}
    alike = [days[a] & days[b] for a, b in _PATIENT_DAYS if b in days]
    if "c5" in days:
        alike.append(days["c2"] & pl.col("c5").str.contains(_FORM1_CODE))
    alike.append(pl.any_horizontal(pl.exclude("c0").str.contains(_HASH)))
    found = frame.select(pl.any_horizontal(alike)).to_series()
    if found.any():
        raise BadFile(
            "dpc.patients", record=int(records[int(found.arg_max() or 0)]),
            remedy="the rows look like patients' stays, not like a facility's report; check the source's format",
        )  # fmt: skip


FORMAT = Form3()
