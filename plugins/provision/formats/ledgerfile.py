"""Rows of a member ledger: CSV in CP932 or UTF-8, quoted or not, in bounded memory.

A block whose quotes are regular (around whole cells, no quote or line break inside) is parsed by Arrow; any other is
read by the `csv` module, strictly. A row with undecodable bytes is held.
"""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

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
_COMMA, _QUOTE, _LF, _CR = b',"\n\r'

Row = tuple[int, int, list[str]]  # numbers of its first and last line, cells


@dataclass
class LedgerFile:
    """One file being read: the header first, then its rows in frames with a column ``c<place>`` per heading."""

    stream: BinaryIO
    report: Report
    header: list[str] = field(default_factory=list)
    lines: int = 0
    _encoding: str = ""

    def frames(self) -> Iterator[Coded]:
        """The rows, without blank ones; the first frame has none and comes when the header is known.

        Raises `BadFile`: what `textfile` refuses, ``ledger.quotes`` and ``ledger.columns``.
        """
        rest = b""
        for block in blocks(self.stream, CHUNK):
            if not self._encoding:
                self._encoding = encoding_of(block)
                block = block.removeprefix(BOM)
            check(block, self._encoding, self.lines + rest.count(b"\n"))
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
        end = next(_record_ends(records), len(records))
        rows = list(_rows(decode(records[:end], self._encoding, 0), self.lines))
        self.header = rows[0][2] if rows else []
        self.lines += records.count(b"\n", 0, end)
        return records[end:]

    def _frame(self, records: bytes) -> Coded:
        names = [f"c{place}" for place in range(len(self.header))]
        quoted = b'"' in records
        if len(names) > 1 and (not quoted or _is_regular(records)):
            frame = parse(records, names, self._encoding, separator=",", quoted=quoted)
            if frame is not None:
                return _without_blank(frame)
        return self._by_csv(records, names)

    def _by_csv(self, records: bytes, names: list[str]) -> Coded:
        bad = undecodable(records, self._encoding, self.lines)
        raw = records.split(b"\n")
        text = decode(records, self._encoding, self.lines) if not bad else records.decode(self._encoding, "replace")
        taken = []
        for first, last, row in _rows(text, self.lines):
            if not bad.keys().isdisjoint(range(first, last + 1)):
                own = b"".join(line + b"\n" for line in raw[first - self.lines - 1 : last - self.lines])
                self.report.hold(first, "text.encoding", own)
                self.report.records += 1
            elif len(row) != len(names):
                raise BadFile(
                    "ledger.columns", record=first, remedy=f"the header has another number of columns; {_AGAIN}"
                )
            else:
                taken.append(row)
        numbers = pl.int_range(len(taken), dtype=pl.UInt32, eager=True)
        words = {n: pl.Series([row[at] for row in taken], dtype=pl.String) for at, n in enumerate(names)}
        return Coded(pl.DataFrame(dict.fromkeys(names, numbers)), words)


def encoding_of(block: bytes) -> str:
    """utf-8 or cp932, told by the byte order mark, else the header, else (a header in ASCII) the first block."""
    header = block.split(b"\n", 1)[0]
    sample = block if header.isascii() else header
    return "utf-8" if sample.startswith(BOM) or sample.isascii() or is_utf8(sample) else "cp932"


def _rows(text: str, before: int) -> Iterator[Row]:
    """Rows of whole records; blank ones are left out. Raises `BadFile` ``ledger.quotes``."""
    lines = [line + "\n" for line in text.split("\n")]
    reader = csv.reader(lines, strict=True)
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
            raise BadFile("ledger.quotes", record=before + first + 1, remedy=remedy)
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


def _is_regular(data: bytes) -> bool:
    """True where every quote stands at the edge of a cell, and no line ends inside quotes.

    Then every line pairs its own quotes, so that slices of whole lines can be looked at on their own.
    """
    at, raw = 0, np.frombuffer(data, np.uint8)
    while at < len(data):
        end = data.rfind(b"\n", at, at + SLICE) + 1 or data.find(b"\n", at) + 1 or len(data)
        if not quoted_whole(raw[at:end], commas=True):
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
