"""健診CSVの行: lines of checkup files as cells, in CP932 or UTF-8, quoted or not, in bounded memory.

A record is one line: neither program writes line breaks into cells. A line with undecodable bytes is held.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

import polars as pl

from provision.formats.base import BadFile, Dataset, Parcel, Report
from provision.formats.checkup_rows import Checkup, parcelled
from provision.formats.csvfile import BOM, encoding_of
from provision.formats.documents import Row
from provision.formats.textfile import blocks, decoded, is_text

_BLOCK = 1024 * 1024
#: Rows of a parcel; one has some hundred results.
PARCEL_ROWS = 2_000
Line = tuple[int, list[str]]  # its number in the file, its cells


def lines(stream: BinaryIO, report: Report) -> Iterator[Line]:
    """The lines of a file that are not blank. Raises `BadFile`: what `textfile` refuses, and ``checkup.quotes``."""
    encoding, before = "", 0
    for block in blocks(stream, _BLOCK):
        encoding = encoding or encoding_of(block)
        text = decoded(block.removeprefix(BOM) if not before else block, encoding, before, report.hold)
        for number, line in enumerate(text.split("\n"), before + 1):
            cells = split(line.removesuffix("\r"))
            if cells is None:
                remedy = "quotation marks do not pair up; ask the sender for the file again"
                raise BadFile("checkup.quotes", record=number, remedy=remedy)
            if any(cells):
                yield number, cells
        before += block.count(b"\n")


def split(line: str) -> list[str] | None:
    """The cells of one line, without spaces around them; None where quotation marks do not pair up."""
    if line.count('"') % 2:
        return None
    try:
        return [cell.strip(" \u3000") for cell in next(csv.reader([line], strict=True), [])]
    except csv.Error:  # its message may carry values
        return None


def first_lines(head: bytes, count: int) -> list[list[str]]:
    """The first whole lines of a file as cells, for recognising; [] where they are none. Never raises."""
    if not is_text(head) or b"\n" not in head:
        return []
    encoding = encoding_of(head)
    raw = head.removeprefix(BOM).split(b"\n")[:-1][:count]
    found = [split(line.decode(encoding, "replace").removesuffix("\r")) for line in raw]
    return [cells for cells in found if cells]


def parcels(dataset: Dataset, rows: Iterator[Checkup], report: Report) -> Iterator[Parcel]:
    """Parcels of rows, each with the births as days, however they were written."""
    while own := list(islice(rows, PARCEL_ROWS)):
        made = parcelled(dataset, own, report)
        births = made.tables[dataset.head]["birth_month"]
        made.people = made.people.with_columns(birth=pl.Series(births))
        yield made


def row_of(columns: Sequence[str], cells: dict[str, str]) -> Row:
    """Cells in the order of columns, None where there is none."""
    return [cells.get(name) for name in columns]
