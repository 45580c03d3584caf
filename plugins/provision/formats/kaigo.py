"""介護給付費 (国保連 interface, data kind 711): nursing-care invoices and claims as care facilities send them.

Physical file, CP932, CR LF, items quoted or not: one control record ``1``, data records ``2``, one end record ``3``;
column 2 is a running number from 1. Control items: 4 data count, 5 data kind, 11 processing month. Order and digits of
the data records come from ``fields/kaigo_2015.tsv`` (grade C: a shipping billing program). Longer records are accepted
and the surplus dropped (later editions append items).

Checked before anything is accepted: running numbers without a gap, data count of the control record, the end record,
every record belonging to the claim opened by the record 01 before it (same form, month, provider, insurer and insured
number), and the totals (`kaigo_totals`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

import polars as pl

from provision.errors import FixConfiguration
from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.columns import typed
from provision.formats.kaigo_totals import Invoice, Totals
from provision.formats.numbers import canonical_care_number, failing_insurer_numbers
from provision.formats.textfile import blocks, decode

#: Records of one parcel, and of one claim at most: a claim is never split between parcels.
PARCEL_RECORDS = 50_000
CLAIM_RECORDS = 5_000

_CONTROL_ITEMS = 12
_SHORTER = {"03": 48}  # until 2012, without 所定疾患施設療養費
_KEYS = 8
_FORM = re.compile(r"71[3-9A][0-9]")
_KIND = re.compile(r"0[1-9]|1[0-7]")
_KEY_FORMS = (r"[0-9]{6}", r"[0-9A-Z]{10}", r"[0-9]{6}|[0-9]{8}", r"[0-9]{10}|H[0-9]{9}")
_WHOLE = re.compile(r"-?[0-9]{1,12}")
_AGAIN = "ask the sender for the file again"


@dataclass(frozen=True)
class Kaigo:
    """The reader of 711 files. Takes no options."""

    id: str = "kaigo-claims"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "介護給付費請求書・明細書（国保連）", "en": "Nursing-care claims (Kokuhoren)"}

    @cached_property
    def fields(self) -> tables.FieldTable:
        """The field table of the edition."""
        return tables.load("kaigo_2015")

    @property
    def dataset(self) -> Dataset:
        """Claims, their services and totals."""
        return self.fields.dataset

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of whole claims. Raises `BadFile`; `FixConfiguration` for any option."""
        if options:
            raise FixConfiguration(
                "the format kaigo-claims has no options", rule="format.options", remedy="remove format_options"
            )
        reading = _Reading(self.fields, report)
        for block in blocks(stream):
            for line in decode(block, "cp932", reading.records).split("\n"):
                if line.strip():
                    yield from reading.take(cells(line.removesuffix("\r"), reading.records + 1))
        reading.finish()
        yield reading.parcel()


def cells(line: str, record: int) -> list[str]:
    """Items of one record, quoted or not; `BadFile` ``kaigo.quotes`` where quotes do not pair up."""
    if '"' not in line:
        return line.split(",")
    row: list[str] = []
    if line.count('"') % 2 == 0:
        try:
            row = next(csv.reader([line], strict=True), [])
        except csv.Error:
            row = []
    if not row:
        raise BadFile("kaigo.quotes", record=record, remedy=f"quotation marks do not pair up; {_AGAIN}")
    return row


def _whole(row: Sequence[str], index: int, record: int, name: str) -> int:
    text = row[index].strip()
    if not text:
        return 0
    if not _WHOLE.fullmatch(text):
        raise BadFile("number", record=record, field=name, remedy=f"a whole number expected; {_AGAIN}")
    return int(text)


