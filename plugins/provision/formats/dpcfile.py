"""Reading DPC survey files (DPC調査): tab-separated CP932 rows in bounded memory, checked for their layout.

All of them begin every row with the facility code of 9 digits, may begin with one line of headings (in half or full
width), write days as YYYYMMDD (``00000000``: still in hospital, unknown) and know no quotes. Programs that join E and F
write ``NULL`` where one of them has no such column: it is read as empty. Every row of a file has
as many columns as its first one; columns behind the layout's last are accepted up to `Layout.most`, dropped and counted
(``dpc.surplus_columns``). What tells one kind of file from another is the form of a few columns (`Layout.forms`).
A row with undecodable bytes is held, where rows of a stay belong together (`Layout.group`) with all rows of its stay.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.ahead import ahead
from provision.formats.base import BadFile, Report
from provision.formats.delimited import Coded, parse
from provision.formats.tables import Field, FieldTable
from provision.formats.textfile import blocks, check, undecodable

CHUNK = 8 * 1024 * 1024
#: Field-table indexes from here on are made by the reader.
DERIVED = 900
#: Rows of one stay at most, where they are delivered together: a hundred codes with serial numbers are a few hundred.
STAY_ROWS = 20_000
FACILITY = r"[0-9]{9}"
DAY = r"[0-9]{8}"
DATA_ID = r"[0-9A-Za-z-]{1,10}"

_AGAIN = "ask the sender for the file again"
_ANOTHER = "this is another kind of file, or another layout; check the source's format, or ask the sender"
_SPACES = b" \r\n"
_WIDE_SPACE = b"\x81\x40"
_NOTHING = "NULL"

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """How many columns a row has (`least` to `most`), and the forms that tell this kind of file from the others.

    `forms`: physical index -> regular expression that every row's value has, spaces around it left out. `every`: all
    columns are read, whatever the field table says of them. `group`: rows that agree in their first so many cells are
    one stay, whose rows stand together and are delivered together; 0: every row for itself.
    """

    table: FieldTable
    least: int
    most: int
    forms: Mapping[int, str]
    every: bool = False
    group: int = 0

    @cached_property
    def physical(self) -> tuple[Field, ...]:
        """Fields of the file, by index."""
        return tuple(f for f in self.table.record("row") if f.index < DERIVED)


@dataclass
class DpcFile:
    """One file being read. `records` counts lines, blank ones left out, the headings included."""

    layout: Layout
    report: Report
    records: int = 0
    rows: int = 0
    width: int = 0
    open_stay: bytes = b""
    held_stays: set[bytes] = field(default_factory=set, repr=False)

    def frames(self, stream: BinaryIO) -> Iterator[tuple[Coded, Rows]]:
        """Raw rows with a column ``c<index>`` per column of the file, and the record number of each row; the next ones
        are parsed ahead, so that counts and held stays may be those of rows still to come.

        Raises `BadFile`: what `textfile` refuses, ``dpc.columns``, ``dpc.layout``, ``dpc.stay_length``, and
        ``file.empty`` where there is no row at all.
        """
        with closing(ahead(self._drawn(stream))) as frames:
            yield from frames

    def _drawn(self, stream: BinaryIO) -> Iterator[tuple[Coded, Rows]]:
        # where stays are kept whole, a block is copied together with the rest of the one before it
        for block in blocks(stream, CHUNK * 3 // 4 if self.layout.group else CHUNK):
            check(block, "cp932", self.records + self.open_stay.count(b"\n"))
            yield from self._frames(block if self.records else self._without_headings(block), last=False)
        yield from self._frames(b"", last=True)
        if not self.rows and self.report.held:
            raise BadFile("text.encoding", remedy=f"no row can be decoded as CP932; {_AGAIN}")
        if not self.rows:
            raise BadFile("file.empty", remedy="the file has headings and no rows; ask the sender for the right file")

    def _without_headings(self, block: bytes) -> bytes:
        """The block without its first line where that holds headings: 施設コード, also written 施設ｺｰﾄﾞ."""
        while block and is_blank(_first_line(block)):
            block = block.partition(b"\n")[2]
        first = _first_line(block)
        cell = first.split(b"\t", 1)[0].decode("cp932", "replace")
        if not unicodedata.normalize("NFKC", cell).strip().startswith("施設"):
            return block
        self.records = 1
        self.report.records += 1
        return block[len(first) + 1 :]

    def _frames(self, block: bytes, last: bool) -> Iterator[tuple[Coded, Rows]]:
        data, self.open_stay = self.open_stay + block, b""
        if self.layout.group and not last:
            data = self._whole_stays(data)
        frame = self._parse(data)
        if frame is not None:
            numbers = np.arange(self.records + 1, self.records + 1 + frame.height, dtype=np.int64)
            taken = frame.height
        else:
            lines = self._lines(data)
            frame, numbers = self._sound(lines)
            taken = lines.count
        self._check(frame, numbers)
        self.records += taken
        self.report.records += taken
        self.rows += frame.height
        if frame.height:
            yield frame, numbers

    def _parse(self, data: bytes) -> Coded | None:
        """The rows of `data`; None where lines must be looked at one by one: something in them is not as it should be.

        Blank lines without spaces are left out by the parser.
        """
        self.width = self.width or data.count(b"\t", 0, (data.find(b"\n") + 1 or len(data))) + 1
        if not self.layout.least <= self.width <= self.layout.most or self.held_stays:
            return None
        return parse(data, self._names, "cp932", blank=_NOTHING)

    @property
    def _names(self) -> list[str]:
        return [f"c{index}" for index in range(self.width)]

    def _lines(self, data: bytes) -> Lines:
        """The lines that are not blank; `BadFile` where one has another number of columns than the file's first row."""
        lines = Lines(b"".join(line + b"\n" for line in data.split(b"\n") if not is_blank(line)))
        lines.cut = data[-1:] != b"\n"
        if not lines.count:
            self.width = self.width if self.rows else 0
            return lines
        self.width = self.width if self.rows else lines.columns(0)
        at = lines.unlike(self.width) if self.layout.least <= self.width <= self.layout.most else 0
        if at >= 0:
            undecodable(data, "cp932", self.records)  # a file that was cut off in a character says so
            expected = f"{self.layout.least} columns in every row expected"
            raise BadFile("dpc.columns", record=self.records + at + 1, remedy=f"{expected}; {_ANOTHER}")
        return lines

    def _whole_stays(self, data: bytes) -> bytes:
        """The lines up to the last stay, which may go on in the next block and is kept back."""
        cut = begin = _line_before(data, len(data))
        key, rows = _key(data[begin:], self.layout.group), 1
        while begin and _key(data[(begin := _line_before(data, cut)) : cut], self.layout.group) == key:
            cut, rows = begin, rows + 1
            if rows > STAY_ROWS:
                record = self.records + data.count(b"\n", 0, cut) + 1
                raise BadFile("dpc.stay_length", record=record, remedy="no stay has so many rows; ask the sender")
        self.open_stay = data[cut:]
        return data[:cut]

    def _sound(self, lines: Lines) -> tuple[Coded, Rows]:
        """The rows that can be taken; the others are held, with the rows of their stay."""
        bad = np.zeros(lines.count, np.bool_)
        bad[[record - self.records - 1 for record in undecodable(lines.data, "cp932", self.records)]] = True
        if self.layout.group:
            keys = [_key(lines.line(at), self.layout.group) for at in range(lines.count)]
            self.held_stays.update(keys[int(at)] for at in np.flatnonzero(bad))
            bad = np.array([key in self.held_stays for key in keys], np.bool_)
        for at in np.flatnonzero(bad):
            self.report.hold(self.records + int(at) + 1, "text.encoding", lines.line(int(at)))
        kept = np.flatnonzero(~bad)
        if not len(kept):
            return Coded(pl.DataFrame(), {}), kept
        frame = parse(b"".join(lines.line(int(at)) for at in kept), self._names, "cp932", blank=_NOTHING)
        if frame is None:
            raise BadFile("dpc.columns", record=self.records + 1, remedy=_ANOTHER)
        return frame, kept + self.records + 1

    def _check(self, frame: Coded, numbers: Rows) -> None:
        """Surplus columns are counted; `BadFile` ``dpc.layout`` where a row has not the forms of this kind of file."""
        surplus = self.width > len(self.layout.physical) and not self.layout.every
        self.report.warn("dpc.surplus_columns", frame.height if surplus else 0)
        names = {f.index: f.column.name for f in self.layout.physical}
        if not frame.height:
            return
        fits = [
            pl.lit(frame.words[f"c{index}"]).str.strip_chars(" ").str.contains(f"^(?:{form})$").all().alias(str(index))
            for index, form in self.layout.forms.items()
        ]
        index = next((int(name) for name, holds in pl.select(fits).row(0, named=True).items() if not holds), -1)
        if index >= 0:
            form = self.layout.forms[index]
            unlike = frame.where(f"c{index}", lambda word: ~word.str.strip_chars(" ").str.contains(f"^(?:{form})$"))
            at = int(unlike.arg_max() or 0)
            raise BadFile("dpc.layout", record=int(numbers[at]), field=names[index], remedy=_ANOTHER)


