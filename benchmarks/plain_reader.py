"""The rival of `make bench-formats`: what somebody writes with the `csv` module who knows the layout of a format.

It decodes (CP932; a ledger may be UTF-8), cuts lines into cells with `csv.reader`, tells the record's kind and makes a
dictionary of the record with the names of the same field table. The values are those of our parcels: None where a cell
is empty, `int`, `Decimal`, days and months as ISO texts. Names and conversions are prepared once per kind, nothing is
kept, nothing is checked: no totals, order, domains, people, or encodings but the one it was told. `lean` leaves out
what a user of the rows would do next: cells that are text stay as they are, the empty ones, too. No part of either is
slower than it has to be. The rival of HL7 messages is the package `hl7`, which takes them apart and no more.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Literal

import hl7

from provision.formats import formats
from provision.formats.base import ColumnClass, Format
from provision.formats.coverage import editions
from provision.formats.ledger_columns import find_columns
from provision.formats.life import column_name
from provision.formats.tables import Field
from provision.formats.ukekind import DERIVED, UkeKind

Convert = Callable[[str], object]
Record = dict[str, object]
#: A record of a kind that is not read: nothing is made of it, it is only counted.
_PASSED: Record = {}
_END = "\x1a"  # the mark behind the last record


@dataclass(frozen=True)
class Kind:
    """Names of a record's cells in order, and what becomes of them."""

    cells: list[tuple[str, Convert]]
    lean: bool

    @cached_property
    def names(self) -> list[str]:
        """The names alone."""
        return [name for name, _ in self.cells]

    @cached_property
    def typed(self) -> list[tuple[str, Convert]]:
        """The cells that do not stay text."""
        return [(name, convert) for name, convert in self.cells if convert is not str]

    def record(self, row: list[str]) -> Record:
        """One typed dictionary."""
        if not self.lean:
            return {
                name: convert(cell) if cell else None for (name, convert), cell in zip(self.cells, row, strict=False)
            }
        made: Record = dict(zip(self.names, row, strict=False))
        for name, convert in self.typed:
            if text := made.get(name):
                made[name] = convert(text)  # type: ignore[arg-type]
        return made


def read(format_id: str, path: Path, *, lean: bool = False) -> Iterator[Record]:
    """Every record of a file as a typed dictionary. KeyError for a format it does not know."""
    source = formats()[format_id]
    kinds = _kinds(source, lean)
    if isinstance(getattr(source, "kind", None), UkeKind):
        return _claims(path, kinds, front=3 if format_id.startswith("recodeinfo") else 0)
    if format_id.startswith("kaigo"):
        return _nursing(path, kinds)
    if format_id == "member-ledger":
        return _ledger(path, kinds)
    if format_id.startswith("checkup-"):
        return _checkups(path, kinds["row"], groups=format_id == "checkup-orca-csv")
    if format_id == "life":
        return _life(path, kinds)
    if format_id == "hl7v2":
        return _messages(path)
    return _form1(path, kinds) if format_id == "dpc-form1" else _rows(path, kinds)


def _day(text: str) -> str:
    if "/" in text:
        year, month, day = text.split("/")
        return f"{year}-{month:0>2}-{day:0>2}"
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"


def _month(text: str) -> str:
    return _day(text)[:7] if "/" in text else f"{text[:4]}-{text[4:6]}"


def _number(text: str) -> object:
    return Decimal(text) if text[-1:].isdigit() else None


def _whole(text: str) -> object:
    return int(text) if text.strip().lstrip("-").isdigit() else None


def _convert(field: Field) -> Convert:
    column = field.column
    if column.cls is ColumnClass.BIRTH or column.domain == "date":
        return _day
    words: dict[str, Convert] = {"integer": _whole, "decimal": _number}
    return _month if column.domain == "month" else words.get(column.dtype, str)


