"""特定健診 ORCA取込CSV: the results of laboratories as the receipt computer ORCA reads them (grade B).

CP932, all cells quoted, no header: 13 cells about the person and the day, then groups of eight, one per result: item
code, name, 実施区分 (0 not done, 1 done, 2 not measurable), H or L, E, L or U (L at most, U at least), result, unit and
reference range. The meanings of these marks are grade D; a mark that is none of them drops the result and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from provision.formats import tables
from provision.formats.base import PEOPLE_COLUMNS, BadFile, Dataset, Parcel, Report
from provision.formats.cda_observations import iso
from provision.formats.checkup_cda import meaning
from provision.formats.checkup_cells import FREE_TEXT, NOT_DONE, NOT_MEASURABLE, is_text, said
from provision.formats.checkup_lines import first_lines, lines, parcels, row_of
from provision.formats.checkup_rows import Checkup, Meaning, remembered
from provision.formats.options import no_options
from provision.formats.tables import Field, FieldTable

FIXED, GROUP = 13, 8
_NUMBER = re.compile(r"[0-9]{10}")
_BIRTH = re.compile(r"[MTSHR][0-9]{6}|[0-9]{8}")
_CODE = re.compile(r"[0-9A-Z]{15}|[0-9A-Z]{17}")
_STATES = {"0": NOT_DONE, "1": "", "": "", "2": NOT_MEASURABLE}
_FLAGS = frozenset({"", "H", "L"})
_ENDS = frozenset({"", "E", "L", "U"})


@dataclass(frozen=True)
class CheckupOrca:
    """The reader; it knows no options."""

    id: str = "checkup-orca-csv"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "特定健診（ORCA取込CSV）", "en": "Health checkups (ORCA import CSV)"}

    @property
    def dataset(self) -> Dataset:
        """Checkups, their results and answers."""
        return tables.load("checkup_orca").dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """The only field table."""
        return (tables.load("checkup_orca"),)

    def never_reads(self, field: Field) -> bool:
        """Names of facilities and items, and results in words: no cell of theirs is taken."""
        return field.record == "group" or field.column.name in {"sender_name", "facility_name"}

    def recognise(self, head: bytes) -> str:
        """By the shape of the first lines: groups of eight behind thirteen cells, with facility, birth and codes."""
        found = first_lines(head, 3)
        if not found or not all(map(_is_checkup, found)):
            return ""
        return "lines of thirteen cells and groups of eight that begin with an item code"

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Draw parcels of rows. Raises `BadFile`; `FixConfiguration` for any option."""
        no_options(self.id, options)
        report.edition = self.dataset.edition
        yield from parcels(self.dataset, _rows(stream, report, self.dataset), report)
        if not report.people:
            raise BadFile("file.empty", remedy="the file has no row that can be taken; ask the sender for it again")


def _is_checkup(cells: list[str]) -> bool:
    if len(cells) <= FIXED or (len(cells) - FIXED) % GROUP:
        return False
    shaped = _NUMBER.fullmatch(cells[1]) and _BIRTH.fullmatch(cells[9]) and cells[10] in {"1", "2"}
    return bool(shaped) and all(_CODE.fullmatch(code) for code in cells[FIXED::GROUP])


def _rows(stream: BinaryIO, report: Report, dataset: Dataset) -> Iterator[Checkup]:
    columns = dataset.table(dataset.head).columns
    places = {f.column.name: f.index for f in tables.load("checkup_orca").record("row")}
    for number, cells in lines(stream, report):
        if not _is_checkup(cells):
            report.hold(number, "checkup.row", ",".join(cells).encode())
            continue
        known = {name: cells[place] for name, place in places.items() if name not in {"sender_name", "facility_name"}}
        made = Checkup([_person(known)], day=iso(known["checkup_date"]))
        made.add(dataset.head, row_of([column.name for column in columns], known))
        for start in range(FIXED, len(cells), GROUP):
            code, _, *rest = cells[start : start + GROUP]
            made.meanings.append(FREE_TEXT if is_text(code) else _result(code, *rest))
        yield made


def _person(known: Mapping[str, str]) -> list[str | None]:
    mine = {"kana": "patient_name", "sex": "sex", "facility": "facility", "chart": "chart"}
    return [known.get(mine.get(name, "")) for name in PEOPLE_COLUMNS[1:]]


@remembered
def _result(code: str, state: str, flag: str, end: str, result: str, unit: str, limits: str) -> Meaning:
    if state not in _STATES or flag not in _FLAGS or end not in _ENDS:
        return Meaning(dropped=("checkup.mark",))
    if not result and not _STATES[state]:
        return Meaning(dropped=("checkup.no_value",))
    return meaning(said(code, result, unit=unit or None, end=end, flag=flag, limits=limits, state=_STATES[state]))


FORMAT = CheckupOrca()