class Lines:
    """The lines of a block that needs a closer look, each with its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        raw = np.frombuffer(data, np.uint8)
        self.ends = np.flatnonzero(raw == 0x0A)
        self.starts = np.concatenate((np.zeros(min(1, len(self.ends)), np.int64), self.ends[:-1] + 1))

    #: Whether the last line came without an end.
    cut = False

    @property
    def given(self) -> bytes:
        """The lines, the last as it came."""
        return self.data[:-1] if self.cut else self.data

    @property
    def count(self) -> int:
        """Number of lines."""
        return len(self.ends)

    def line(self, at: int) -> bytes:
        """A line with its end."""
        return self.data[int(self.starts[at]) : int(self.ends[at]) + 1]

    def columns(self, at: int) -> int:
        """Columns of a line."""
        return self.line(at).count(b"\t") + 1

    def unlike(self, columns: int) -> int:
        """The first line that has another number of columns, -1 where there is none."""
        return next((at for at in range(self.count) if self.columns(at) != columns), -1)


def _first_line(data: bytes) -> bytes:
    """The first line without its end; the rest, which may be large, is not copied."""
    end = data.find(b"\n")
    return data if end < 0 else data[:end]


def _line_before(data: bytes, end: int) -> int:
    """Where the line begins that ends at `end`."""
    return data.rfind(b"\n", 0, max(0, end - 1)) + 1


def _key(line: bytes, cells: int) -> bytes:
    """The first cells of a line."""
    return b"\t".join(line.split(b"\t", cells)[:cells])


def is_blank(line: bytes) -> bool:
    """True where a line has nothing but spaces, half or full width."""
    return not line.replace(_WIDE_SPACE, b"").strip(_SPACES)
