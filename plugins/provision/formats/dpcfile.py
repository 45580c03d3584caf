"""Reading DPC survey files (DPC調査): tab-separated CP932 rows in bounded memory, checked for their layout.

All of them begin every row with the facility code of 9 digits, may begin with one line of headings (in half or full
width), write days as YYYYMMDD (``00000000``: still in hospital, unknown) and know no quotes. Programs that join E and F
write ``NULL`` where one of them has no such column: it is read as empty. Every row of a file has
as many columns as its first one; columns behind the layout's last are accepted up to `Layout.most`, dropped and counted
(``dpc.surplus_columns``). What tells one kind of file from another is the form of a few columns (`Layout.forms`).
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.errors import FixConfiguration
from provision.formats.base import BadFile, ColumnClass, Report
from provision.formats.tables import Field, FieldTable
from provision.formats.textfile import blocks, decode

CHUNK = 8 * 1024 * 1024
#: Field-table indexes from here on are made by the reader.
DERIVED = 900
FACILITY = r"[0-9]{9}"
DAY = r"[0-9]{8}"
DATA_ID = r"[0-9A-Za-z-]{1,10}"

_AGAIN = "ask the sender for the file again"
_ANOTHER = "this is another kind of file, or another layout; check the source's format, or ask the sender"

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """How many columns a row has (`least` to `most`), and the forms that tell this kind of file from the others.

    `forms`: physical index -> regular expression that every row's value has, spaces around it left out. `every`: all
    columns are read, whatever the field table says of them.
    """

    table: FieldTable
    least: int
    most: int
    forms: Mapping[int, str]
    every: bool = False

    @cached_property
    def physical(self) -> tuple[Field, ...]:
        """Fields of the file, by index."""
        return tuple(f for f in self.table.record("row") if f.index < DERIVED)

    @cached_property
    def wanted(self) -> list[str]:
        """Names that are read into memory: all but free text, and those whose form is checked."""
        return [f"c{f.index}" for f in self.physical if f.column.cls is not ColumnClass.FREE or f.index in self.forms]


@dataclass
class DpcFile:
    """One file being read. `records` counts lines, blank ones left out, the headings included."""

    layout: Layout
    report: Report
    records: int = 0
    rows: int = 0
    width: int = 0
    lines: int = 0

    def frames(self, stream: BinaryIO) -> Iterator[tuple[pl.DataFrame, Rows]]:
        """Frames of raw strings with a column ``c<index>`` per wanted column, and the record number of each row.

        Raises `BadFile`: what `textfile` refuses, ``dpc.columns``, ``dpc.layout``, and ``file.empty`` where there is no
        row at all.
        """
        for block in blocks(stream, CHUNK):
            text = decode(block, "cp932", self.lines)
            self.lines += text.count("\n")
            data = _without_blank_lines(text)
            if self.records == 0:
                data = self._without_headings(data)
            if data:
                yield self._frame(data)
        if not self.rows:
            raise BadFile("file.empty", remedy="the file has headings and no rows; ask the sender for the right file")

    def _without_headings(self, data: str) -> str:
        """The block without its first line where that holds headings: 施設コード, also written 施設ｺｰﾄﾞ."""
        first, _, rest = data.partition("\n")
        if not unicodedata.normalize("NFKC", first.split("\t", 1)[0]).strip().startswith("施設"):
            return data
        self.records = 1
        self.report.records += 1
        return rest

    def _frame(self, data: str) -> tuple[pl.DataFrame, Rows]:
        encoded = data.encode()
        count = self._check_columns(encoded)
        numbers = np.arange(self.records + 1, self.records + 1 + count, dtype=np.int64)
        frame = self._parse(encoded)
        self._check_forms(frame)
        self.records += count
        self.rows += count
        self.report.records += count
        return frame, numbers

    def _check_columns(self, data: bytes) -> int:
        """Number of rows; `BadFile` where one has another number of columns than the first row of the file."""
        raw = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(raw == 0x0A)
        starts = np.concatenate(([0], ends[:-1] + 1))
        tabs = np.add.reduceat((raw == 0x09).view(np.uint8), starts, dtype=np.int32)
        self.width = self.width or int(tabs[0]) + 1
        wrong = np.flatnonzero(tabs + 1 != self.width)
        at = 0 if not self.layout.least <= self.width <= self.layout.most else int(wrong[0]) if len(wrong) else -1
        if at >= 0:
            expected = f"{self.layout.least} columns in every row expected"
            raise BadFile("dpc.columns", record=self.records + at + 1, remedy=f"{expected}; {_ANOTHER}")
        surplus = self.width > len(self.layout.physical) and not self.layout.every
        self.report.warn("dpc.surplus_columns", len(ends) if surplus else 0)
        return len(ends)

    def _parse(self, data: bytes) -> pl.DataFrame:
        names = [f"c{index}" for index in range(self.width)]
        head = "\t".join(names).encode() + b"\n"
        lazy = pl.scan_csv(
            io.BytesIO(head + data), separator="\t", quote_char=None, eol_char="\n", encoding="utf8-lossy",
            schema=dict.fromkeys(names, pl.String()), null_values=["NULL"],
        )  # fmt: skip
        wanted = names if self.layout.every else [name for name in self.layout.wanted if name in names]
        return lazy.select(pl.col(wanted).fill_null("")).collect()

    def _check_forms(self, frame: pl.DataFrame) -> None:
        names = {f.index: f.column.name for f in self.layout.physical}
        fits = frame.select(
            pl.col(f"c{index}").str.strip_chars(" ").str.contains(f"^(?:{form})$")
            for index, form in self.layout.forms.items()
        )
        for index in self.layout.forms:
            if not fits[f"c{index}"].all():
                at = int((~fits[f"c{index}"]).arg_max() or 0)
                raise BadFile("dpc.layout", record=self.records + at + 1, field=names[index], remedy=_ANOTHER)


def _without_blank_lines(text: str) -> str:
    """The block's lines with a plain line feed each; blank ones gone."""
    plain = text.replace("\r\n", "\n")
    if not plain.endswith("\n"):
        plain += "\n"
    if plain.startswith("\n") or "\n\n" in plain or " \n" in plain or plain.startswith(" "):
        plain = "".join(line + "\n" for line in plain.split("\n") if line.strip(" \u3000"))
    return plain if plain.strip("\n") else ""


def no_options(format_id: str, options: Mapping[str, object]) -> None:
    """Raise `FixConfiguration` where a format without options got some."""
    if options:
        raise FixConfiguration(
            f"the format {format_id} has no options", rule="format.options", remedy="remove format_options"
        )
