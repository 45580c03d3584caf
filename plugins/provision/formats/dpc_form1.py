"""DPC 様式1: the discharge summary as the survey collects it, one row per code with up to nine payloads; grade B.

17 columns: facility, data identification number, admission, two sequence numbers, code, version, serial number, nine
payloads. The head table ``stay`` has one row per (facility, data identification number, admission, 回数管理番号,
統括診療情報番号) with birth, sex and postal code of its A000010 and the discharge of its A000030; ``form1_item`` one
row per filled payload, read by the fiscal year's table (`dpcpayloads`). Free text, and names of diagnoses and
operations, are dropped by class. The option ``edition`` (a fiscal year such as "2025") overrides the choice by dates.

The rows of a stay stand together in real files. A stay at the end of a chunk is held back until the next one, so that
it is delivered whole. Rows that stand apart still join their stay by its key; only where the patient's own row
(A000010) comes after the stay was delivered is the file refused (``dpc.form1_order``), as the head row would lack it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import polars as pl

from provision.errors import FixConfiguration
from provision.formats import dpcpayloads, tables
from provision.formats.base import BadFile, Column, ColumnClass, Dataset, Parcel, Report
from provision.formats.columns import typed
from provision.formats.dpcfile import DATA_ID, DAY, FACILITY, DpcFile, Layout
from provision.formats.dpcstays import Stays, heads, people

#: Rows of one stay at most: a hundred codes with their serial numbers are a few hundred.
STAY_ROWS = 20_000

_KEYS = ["c0", "c1", "c2", "c3", "c4"]
_FORMS = {
    0: FACILITY, 1: DATA_ID, 2: DAY, 3: r"[0-9]{1,2}", 4: r"[0-9A-Z]{1,2}", 5: r"[A-Z][0-9A-Za-z]{2}[0-9]{4}",
    6: r"[0-9]{8}", 7: r"[0-9]{1,3}",
}  # fmt: skip
#: Column of the head table -> code and payload it comes from.
OF_THE_STAY = {
    "birth_month": ("A000010", 1),
    "sex": ("A000010", 2),
    "zip3": ("A000010", 3),
    "discharged": ("A000030", 1),
}
_NO_ZIP = ["0000000", "9999999"]  # unknown, living abroad
_AGAIN = "ask the sender for the file sorted by stay"


@dataclass(frozen=True)
class Form1:
    """The reader. Option ``edition``: the fiscal year whose payload table is used."""

    id: str = "dpc-form1"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "DPC 様式1", "en": "DPC Form 1 (discharge summary)"}

    @cached_property
    def layout(self) -> Layout:
        """Columns and forms of the file."""
        return Layout(tables.load("dpc_form1"), 17, 24, _FORMS)

    @property
    def dataset(self) -> Dataset:
        """The stays and their items."""
        return self.layout.table.dataset

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of whole stays. Raises `BadFile`; `FixConfiguration` for an unknown option or edition."""
        reading = _Reading(self.dataset, report, _edition(options))
        for frame, records in DpcFile(self.layout, report).frames(stream):
            whole = reading.whole(frame.with_columns(record=pl.Series(records)))
            if whole.height:
                yield reading.parcel(whole)
        yield reading.parcel(reading.held)
        report.totals["stays"] = reading.stays.count


def _edition(options: Mapping[str, object]) -> dpcpayloads.Edition | None:
    known = {edition.year: edition for edition in dpcpayloads.editions()}
    wanted = str(options.get("edition", ""))
    if set(options) - {"edition"} or (wanted and wanted not in known):
        raise FixConfiguration(
            "the format dpc-form1 has the option edition only, a fiscal year there is a table for",
            rule="format.options", remedy=f"editions: {', '.join(known)}",
        )  # fmt: skip
    return known.get(wanted)


class _Reading:
    """What is known while one file is read: stays, the edition, and the stay that may go on in the next chunk."""

    def __init__(self, dataset: Dataset, report: Report, edition: dpcpayloads.Edition | None) -> None:
        self.dataset, self.report, self.edition, self.stays = dataset, report, edition, Stays()
        self.held = pl.DataFrame()

    def whole(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows up to the last stay of `frame`, after those held back before; the last stay is held back."""
        rows = self.held.vstack(frame) if self.held.width else frame
        other = rows.select((pl.struct(_KEYS) != pl.struct(_KEYS).last()).arg_true().max()).item()
        cut = 0 if other is None else int(other) + 1
        self.held = rows[cut:]
        if self.held.height > STAY_ROWS:
            record = int(self.held["record"][0])
            raise BadFile("dpc.stay_length", record=record, remedy="no stay has so many rows; ask the sender")
        return rows[:cut]

    def parcel(self, rows: pl.DataFrame) -> Parcel:
        """These rows as a parcel."""
        self.edition = self.edition or dpcpayloads.choose(rows.with_columns(code=pl.col("c5")), self.report)
        numbered, first = self.stays.number(rows, _KEYS)
        numbered = numbered.with_columns(_plain("c5", "code"), _plain("c6", "version"), _plain("c7", "serial"))
        late = numbered.filter((pl.col("claim_no") < first) & (pl.col("code") == "A000010"))
        if late.height:
            raise BadFile("dpc.form1_order", record=int(late["record"][0]), field="code", remedy=_AGAIN)
        stays = self._stays(numbered, first)
        columns = tuple(c for c in self.dataset.table("form1_item").columns if c.cls is not ColumnClass.DIRECT)
        item = dpcpayloads.items(numbered, self.edition, columns, self.report)
        who = people(stays, {"birth": "birth_month", "sex": "sex"})
        self.report.people += who.height
        return Parcel({"stay": stays, "form1_item": item}, who, rows.height)

    def _stays(self, rows: pl.DataFrame, first: int) -> pl.DataFrame:
        """Head rows of the stays that begin here, with what their own codes say about patient and discharge."""
        fixed = {"facility": "c0", "data_id": "c1", "admitted": "c2", "count_no": "c3", "summary_no": "c4"}
        begun = heads(rows, first).select("claim_no", **{name: pl.col(column) for name, column in fixed.items()})
        for name, (code, number) in OF_THE_STAY.items():
            value = _plain(f"c{dpcpayloads.BEFORE + number}", "value")
            said = rows.filter(pl.col("code") == code).select("claim_no", value).filter(pl.col("value") != "")
            one = said.group_by("claim_no").agg(pl.col("value").first().alias(name), n=pl.col("value").n_unique())
            self.report.warn("dpc.conflict:" + name, int((one["n"] > 1).sum()))
            one = one.filter(pl.col("n") == 1).drop("n")
            begun = begun.join(one, on="claim_no", how="left", maintain_order="left")
        begun = begun.with_columns(zip3=pl.when(~pl.col("zip3").is_in(_NO_ZIP)).then(pl.col("zip3")))
        self.report.warn("dpc.no_patient", int((begun["birth_month"].is_null() & begun["sex"].is_null()).sum()))
        columns: tuple[Column, ...] = self.dataset.table("stay").columns
        raw = begun.select("claim_no", *[column.name for column in columns])
        return typed(raw, "stay", columns, self.report)


def _plain(column: str, name: str) -> pl.Expr:
    return pl.col(column).str.strip_chars(" ").alias(name)


FORMAT = Form1()
