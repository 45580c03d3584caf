"""DPC 様式3 (``FF3``): what a hospital says about itself (beds, basic fees); facility level, no patients (grade B).

The layout was not seen (grade D): only the facility code in the first column is relied upon. Of all other cells whole
numbers of at most five digits are kept with their row and column; everything else (names, telephone numbers, dates) is
dropped and counted (``dpc.form3_dropped``). A file whose rows look like one of the survey's patient files is refused
(``dpc.patients``), so that a wrong format in a source cannot bring patients in as cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Column, Dataset, Parcel, Report
from provision.formats.columns import typed
from provision.formats.delimited import Coded
from provision.formats.dpc_k import is_k_file
from provision.formats.dpcfile import FACILITY, DpcFile, Layout, Rows
from provision.formats.dpcrecognise import rows
from provision.formats.dpcstays import Stays, heads
from provision.formats.options import no_options
from provision.formats.tables import FieldTable

_NOBODY = pl.DataFrame(schema={name: pl.Int64 if name == "claim_no" else pl.String for name in PEOPLE_COLUMNS})
_DAY = r"^(?:(?:19|20)[0-9]{6}|0{8})$"
#: Columns that are days in the files of patients: EF, E, F, D and 様式4; 様式1 with its code; H.
_PATIENT_DAYS = (("c2", "c3"), ("c3", "c4"))
_FORM1_CODE = r"^[A-Z][0-9A-Za-z]{2}[0-9]{4}$"
_MOST_ROWS = 99_999
_HASH = r"^[0-9A-Za-z+/=_-]{32,}$"


@dataclass(frozen=True)
class Form3:
    """The reader. Takes no options."""

    of_lines = True
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

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The only layout known."""
        return (self.layout.table,)

    def recognise(self, head: bytes) -> str:
        """Why these bytes begin such a file; "" where they do not."""
        found = rows(head)
        patients = any(map(_looks_like_patients, found)) or is_k_file(head.decode("cp932", "replace"))
        fits = bool(found) and len({len(row) for row in found}) == 1 and len(found[0]) >= self.layout.least
        return "" if patients or not fits else "rows of tab-separated cells of a facility, without stays of patients"

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels; nobody is in them. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
        report.edition = self.dataset.edition
        stays = Stays()
        for frame, records in DpcFile(self.layout, report).frames(stream):
            _refuse_patients(frame, records)
            dated = Coded(frame.codes.with_columns(row_no=pl.Series(records)), frame.words)
            numbered, begins = stays.number(dated, ["c0"])
            begun = heads(numbered, begins)
            reports = begun.codes.select("claim_no").with_columns(begun.strings("c0").alias("facility"))
            yield Parcel(
                {
                    "facility_report": typed(
                        reports, "facility_report", self.dataset.table("facility_report").columns, report
                    ),
                    "facility_number": _numbers(self.dataset.table("facility_number").columns, numbered, report),
                },
                _NOBODY,
                frame.height,
            )
        report.totals["facilities"] = stays.count


def _numbers(columns: Sequence[Column], rows: Coded, report: Report) -> pl.DataFrame:
    """Cells that are whole numbers of at most five digits, with their place; the others are counted."""
    places = [name for name in rows.words if name != "c0"]
    filled = sum(_filled(rows, place) for place in places)
    values = np.stack([_whole_numbers(rows, place) for place in places], axis=1)
    row, column = np.nonzero(values >= 0)
    report.warn("dpc.form3_dropped", filled - len(row))
    row_no = rows.codes["row_no"].to_numpy()[row]
    report.warn("domain:facility_number.row_no", int((row_no > _MOST_ROWS).sum()))
    made = pl.DataFrame(
        {"claim_no": rows.codes["claim_no"].to_numpy()[row], "row_no": row_no, "number": values[row, column]}
    ).with_columns(
        pl.when(pl.col("row_no") <= _MOST_ROWS).then(pl.col("row_no")),
        column_no=pl.Series([int(place.removeprefix("c")) + 1 for place in places]).gather(column),
    )
    types = {c.name: tables.polars_type(c) for c in columns if c.name in made.columns}
    return made.select("claim_no", *[pl.col(name).cast(wanted) for name, wanted in types.items()])


def _filled(rows: Coded, place: str) -> int:
    """How many cells of a column are not blank; few columns have blank words, and then only the blanks are sought."""
    blank = rows.words[place].str.strip_chars() == ""
    return rows.height - (int(blank.gather(rows.codes[place]).sum()) if blank.any() else 0)


def _whole_numbers(rows: Coded, place: str) -> npt.NDArray[np.int32]:
    """The cells of a column as numbers, -1 where they are none."""
    word = pl.col("word").str.strip_chars()
    number = pl.when(word.str.contains(r"^[0-9]{1,5}$")).then(word).cast(pl.Int32, strict=False).fill_null(-1)
    read = rows.words[place].alias("word").to_frame().select(number).to_series()
    return read.gather(rows.codes[place]).to_numpy()


def _looks_like_patients(row: list[str]) -> bool:
    """What `_refuse_patients` refuses, of one row."""

    def is_day(place: str) -> bool:
        at = int(place.removeprefix("c"))
        return at < len(row) and re.match(_DAY, row[at]) is not None

    coded = len(row) > 5 and is_day("c2") and re.match(_FORM1_CODE, row[5]) is not None
    hashed = any(re.match(_HASH, cell) for cell in row[1:])
    return coded or hashed or any(is_day(a) and is_day(b) for a, b in _PATIENT_DAYS)


def _refuse_patients(frame: Coded, records: Rows) -> None:
    def is_day(place: str) -> pl.Series:
        return frame.where(place, lambda word: word.str.strip_chars().str.contains(_DAY))

    alike = [is_day(a) & is_day(b) for a, b in _PATIENT_DAYS if b in frame.words]
    if "c5" in frame.words:
        alike.append(is_day("c2") & frame.where("c5", lambda word: word.str.contains(_FORM1_CODE)))
    hashed = [name for name in frame.words if name != "c0" and frame.words[name].str.contains(_HASH).any()]
    alike += [frame.where(name, lambda word: word.str.contains(_HASH)) for name in hashed]
    if not alike:
        return
    found = pl.DataFrame({str(n): mask for n, mask in enumerate(alike)}).select(pl.any_horizontal(pl.all())).to_series()
    if found.any():
        raise BadFile(
            "dpc.patients", record=int(records[int(found.arg_max() or 0)]),
            remedy="the rows look like patients' stays, not like a facility's report; check the source's format",
        )  # fmt: skip


FORMAT = Form3()