def _kinds(source: Format, lean: bool) -> dict[str, Kind]:
    """Per record kind of the newest edition, what its cells are."""
    found: dict[str, dict[int, Field]] = {}
    for table in editions(source):
        for field in table.fields:
            if field.index < DERIVED:
                found.setdefault(field.record, {})[field.index] = field
    made = {}
    for record, fields in found.items():
        cells = [
            (f.column.name, _convert(f)) if (f := fields.get(i)) else (f"c{i}", str) for i in range(max(fields) + 1)
        ]
        made[record] = Kind(cells, lean)
    return made


def _checkups(path: Path, kind: Kind, groups: bool) -> Iterator[Record]:
    """Who it is, and the results: groups of eight cells, or all filled cells behind the thirteenth."""
    with path.open(encoding="cp932", newline="") as file:
        for row in csv.reader(file):
            if row[10 if groups else 7] not in {"1", "2"}:
                continue  # a header
            made = kind.record(row)
            if groups:
                found = [row[at : at + 8] for at in range(13, len(row), 8)]
                made["results"] = [(one[0], *one[2:5], _result(one[5]), *one[6:]) for one in found]
            else:
                made["results"] = [(place, _result(cell)) for place, cell in enumerate(row[13:]) if cell]
            yield made


def _result(text: str) -> object:
    return Decimal(text) if text.replace(".", "", 1).isdigit() else text


def _claims(path: Path, kinds: dict[str, Kind], front: int) -> Iterator[Record]:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if front else csv.QUOTE_NONE
    with path.open(encoding="cp932", newline="") as file:
        for row in csv.reader(file, quoting=quoting):
            kind = kinds.get(row[front]) if len(row) > front else None
            if kind is not None:
                yield kind.record(row[front:] if front else row)
            elif row != [_END]:
                yield _PASSED


def _nursing(path: Path, kinds: dict[str, Kind]) -> Iterator[Record]:
    with path.open(encoding="cp932", newline="") as file:
        for row in csv.reader(file):
            if row and row[0] == "2":
                kind = kinds.get(row[2]) or kinds.get(row[3]) or kinds.get("other")
                if kind is not None:
                    yield kind.record(row)


def _rows(path: Path, kinds: dict[str, Kind]) -> Iterator[Record]:
    kind = kinds["row"]
    with path.open(encoding="cp932", newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row[0].isdigit():
                yield kind.record(row)


def _form1(path: Path, kinds: dict[str, Kind]) -> Iterator[Record]:
    head, none = kinds["row"], Kind([], kinds["row"].lean)
    with path.open(encoding="cp932", newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row[0].isdigit():
                payload = kinds.get(row[5], none)
                yield head.record(row) | payload.record(row[7:])


def _ledger(path: Path, kinds: dict[str, Kind]) -> Iterator[Record]:
    known = dict(kinds["row"].cells)
    with path.open(encoding=_encoding(path), newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        places = {place: name for name, place in find_columns(header, known, {}).items()}
        names = [places.get(place, f"c{place}") for place in range(len(header))]
        kind = Kind([(name, known.get(name, str)) for name in names], kinds["row"].lean)
        for row in rows:
            yield kind.record(row)


def _life(path: Path, kinds: dict[str, Kind]) -> Iterator[Record]:
    with path.open(encoding=_encoding(path), newline="") as file:
        rows = csv.reader(file)
        kind = kinds[next(rows)[0]]
        known = dict(kind.cells)
        names = [column_name(cell) for cell in next(rows)]
        kind = Kind([(name, known.get(name, str)) for name in names], kind.lean)
        for row in rows:
            yield kind.record(["" if cell == " " else cell for cell in row])  # a single space says that there is none


def _messages(path: Path) -> Iterator[Record]:
    """HL7: every message taken apart by the package `hl7`, and nothing made of it."""
    text = path.read_bytes().decode("iso2022_jp")  # what the program of style 0 writes
    for message in text.split("\rMSH")[1:]:
        hl7.parse(f"MSH{message.partition(f'{chr(13)}BTS')[0]}")
        yield _PASSED


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.readline()
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return "cp932"
    return "utf-8-sig"
