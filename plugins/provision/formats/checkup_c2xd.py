"""特定健診 C2XD CSV: one row per person, one column per 17-digit item code (edition 2024, grade B).

CP932 or UTF-8, quoted or not. Columns are told by their place, so the number of columns must be that of the edition,
and a header (names, item codes, or numbers from 1) must name every column as the edition does: a sender's table with a
column more or elsewhere would give every value another meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

from provision import codes
from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.cda_head import KANA
from provision.formats.cda_observations import iso
from provision.formats.checkup_cda import meaning
from provision.formats.checkup_cells import FREE_TEXT, is_text, said
from provision.formats.checkup_lines import Line, first_lines, lines, parcels, row_of
from provision.formats.checkup_rows import Checkup, Meaning, remembered
from provision.formats.options import no_options
from provision.formats.tables import Field, FieldTable

_TABLE = "checkup_c2xd_2024"
_INSURER = re.compile(r"[0-9]{6}|[0-9]{8}")
_DAY = re.compile(r"[0-9]{8}")
FIXED = 13


@dataclass(frozen=True)
class CheckupC2xd:
    """The reader; it knows no options."""

    id: str = "checkup-c2xd-csv"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "特定健診（C2XD CSV）", "en": "Health checkups (C2XD CSV)"}

    @property
    def dataset(self) -> Dataset:
        """Checkups, their results and answers."""
        return tables.load(_TABLE).dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The only edition."""
        return (tables.load(_TABLE),)

    def never_reads(self, field: Field) -> bool:
        """Columns of free text and of names of physicians."""
        return field.record == "row" and field.index >= FIXED

    def recognise(self, head: bytes) -> str:
        """By the number of columns, and by a header or the first row: insurer, birth, sex and day in their places."""
        found = first_lines(head, 2)
        if not found or len(found[0]) != len(layout()):
            return ""
        known = is_header(found[0]) or _is_person(found[0])
        return "as many columns as the table of items has, headed or filled in its order" if known else ""

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of rows. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
        report.edition = self.dataset.edition
        yield from parcels(self.dataset, _rows(lines(stream, report), report, self.dataset), report)
        if not report.people:
            raise BadFile("file.empty", remedy="the file has no row that can be taken; ask the sender for it again")


@cache
def layout() -> tuple[tuple[str, str], ...]:
    """Heading and item code ("" for who it is) of every column."""
    name = "checkup_c2xd_column.tsv"
    path = next(folder / name for folder in codes.folders() if (folder / name).is_file())
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
    return tuple((row[1], row[3] if len(row) > 3 else "") for row in rows)


def is_header(cells: list[str]) -> bool:
    """Whether this line names every column as the edition does: by its number from 1, its name or its item code."""
    return all(
        cell in {str(number), code} or _plain(cell) == _plain(name)
        for number, (cell, (name, code)) in enumerate(zip(cells, layout(), strict=True), 1)
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s()\[\]:・]", "", unicodedata.normalize("NFKC", name)).removeprefix("受診者").lower()


def _is_person(cells: list[str]) -> bool:
    shaped = _INSURER.fullmatch(cells[1]) and _DAY.fullmatch(cells[6]) and cells[7] in {"1", "2"}
    return bool(shaped) and _DAY.fullmatch(cells[12]) is not None


def _rows(found: Iterator[Line], report: Report, dataset: Dataset) -> Iterator[Checkup]:
    columns = [column.name for column in dataset.table(dataset.head).columns]
    places = {f.column.name: f.index for f in tables.load(_TABLE).record("row") if f.index < FIXED}
    for place, (number, cells) in enumerate(found):
        if len(cells) != len(layout()):
            remedy = f"{len(layout())} columns are expected; ask the sender by which table it was written"
            raise BadFile("checkup.columns", record=number, remedy=remedy)
        if place == 0 and not _is_person(cells) and is_header(cells):
            continue
        if not _is_person(cells):
            report.hold(number, "checkup.row", ",".join(cells).encode())
            continue
        known = {name: cells[at] for name, at in places.items()}
        made = Checkup([_person(known)], day=iso(known["checkup_date"]))
        made.add(dataset.head, row_of(columns, known))
        filled = ((code, cell) for (_, code), cell in zip(layout()[FIXED:], cells[FIXED:], strict=True) if cell)
        made.meanings += [FREE_TEXT if is_text(code) else _result(code, cell) for code, cell in filled]
        yield made


def _person(known: Mapping[str, str]) -> list[str | None]:
    kana = KANA.fullmatch(unicodedata.normalize("NFKC", known["patient_name"])) is not None
    mine = {"kana" if kana else "name": known["patient_name"]}
    mine |= {name: known[name] for name in ("sex", "insurer", "symbol", "number", "branch", "address")}
    return [mine.get(name) for name in PEOPLE_COLUMNS[1:]]


@remembered
def _result(code: str, cell: str) -> Meaning:
    return meaning(said(code, cell))


FORMAT = CheckupC2xd()
