"""Rows of delimited text with headings: CP932 or UTF-8, quoted or not, in bounded memory.

A block whose quotes are regular (around whole cells, no quote or line break inside) is parsed by Arrow; any other is
read by the `csv` module, strictly. A row with undecodable bytes is held. `Utf16` makes UTF-8 of UTF-16.
"""

from __future__ import annotations

import csv
from codecs import getincrementaldecoder
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, Protocol, cast

import numpy as np
import polars as pl

from provision.formats.base import BadFile, Report
from provision.formats.delimited import Coded, parse
from provision.formats.quotes import quoted_whole
from provision.formats.textfile import LINE_LIMIT, blocks, check, decode, is_utf8, undecodable

BOM = b"\xef\xbb\xbf"
CHUNK = 8 * 1024 * 1024
SLICE = 1024 * 1024  # what is looked at in one go stays in the processor's cache

_AGAIN = "ask the sender for the file again"
_QUOTE, _LF, _CR = b'"\n\r'

Row = tuple[int, int, list[str]]  # numbers of its first and last line, cells


class Readable(Protocol):
    """All that is asked of a stream."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, none at the end."""


@dataclass
class CsvFile:
    """One file being read: the header first, then its rows in frames with a column ``c<place>`` per heading.

    `family` is the first word of its rules. The header is record `header_row`; the cells above it go into `above`. Of
    several `separators` (none that CP932 has inside a character) it is the first that gives a header which `accepts`
    takes, else the first. `encoding` is cp932 or utf-8, "" where the bytes are to tell.
    """

    stream: Readable
    report: Report
    family: str = "ledger"
    separators: Sequence[str] = (",",)
    header_row: int = 1
    encoding: str = ""
    accepts: Callable[[Sequence[str]], bool] = bool
    header: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    separator: str = ","
    lines: int = 0

    def frames(self) -> Iterator[Coded]:
        """The rows, without blank ones; the first frame has none and comes when the header is known.

        Raises `BadFile`: what `textfile` refuses, ``<family>.quotes`` and ``<family>.columns``.
        """
        rest, begun = b"", False
        for block in blocks(cast(BinaryIO, self.stream), CHUNK):
            if not begun:
                begun, self.encoding = True, self.encoding or encoding_of(block)
                block = block.removeprefix(BOM)
            check(block, self.encoding, self.lines + rest.count(b"\n"))
            rest = yield from self._whole(rest + block, last=False)
        yield from self._whole(rest, last=True)

    def _whole(self, data: bytes, last: bool) -> Generator[Coded, None, bytes]:
        """Frames of the whole records of `data`; what may go on in the next block is given back."""
        end = len(data) if last else _end_of_records(data)
        if len(data) - end > LINE_LIMIT:
            record = self.lines + data.count(b"\n") + 1
            raise BadFile("text.line_length", record=record, remedy=f"a record has at most 64 KiB; {_AGAIN}")
        if not end and not last:
            return data
        records = data[:end]
        if not self.header:
            records = self._without_header(records)
            yield Coded(pl.DataFrame(), {})
        if records:
            yield self._frame(records)
            self.lines += records.count(b"\n")
        return data[end:]

    def _without_header(self, records: bytes) -> bytes:
        ends = [0, *islice(_record_ends(records), self.header_row)]
        ends += [len(records)] * (self.header_row + 1 - len(ends))
        lead = self.lines + records.count(b"\n", 0, ends[-2])
        rows = self._first_rows(decode(records[: ends[-1]], self.encoding, 0), lead)
        self.header = _header(rows, lead)
        self.above = [cell for first, _, row in rows if first <= lead for cell in row]
        self.lines += records.count(b"\n", 0, ends[-1])
        return records[ends[-1] :]

    def _first_rows(self, text: str, lead: int) -> list[Row]:
        """The rows down to the header, by the separator that gives a header. Raises `BadFile` ``<family>.quotes``."""
        tried: dict[str, list[Row]] = {}
        refusal: BadFile | None = None
        for separator in self.separators:
            try:
                tried[separator] = list(_rows(text, self.lines, separator, self.family))
            except BadFile as error:  # quotes stand otherwise where another separator is meant
                refusal = refusal or error
        if refusal is not None and not tried:
            raise refusal
        taken = (each for each, rows in tried.items() if self.accepts(_header(rows, lead)))
        self.separator = next(taken, next(iter(tried)))
        return tried[self.separator]

    def _frame(self, records: bytes) -> Coded:
        names = [f"c{place}" for place in range(len(self.header))]
        quoted = b'"' in records
        if len(names) > 1 and (not quoted or _is_regular(records, ord(self.separator))):
            frame = parse(records, names, self.encoding, separator=self.separator, quoted=quoted)
            if frame is not None:
                return _without_blank(frame)
        return self._by_csv(records, names)

    def _by_csv(self, records: bytes, names: list[str]) -> Coded:
        bad = undecodable(records, self.encoding, self.lines)
        raw = records.split(b"\n")
        text = decode(records, self.encoding, self.lines) if not bad else records.decode(self.encoding, "replace")
        taken = []
        for first, last, row in _rows(text, self.lines, self.separator, self.family):
            if not bad.keys().isdisjoint(range(first, last + 1)):
                own = b"".join(line + b"\n" for line in raw[first - self.lines - 1 : last - self.lines])
                self.report.hold(first, "text.encoding", own)
                self.report.records += 1
            elif len(row) != len(names):
                remedy = f"the header has another number of columns; {_AGAIN}"
                raise BadFile(f"{self.family}.columns", record=first, remedy=remedy)
            else:
                taken.append(row)
        numbers = pl.int_range(len(taken), dtype=pl.UInt32, eager=True)
        words = {n: pl.Series([row[at] for row in taken], dtype=pl.String) for at, n in enumerate(names)}
        return Coded(pl.DataFrame(dict.fromkeys(names, numbers)), words)