@dataclass
class _Reading:
    """What is known while one file is read: counts, the open claim, and the rows not yet handed over."""

    fields: tables.FieldTable
    report: Report
    records: int = 0
    data: int = 0
    announced: int = -1
    ended: bool = False
    claims: int = 0
    key: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()
    claim_records: int = 0
    waiting: int = 0
    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    owners: dict[str, list[tuple[int | None, int]]] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)

    @cached_property
    def widths(self) -> dict[str, int]:
        """Columns per record kind."""
        return {f.record: len(self.fields.record(f.record)) for f in self.fields.fields}

    def fail(self, rule: str, name: str, remedy: str) -> BadFile:
        return BadFile(f"kaigo.{rule}", record=self.records, field=name, remedy=f"{remedy}; {_AGAIN}")

    def take(self, row: list[str]) -> Iterator[Parcel]:
        """Take one physical record; gives a parcel where enough whole claims are waiting."""
        self.records += 1
        self.report.records += 1
        if self.ended:
            raise self.fail("after_end", "line_kind", "nothing may follow the end record")
        if self.records == 1:
            return self._control(row)
        if len(row) < 2 or row[1].strip() != str(self.records):
            raise self.fail("running_number", "line_no", "running numbers count from 1 without a gap")
        if row[0].strip() == "3":
            return self._end()
        if row[0].strip() != "2" or len(row) < 4:
            raise self.fail("line_kind", "line_kind", "after the control record come data records and the end record")
        return self._data([cell.strip() for cell in row])

    def _control(self, row: list[str]) -> Iterator[Parcel]:
        control = [cell.strip() for cell in row]
        if len(control) < _CONTROL_ITEMS or control[:2] != ["1", "1"] or not re.fullmatch(r"[0-9]{1,9}", control[3]):
            raise self.fail("control", "line_kind", "the file does not begin with a control record of 12 items")
        if control[4] != "711":
            raise self.fail("data_kind", "data_kind", "only 711 (介護給付費請求書 and 明細書) is taken by this format")
        self.announced = int(control[3])
        return iter(())

    def _end(self) -> Iterator[Parcel]:
        self.ended = True
        return iter(())

    def _data(self, row: list[str]) -> Iterator[Parcel]:
        self.data += 1
        if self.waiting >= PARCEL_RECORDS and (row[2] == "7111" or row[3] == "01"):
            yield self.parcel()
        if row[2] == "7111":
            self._take_invoice(self._fitted(row, "7111"))
        elif not _FORM.fullmatch(row[2]):
            raise self.fail("form", "form", "this exchange form is not one of the 711 claims")
        elif not _KIND.fullmatch(row[3]):
            raise self.fail("record_kind", "record_kind", "record kinds are 01 to 17")
        elif row[3] == "01":
            self._open(self._fitted(row, "01"))
        else:
            self._take_detail(row)

    def _fitted(self, row: list[str], kind: str) -> list[str]:
        """The row with exactly the columns of its kind; too few are `BadFile`, too many are counted."""
        width = self.widths[kind]
        if len(row) < _SHORTER.get(kind, width):
            raise self.fail("columns", "", "the record has too few columns")
        if kind != "other":
            self.report.warn("kaigo.surplus_columns", int(len(row) > width))
        return row[:width] + [""] * (width - len(row))

    def _place(self, month: str, facility: str) -> tuple[str, str]:
        for name, value, shape in zip(("service_month", "facility"), (month, facility), _KEY_FORMS, strict=False):
            if not re.fullmatch(shape, value):
                raise self.fail("key", name, "a key of the record is missing or malformed")
        return month, facility

    def _keep(self, kind: str, row: list[str], claim: int | None) -> None:
        self.rows.setdefault(kind, []).append(row)
        self.owners.setdefault(kind, []).append((claim, self.records))
        self.waiting += 1

    def _take_invoice(self, row: list[str]) -> None:
        self.key = ()  # an invoice ends the claim before it
        place = self._place(row[3], row[4])
        names = ("claims", "units", "cost", "insurance_amount", "public_amount", "own_share")
        numbers = [_whole(row, 8 + i, self.records, name) for i, name in enumerate(names)]
        self.totals.invoice(place, row[5], row[6], row[7], Invoice(self.records, *numbers))
        self._keep("7111", row, None)

    def _open(self, row: list[str]) -> None:
        place = self._place(row[4], row[5])
        for name, value, shape in zip(("care_insurer", "insured_number"), row[6:8], _KEY_FORMS[2:], strict=True):
            if not re.fullmatch(shape, value):
                raise self.fail("key", name, "a key of the record is missing or malformed")
        self.claims += 1
        self.claim_records = 1
        self.key = (row[2], *row[4:8])
        self.laws = tuple(row[i][:2] if row[i].strip("0") else "" for i in (8, 10, 12))
        amount = sum(_whole(row, i, self.records, "insurance_amount") for i in (35, 37, 38))
        self.totals.claim(place, self._insured, set(filter(None, self.laws)), amount)
        self._keep("01", row, self.claims)

    @property
    def _insured(self) -> bool:
        return not self.key[4].startswith("H")

    def _take_detail(self, row: list[str]) -> None:
        kind = row[3] if row[3] in self.widths else "other"
        self.report.warn("kaigo.layout_unknown", int(kind == "other"))
        fitted = self._fitted(row, kind)
        if (fitted[2], *fitted[4:_KEYS]) != self.key:
            raise self.fail(
                "orphan", "insured_number", "the record belongs to no claim: no record 01 with its keys before"
            )
        self.claim_records += 1
        if self.claim_records > CLAIM_RECORDS:
            raise self.fail("claim_length", "", "no claim has so many records")
        if kind == "10":
            self._add_summary(fitted)
        self._keep(kind, fitted, self.claims)

    def _add_summary(self, row: list[str]) -> None:
        units = sum(_whole(row, i, self.records, "insurance_units") for i in (15, 28))
        public: dict[str, int] = {}
        for payer, law in enumerate(self.laws):
            if law:
                own = sum(_whole(row, i + 3 * payer, self.records, f"public{payer + 1}_units") for i in (19, 31))
                public[law] = public.get(law, 0) + own
        self.totals.summary((row[4], row[5]), self._insured, units, public)

    def finish(self) -> None:
        """Check that the file is whole and adds up."""
        if self.records == 0:
            raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
        if not self.ended:
            raise self.fail("no_end", "line_kind", "the file is cut off: there is no end record")
        if self.data != self.announced:
            raise self.fail("data_count", "data_count", "the control record announces another number of data records")
        self.totals.reconcile(self.report)
        self.report.totals.update(claims=self.claims, data_records=self.data, invoices=len(self.totals.invoices))

    def parcel(self) -> Parcel:
        """Everything waiting, typed."""
        made = {t.name: self._table(t.name, t.source) for t in self.fields.dataset.tables}
        count, self.waiting = self.waiting, 0
        self.rows, self.owners = {}, {}
        people = _people(made["care_claim"])
        self.report.people += people.height
        self.report.warn("check_digit:care_insurer", failing_insurer_numbers(people["care_insurer"]))
        return Parcel(made, people, count)

    def _table(self, name: str, kind: str) -> pl.DataFrame:
        columns = self.fields.dataset.table(name).columns
        owners = self.owners.get(kind, [])
        rows = self.rows.get(kind, [])
        raw = pl.DataFrame(
            [pl.Series("claim_no", [claim for claim, _ in owners], dtype=pl.Int64)]
            + [pl.Series(column.name, [row[i] for row in rows], dtype=pl.String) for i, column in enumerate(columns)]
        )
        return typed(raw, name, columns, self.report, [record for _, record in owners])


def _people(claims: pl.DataFrame) -> pl.DataFrame:
    """`PEOPLE_COLUMNS` of the claims: long-term care insurer and number, birth, sex and provider is all there is."""
    known = {
        "claim_no": pl.col("claim_no"),
        "birth": pl.col("birth_month"),
        "sex": pl.col("sex"),
        "care_insurer": pl.col("care_insurer"),
        "care_number": canonical_care_number(pl.col("insured_number")),
        "facility": pl.col("facility"),
    }
    return claims.select(known.get(name, pl.lit(None, pl.String)).alias(name) for name in PEOPLE_COLUMNS)


FORMAT = Kaigo()
