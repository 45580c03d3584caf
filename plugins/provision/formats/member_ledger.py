"""被保険者台帳: a municipality's member ledger, the one file that carries health-insurance and long-term care numbers.

There is no official public layout, so columns are found by their heading (`ledger_columns`), with further headings in
the option ``columns: {our column: [heading, …]}``. CSV, UTF-8 (with or without byte order mark) or CP932, quoted or
not. Columns nobody knows are dropped and counted. A file with My Numbers (個人番号) in any column is not taken at all.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import BinaryIO

import polars as pl

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.columns import typed
from provision.formats.ledger_columns import CODES, find_columns, recoded
from provision.formats.numbers import canonical_care_number, failing_insurer_numbers, is_my_number
from provision.formats.tables import FieldTable
from provision.formats.textfile import LINE_LIMIT, blocks, decode, is_text, is_utf8

PARCEL_ROWS = 50_000
#: Share of a column's 12-digit values that pass the check digit from which it is a column of My Numbers.
MY_NUMBER_SHARE = 0.9

_AGAIN = "ask the sender for the file again"
_BOM = b"\xef\xbb\xbf"

Row = tuple[int, list[str]]  # line number of its first line, cells


@dataclass(frozen=True)
class MemberLedger:
    """The reader. Option ``columns`` adds headings to the built-in ones."""

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
        rows = _rows(stream)
        report.edition = self.dataset.edition
        _, header = next(rows, (0, []))
        known = [f.column.name for f in tables.load("member_ledger").fields]
        sheet = _Sheet(self.dataset, header, find_columns(header, known, options), report)
        while batch := list(islice(rows, PARCEL_ROWS)):
            yield sheet.take(batch)
        if sheet.members == 0:
            raise BadFile("file.empty", remedy="the ledger has a header and no rows; ask the sender for the right file")


def _recognised(head: bytes) -> str:
    """By the headings; a heading of My Numbers is one, so that the reader can refuse the file for its reason."""
    first = head.split(b"\n", 1)[0].removeprefix(_BOM)
    line = first.decode("utf-8" if head.startswith(_BOM) or is_utf8(first) else "cp932", "replace")
    header = next(csv.reader([line.strip("\r")]), []) if line.count('"') % 2 == 0 and is_text(head) else []
    try:
        find_columns(header, [f.column.name for f in tables.load("member_ledger").fields], {})
    except BadFile as refusal:
        if refusal.rule == "ledger.header":
            return ""
    return "a first line of comma-separated headings that name birth date, sex and an insurance"


def _rows(stream: BinaryIO) -> Iterator[Row]:
    """Rows with their line number; blank lines are left out. Raises `BadFile` ``ledger.quotes``."""
    lines = _Lines(stream)
    reader = csv.reader(lines, strict=True)
    while True:
        first = lines.begin()
        row: list[str] | None = None
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            pass  # its message may carry values
        if row is None or lines.quotes % 2:
            raise BadFile("ledger.quotes", record=first, remedy=f"quotation marks do not pair up; {_AGAIN}")
        if any(cell.strip() for cell in row):
            yield first, row


class _Lines:
    """Text lines of the file, counted; a record (which may span lines inside quotes) is limited to 64 KiB."""

    def __init__(self, stream: BinaryIO) -> None:
        self._source = self._read(stream)
        self.count = self.quotes = self.length = 0

    def begin(self) -> int:
        """Start a new record; gives the number of its first line."""
        self.quotes = self.length = 0
        return self.count + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self.count += 1
        self.quotes += line.count('"')
        self.length += len(line)
        if self.length > LINE_LIMIT:
            raise BadFile("text.line_length", record=self.count, remedy=f"a record has at most 64 KiB; {_AGAIN}")
        return line

    @staticmethod
    def _read(stream: BinaryIO) -> Iterator[str]:
        encoding, before = "", 0
        for block in blocks(stream):
            encoding = encoding or _encoding(block)
            text = decode(block, encoding, before).removeprefix("\ufeff" if before == 0 else "")
            before += block.count(b"\n")
            yield from _split(text)


def _split(text: str) -> Iterator[str]:
    """Lines by line feed only, each with its line feed."""
    parts = text.split("\n")
    yield from (part + "\n" for part in parts[:-1])
    if parts[-1]:
        yield parts[-1]


def _encoding(block: bytes) -> str:
    """utf-8 or cp932, told by the byte order mark, else the header, else (a header in ASCII) the first block."""
    header = block.split(b"\n", 1)[0]
    sample = block if header.isascii() else header
    return "utf-8" if sample.startswith(_BOM) or sample.isascii() or is_utf8(sample) else "cp932"


@dataclass
class _Sheet:
    """The rows of one ledger, read by its header."""

    dataset: Dataset
    header: list[str]
    places: dict[str, int]
    report: Report
    members: int = 0
    twelve: Counter[int] = field(default_factory=Counter)
    passing: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.report.records += 1
        self.report.warn("ledger.unknown_columns", len(self.header) - len(self.places))

    @cached_property
    def names(self) -> list[str]:
        """Every column of the dataset."""
        return [column.name for table in self.dataset.tables for column in table.columns]

    def take(self, batch: list[Row]) -> Parcel:
        """The rows as one parcel. Raises `BadFile` ``ledger.columns`` and ``my_number``."""
        for record, row in batch:
            if len(row) != len(self.header):
                raise BadFile(
                    "ledger.columns", record=record, remedy=f"the header has another number of columns; {_AGAIN}"
                )
        cells = [[row[place] for _, row in batch] for place in range(len(self.header))]
        self._refuse_my_numbers(cells)
        first, self.members = self.members + 1, self.members + len(batch)
        self.report.records += len(batch)
        raw = pl.DataFrame(
            [pl.Series("claim_no", range(first, self.members + 1), dtype=pl.Int64)]
            + [pl.Series(name, self._column(cells, name, len(batch)), dtype=pl.String) for name in self.names]
        )
        return self._parcel(self._recode(raw))

    def _column(self, cells: list[list[str]], name: str, rows: int) -> list[str]:
        return cells[self.places[name]] if name in self.places else [""] * rows

    def _refuse_my_numbers(self, cells: list[list[str]]) -> None:
        for place, column in enumerate(cells):
            text = pl.Series(column, dtype=pl.String).str.normalize("NFKC").str.replace_all(r"[\s\-]", "")
            numbers = text.filter(text.str.contains(r"^[0-9]{12}$"))
            self.twelve[place] += numbers.len()
            self.passing[place] += sum(map(is_my_number, numbers))
            if numbers.len() and self.passing[place] >= MY_NUMBER_SHARE * self.twelve[place]:
                raise BadFile(
                    "my_number",
                    field=f"column {place + 1}",
                    remedy="My Numbers must not be sent; destroy the file and ask the sender for one without them",
                )

    def _recode(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Words of coded columns to codes; unknown words are emptied and counted."""
        done = raw.with_columns(recoded(name) for name in CODES)
        for name in CODES:
            unknown = (raw[name].str.strip_chars() != "") & done[name].is_null()
            self.report.warn(f"code:member.{name}", int(unknown.sum()))
        return done.with_columns(pl.col(name).fill_null("") for name in CODES)

    def _parcel(self, raw: pl.DataFrame) -> Parcel:
        made = {}
        for table in self.dataset.tables:
            own = raw.select("claim_no", *[column.name for column in table.columns])
            made[table.name] = typed(own, table.name, table.columns, self.report)
        measured = pl.any_horizontal(pl.exclude("claim_no").is_not_null())
        made["checkup"] = made["checkup"].filter(measured)
        people = _people(made["member"], self.report)
        return Parcel(made, people, raw.height)


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
        "care_number": canonical_care_number(pl.col("care_number")),
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
