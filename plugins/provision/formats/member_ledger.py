"""被保険者台帳: a municipality's member ledger, the one file that carries health-insurance and long-term care numbers.

There is no official public layout, so columns are found by their heading (`ledger_columns`), with further headings in
the option ``columns: {our column: [heading, …]}``. CSV, UTF-8 (with or without byte order mark) or CP932, quoted or
not. Columns nobody knows are dropped and counted. A file with My Numbers (個人番号) in any column is not taken at all.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO

import polars as pl

from provision.ahead import ahead
from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Held, Parcel, Report
from provision.formats.columns import typed
from provision.formats.csvfile import BOM, CsvFile
from provision.formats.delimited import Coded
from provision.formats.ledger_columns import CODES, find_columns, recoded
from provision.formats.mynumbers import MyNumbers
from provision.formats.numbers import canonical_care_number, failing_insurer_numbers
from provision.formats.tables import FieldTable
from provision.formats.textfile import is_text, is_utf8

PARCEL_ROWS = 50_000

_AGAIN = "ask the sender for the file again"


@dataclass(frozen=True)
class MemberLedger:
    """The reader. Option ``columns`` adds headings to the built-in ones."""

    of_lines = True
    id: str = "member-ledger"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "被保険者台帳（CSV）", "en": "Member ledger (CSV)"}

    @property
    def dataset(self) -> Dataset:
        """Members and their checkups."""
        return tables.load("member_ledger").dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The only field table."""
        return (tables.load("member_ledger"),)

    def recognise(self, head: bytes) -> str:
        """Why these bytes begin such a file; "" where they do not."""
        return _recognised(head)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of at most 50,000 rows. Raises `BadFile`; `FixConfiguration` for options it does not know."""
        report.edition = self.dataset.edition
        file = CsvFile(stream, Report())  # a report of its own: it is read ahead
        with closing(ahead(file.frames())) as frames:
            next(frames, None)
            known = [f.column.name for f in tables.load("member_ledger").fields]
            sheet = _Sheet(self.dataset, file.header, find_columns(file.header, known, options), report)
            for frame in frames:
                for start in range(0, frame.height, PARCEL_ROWS):
                    yield sheet.take(Coded(frame.codes[start : start + PARCEL_ROWS], frame.words))
        sheet.hold(file.report.held)
        if sheet.members == 0 and report.held:
            raise BadFile("text.encoding", remedy=f"no row can be decoded; {_AGAIN}")
        if sheet.members == 0:
            raise BadFile("file.empty", remedy="the ledger has a header and no rows; ask the sender for the right file")


def _recognised(head: bytes) -> str:
    """By the headings; a heading of My Numbers is one, so that the reader can refuse the file for its reason."""
    first = head.split(b"\n", 1)[0].removeprefix(BOM)
    line = first.decode("utf-8" if head.startswith(BOM) or is_utf8(first) else "cp932", "replace")
    if line.count('"') % 2 or not is_text(head):
        return ""
    try:
        header = next(csv.reader([line.strip("\r")]), [])
    except csv.Error:  # a carriage return inside the line, a cell beyond all measure
        return ""
    try:
        find_columns(header, [f.column.name for f in tables.load("member_ledger").fields], {})
    except BadFile as refusal:
        if refusal.rule == "ledger.header":
            return ""
    return "a first line of comma-separated headings that name birth date, sex and an insurance"


@dataclass
class _Sheet:
    """The rows of one ledger, read by its header."""

    dataset: Dataset
    header: list[str]
    places: dict[str, int]
    report: Report
    members: int = 0
    my_numbers: MyNumbers = field(default_factory=MyNumbers)

    def __post_init__(self) -> None:
        self.report.records += 1
        self.report.warn("ledger.unknown_columns", len(self.header) - len(self.places))

    def take(self, rows: Coded) -> Parcel:
        """The rows as one parcel. Raises `BadFile` ``my_number``."""
        self.my_numbers.look(rows)
        first, self.members = self.members + 1, self.members + rows.height
        self.report.records += rows.height
        claims = pl.int_range(first, self.members + 1, dtype=pl.Int64, eager=True).alias("claim_no")
        numbers = [rows.codes[f"c{place}"].alias(name) for name, place in self.places.items()]
        words = {name: rows.words[f"c{place}"] for name, place in self.places.items()}
        named = Coded(pl.DataFrame([claims, *numbers]), words)
        return self._parcel(self._recode(named))

    def hold(self, held: Sequence[Held]) -> None:
        """Count the rows that were left out, and keep them for quarantine."""
        for row in held:
            self.report.hold(row.record, row.rule, row.raw)
        self.report.records += len(held)

    def _recode(self, rows: Coded) -> Coded:
        """Words of coded columns to codes; unknown words are emptied and counted."""
        words = dict(rows.words)
        for name in [name for name in CODES if name in words]:
            done = words[name].to_frame(name).select(recoded(name)).to_series()
            unknown = (words[name].str.strip_chars() != "") & done.is_null()
            self.report.warn(f"code:member.{name}", int(unknown.gather(rows.codes[name]).sum()))
            words[name] = done.fill_null("")
        return Coded(rows.codes, words)

    def _parcel(self, rows: Coded) -> Parcel:
        made = {}
        for table in self.dataset.tables:
            names = [column.name for column in table.columns]
            absent = [pl.lit(None, pl.String).alias(name) for name in names if name not in rows.words]
            own = rows.codes.with_columns(absent).select("claim_no", *names)
            words = {name: rows.words[name] for name in names if name in rows.words}
            made[table.name] = typed(own, table.name, table.columns, self.report, words=words)
        measured = pl.any_horizontal(pl.exclude("claim_no").is_not_null())
        made["checkup"] = made["checkup"].filter(measured)
        people = _people(made["member"], self.report)
        return Parcel(made, people, rows.height)


def _care_numbers(numbers: pl.Series) -> pl.Expr:
    """Canonical ones; nearly all are written so, and only the others are looked at."""
    others = numbers.filter(~numbers.str.contains(r"^[0-9H][0-9]{9}$")).unique()
    canonical = others.to_frame("own").select(canonical_care_number(pl.col("own"))).to_series()
    return pl.col("care_number").replace(others, canonical) if others.len() else pl.col("care_number")


def _people(members: pl.DataFrame, report: Report) -> pl.DataFrame:
    """`PEOPLE_COLUMNS` of the members. Where a late-elderly insurer (39…) and number are given they are the insurance,
    without symbol and branch, also where the national health insurance of earlier years still stands there."""
    elderly = pl.col("elderly_insurer").is_not_null() & pl.col("elderly_number").is_not_null()

    def insured(late: pl.Expr, national: str) -> pl.Expr:
        return pl.when(elderly).then(late).otherwise(pl.col(national))

    nothing = pl.lit(None, pl.String)
    known = {
        "insurer": insured(pl.col("elderly_insurer"), "nhi_insurer"),
        "symbol": insured(nothing, "nhi_symbol"),
        "number": insured(pl.col("elderly_number"), "nhi_number"),
        "branch": insured(nothing, "nhi_branch"),
        "birth": pl.col("birth_month"),
        "care_number": _care_numbers(members["care_number"]),
        "facility": nothing,
        "chart": nothing,
    }
    people = members.select(known.get(name, pl.col(name)).alias(name) for name in PEOPLE_COLUMNS)
    both = members.select((elderly & pl.col("nhi_number").is_not_null()).sum()).item()
    report.warn("ledger.two_insurers", both)
    report.people += people.height
    report.warn("check_digit:insurer", failing_insurer_numbers(people["insurer"]))
    report.warn("check_digit:care_insurer", failing_insurer_numbers(people["care_insurer"]))
    return people


FORMAT = MemberLedger()
