"""DPC 様式1 (``FF1``): discharge summaries as the survey collects them, a row per code with nine payloads; grade B.

17 columns: facility, data identification number, admission, two sequence numbers, code, version, serial number, nine
payloads. The head table ``stay`` has one row per (facility, data identification number, admission, 回数管理番号,
統括診療情報番号) with birth, sex and postal code of its A000010 and the discharge of its A000030; ``form1_item`` one
row per filled payload, read by the fiscal year's table (`dpcpayloads`). Free text, and names of diagnoses and
operations, are dropped by class. The option ``edition`` (a fiscal year such as "2025") overrides the choice by dates.

The rows of a stay stand together in real files. A stay at the end of a block is held back until the next one, so that
it is delivered whole; where one of its rows has undecodable bytes it is held whole, for quarantine. Rows that stand
apart still join their stay by its key; only where the patient's own row (A000010) comes after the stay was delivered is
the file refused (``dpc.form1_order``), as the head row would lack it.
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
from provision.formats.delimited import Coded
from provision.formats.dpcfile import DATA_ID, DAY, FACILITY, DpcFile, Layout, Rows
from provision.formats.dpcrecognise import recognised
from provision.formats.dpcstays import Stays, dated, heads, people
from provision.formats.tables import FieldTable

_KEYS = ["c0", "c1", "c2", "c3", "c4"]
_FIXED = {"facility": "c0", "data_id": "c1", "admitted": "c2", "count_no": "c3", "summary_no": "c4"}
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

    of_lines = True
    id: str = "dpc-form1"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "DPC 様式1", "en": "DPC Form 1 (discharge summary)"}

    @cached_property
    def layout(self) -> Layout:
        """Columns and forms of the file."""
        return Layout(tables.load("dpc_form1"), 17, 24, _FORMS, group=len(_KEYS))

    @property
    def dataset(self) -> Dataset:
        """The stays and their items."""
        return self.layout.table.dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The layout of the rows. Editions of what is in them are those of `dpcpayloads.editions`."""
        return (self.layout.table,)

    def recognise(self, head: bytes) -> str:
        """Why these bytes begin such a file; "" where they do not."""
        return recognised(self.layout, head, self.title["en"])

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of whole stays. Raises `BadFile`; `FixConfiguration` for an unknown option or edition."""
        reading = _Reading(self.dataset, report, _edition(options))
        file = DpcFile(self.layout, report)
        for frame, records in file.frames(stream):
            reading.refuse_delivered(file)
            yield reading.parcel(frame, records)
        reading.refuse_delivered(file)
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
    """What is known while one file is read: the stays so far, and the edition."""

    def __init__(self, dataset: Dataset, report: Report, edition: dpcpayloads.Edition | None) -> None:
        self.dataset, self.report, self.edition, self.stays = dataset, report, edition, Stays()

    def refuse_delivered(self, file: DpcFile) -> None:
        """Raise `BadFile` where a stay that must be held was delivered before: its rows stood apart."""
        for key in tuple(file.held_stays):  # the file is read ahead
            if self.stays.knows(key.decode("cp932", "replace").split("\t")):
                raise BadFile("text.encoding", remedy=f"a stay with undecodable rows stands in two places; {_AGAIN}")

    def parcel(self, frame: Coded, records: Rows) -> Parcel:
        """These rows as a parcel."""
        dated = Coded(frame.codes.with_columns(record=pl.Series(records)), frame.words)
        numbered, begins = self.stays.number(dated, _KEYS)
        rows = _named(numbered)
        self.edition = self.edition or dpcpayloads.choose(rows, self.report)
        self.report.edition = self.edition.year
        late = rows.only(rows.where("code", lambda word: word == "A000010") & (rows.codes["claim_no"] < begins))
        if late.height:
            raise BadFile("dpc.form1_order", record=int(late.codes["record"][0]), field="code", remedy=_AGAIN)
        stays = self._stays(rows, begins)
        columns = tuple(c for c in self.dataset.table("form1_item").columns if c.cls is not ColumnClass.DIRECT)
        item = dpcpayloads.items(rows, self.edition, columns, self.report)
        who = people(stays, {"birth": "birth_month", "sex": "sex"})
        self.report.people += who.height
        return Parcel({"stay": stays, "form1_item": item}, who, frame.height)

    def _stays(self, rows: Coded, begins: int) -> pl.DataFrame:
        """Head rows of the stays that begin here, with what their own codes say about patient and discharge."""
        fixed = rows.codes.select("claim_no", **{name: pl.col(place) for name, place in _FIXED.items()})
        codes = heads(Coded(fixed, rows.words), begins).codes
        words = {name: rows.words[place] for name, place in _FIXED.items()}
        for name, (code, number) in OF_THE_STAY.items():
            place = f"c{dpcpayloads.BEFORE + number}"
            codes = codes.join(self._said(rows, code, place, name), on="claim_no", how="left", maintain_order="left")
            words[name] = rows.words[place].str.strip_chars(" ")
        words["zip3"] = words["zip3"].replace(_NO_ZIP, [""] * len(_NO_ZIP))
        self.report.warn(
            "dpc.no_patient", codes.filter(pl.col("birth_month").is_null() & pl.col("sex").is_null()).height
        )
        columns: tuple[Column, ...] = self.dataset.table("stay").columns
        codes = codes.with_columns(service_month=pl.lit(None, pl.String))
        return dated(typed(codes, "stay", columns, self.report, words=words))

    def _said(self, rows: Coded, code: str, place: str, name: str) -> pl.DataFrame:
        """``claim_no`` and the word that its rows of `code` have in `place`; claims with several are only counted."""
        filled = rows.where(place, lambda word: word.str.strip_chars(" ") != "")
        said = rows.only(rows.where("code", lambda word: word == code) & filled)
        told = said.codes.select("claim_no", pl.col(place).alias(name))
        if told["claim_no"].n_unique() == told.height:
            return told
        values = told.with_columns(value=said.strings(place).str.strip_chars(" "))
        one = values.group_by("claim_no").agg(pl.col(name).first(), n=pl.col("value").n_unique())
        self.report.warn("dpc.conflict:" + name, int((one["n"] > 1).sum()))
        return one.filter(pl.col("n") == 1).drop("n")


def _named(rows: Coded) -> Coded:
    """With ``code``, ``version`` and ``serial``, without spaces."""
    names = {"code": "c5", "version": "c6", "serial": "c7"}
    words = {name: rows.words[place].str.strip_chars(" ") for name, place in names.items()}
    return Coded(rows.codes.with_columns(**{n: pl.col(p) for n, p in names.items()}), {**rows.words, **words})


FORMAT = Form1()