class Utf16:
    """A stream of UTF-16 text as one of UTF-8. Its `read` raises `BadFile` ``text.encoding`` for what is none."""

    def __init__(self, stream: Readable) -> None:
        self._stream, self._decoder = stream, getincrementaldecoder("utf-16")()
        self._kept, self._ended = b"", False

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes of the text in UTF-8: `size` of them, fewer only at the end."""
        while not self._ended and (size < 0 or len(self._kept) < size):
            piece = self._stream.read(1 << 16)
            self._ended = not piece
            self._kept += self._decoded(piece).encode("utf-8")
        size = len(self._kept) if size < 0 else size
        block, self._kept = self._kept[:size], self._kept[size:]
        return block

    def _decoded(self, piece: bytes) -> str:
        try:
            return self._decoder.decode(piece, final=self._ended)
        except UnicodeError:  # it holds what could not be decoded
            pass
        raise BadFile("text.encoding", remedy=f"expected UTF-16 as its first bytes say; {_AGAIN}")


def _header(rows: Sequence[Row], lead: int) -> list[str]:
    """The cells of the first row behind line `lead`."""
    return next((row for first, _, row in rows if first > lead), [])


def encoding_of(block: bytes) -> str:
    """utf-8 or cp932, told by the byte order mark, else the header, else (a header in ASCII) the first block."""
    header = block.split(b"\n", 1)[0]
    sample = block if header.isascii() else header
    return "utf-8" if sample.startswith(BOM) or sample.isascii() or is_utf8(sample) else "cp932"


def _rows(text: str, before: int, separator: str, family: str) -> Iterator[Row]:
    """Rows of whole records; blank ones are left out. Raises `BadFile` ``<family>.quotes``."""
    lines = [line + "\n" for line in text.split("\n")]
    reader = csv.reader(lines, strict=True, delimiter=separator)
    at = 0
    while at < len(lines):
        row: list[str] | None = None
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            pass  # its message may carry values
        first, at = at, reader.line_num
        if row is None or sum(line.count('"') for line in lines[first:at]) % 2:
            remedy = f"quotation marks do not pair up; {_AGAIN}"
            raise BadFile(f"{family}.quotes", record=before + first + 1, remedy=remedy)
        if sum(map(len, lines[first:at])) > LINE_LIMIT:
            raise BadFile("text.line_length", record=before + at, remedy=f"a record has at most 64 KiB; {_AGAIN}")
        if any(cell.strip() for cell in row):
            yield before + first + 1, before + at, row


def _record_ends(data: bytes) -> Iterator[int]:
    """Ends of the lines that end outside quotes."""
    at = quotes = 0
    while (end := data.find(b"\n", at) + 1) > 0:
        quotes += data.count(b'"', at, end)
        at = end
        if quotes % 2 == 0:
            yield end


def _end_of_records(data: bytes) -> int:
    """End of the last line that ends outside quotes; 0 where there is none."""
    raw = np.frombuffer(data, np.uint8)
    end = data.rfind(b"\n") + 1
    if np.count_nonzero(raw[:end] == _QUOTE) % 2 == 0:
        return end
    ends = np.flatnonzero(raw == _LF)
    outside = np.flatnonzero(np.searchsorted(np.flatnonzero(raw == _QUOTE), ends) % 2 == 0)
    return int(ends[outside[-1]]) + 1 if len(outside) else 0


def _is_regular(data: bytes, separator: int) -> bool:
    """True where every quote stands at the edge of a cell, and no line ends inside quotes.

    Then every line pairs its own quotes, so that slices of whole lines can be looked at on their own.
    """
    at, raw = 0, np.frombuffer(data, np.uint8)
    while at < len(data):
        end = data.rfind(b"\n", at, at + SLICE) + 1 or data.find(b"\n", at) + 1 or len(data)
        if not quoted_whole(raw[at:end], commas=True, separator=separator):
            return False
        at = end
    return True


def _without_blank(frame: Coded) -> Coded:
    """Without rows of which every cell is blank."""
    blank = np.ones(frame.height, np.bool_)
    for name in frame.words:
        if not blank.any():
            return frame
        blank &= frame.where(name, lambda word: word.str.strip_chars() == "").to_numpy()
    return frame.only(~blank)
