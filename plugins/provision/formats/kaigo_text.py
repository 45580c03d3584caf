"""The text of 国保連 files as bytes: blocks of whole claims, quotes and padding taken off, lines and items found.

Physical file: CP932, CR LF, items quoted or not (one billing program quotes every item, others none; grade C). CP932
never uses the bytes of comma, quote, CR or LF inside a character, so lines and items are found as bytes by numpy. Only
lines with a comma or a quote inside an item go through `csv`: no column that is kept may hold one, so it is replaced.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from provision.formats.base import BadFile
from provision.formats.quotes import quoted_whole
from provision.formats.textfile import blocks, decode, undecodable, without

#: Bytes read at a time; parcels are about as long.
BLOCK = 8 * 1024 * 1024
AGAIN = "ask the sender for the file again"

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
Texts = npt.NDArray[np.bytes_]

_ALL = slice(None)
_PAD = 64  # bytes behind the last line, so that looking past its end needs no care
_BEYOND = bytes(range(0x80, 0x100))
_BLANK = re.compile(rb"(?m)^(?:\x1a|[ \t]*\r?\n)+")
_AROUND = re.compile(rb"[ \t]*([,\n])[ \t]*")
_STANDS_FOR = str.maketrans({",": "\x1f", '"': "\x1f"})


def pages(stream: BinaryIO, key: Callable[[bytes], object]) -> Iterator[bytes]:
    """Blocks of whole records that end where `key` of the records changes, so that no claim is cut.

    Blank lines and the marks 0x1A between joined files are gone. Raises `BadFile` as `textfile.blocks` does, and
    ``kaigo.claim_length`` where the records of one key are longer than four blocks.
    """
    held = b""
    for block in blocks(stream, BLOCK):
        cut = _last_change(held, key)
        if cut:
            yield held[:cut]
            held = held[cut:]
        elif len(held) > 4 * BLOCK:
            raise BadFile("kaigo.claim_length", remedy=f"no claim has so many records; {AGAIN}")
        held += _BLANK.sub(b"", block) if _has_blanks(block) else block
    if held:
        yield held


def _has_blanks(block: bytes) -> bool:
    """Whether a line begins with a line end, a space or 0x1A."""
    raw = np.frombuffer(block, np.uint8)
    first = raw[np.flatnonzero(raw[:-1] == 0x0A) + 1]
    return block[0] <= 0x20 or bool((first <= 0x20).any())


def _last_change(block: bytes, key: Callable[[bytes], object]) -> int:
    """Where the last run of records with one key begins."""
    end = len(block)
    last: object = None
    while end > 0:
        start = block.rfind(b"\n", 0, end - 1) + 1
        found = key(block[start:end])
        if last is not None and found != last:
            return end
        last, end = found, start
    return 0


@dataclass(frozen=True)
class Clean:
    """Records without quotes, padding and CR, each ended by a line feed. `bad` are the numbers (from 0) of lines with
    undecodable bytes, which stand as question marks: such a record is never handed on."""

    data: bytes
    bad: tuple[int, ...] = ()


def clean(block: bytes, before: int) -> Clean:
    """The records of a block; `before` is the number of records before it in the file.

    Raises `BadFile`: ``text.control`` and ``text.encoding`` as `textfile.undecodable` and `textfile.decode` do,
    ``kaigo.quotes`` where quotation marks do not pair up or stand inside an item without being doubled.
    """
    bad: tuple[int, ...] = ()
    if _has_controls(block):  # which one, and where; they are looked for in ASCII only, as no other character has them
        undecodable(block.translate(None, _BEYOND), "cp932", before)
    if not block.isascii():
        bad = _undecodable(block, before)
        block = _masked(block, bad) if bad else block
    if b'"' in block:
        block = _regular(block, before)
    data = block.translate(None, b'\r"')
    if b" " in data or b"\t" in data:
        data = _AROUND.sub(rb"\1", data).lstrip(b" \t")
    return Clean(data if data.endswith(b"\n") else data + b"\n", bad)


def _has_controls(block: bytes) -> bool:
    """Whether there is a control byte but tabs and line ends, or a carriage return alone."""
    raw = np.frombuffer(block, np.uint8)
    low = np.flatnonzero(raw < 0x20)  # one look at everything: few bytes are below, and they are looked at again
    kinds = raw[low]
    returns = low[kinds == 0x0D]
    alone = returns.size and (returns[-1] == len(raw) - 1 or bool((raw[returns + 1] != 0x0A).any()))
    allowed = len(returns) + np.count_nonzero(kinds == 0x0A) + np.count_nonzero(kinds == 0x09)
    return bool(alone) or len(low) != allowed or b"\x7f" in block


def _undecodable(block: bytes, before: int) -> tuple[int, ...]:
    """Lines (from 0) that are no CP932. Of the few lines beyond ASCII, only what is from the first such byte to the one
    behind the last is looked at (a lead byte may have a trail byte of ASCII); of the last one all that follows."""
    raw = np.frombuffer(block, np.uint8)
    high = np.flatnonzero(raw >= 0x80)
    beyond, first = np.unique(np.searchsorted(np.flatnonzero(raw == 0x0A), high), return_index=True)
    starts, lasts = high[first].tolist(), high[np.concatenate((first[1:], [len(high)])) - 1].tolist()
    parts = [block[start : last + 2].rstrip(b"\n") for start, last in zip(starts, lasts, strict=True)]
    parts[-1] = block[starts[-1] : (block.find(b"\n", lasts[-1]) + 1) or len(block)]
    joined = b"\n".join(parts)
    try:
        bad = undecodable(joined, "cp932", 0)
        decode(without(joined, 0, bad) if bad else joined, "cp932", 0)
    except BadFile as error:
        record = before + int(beyond[error.record - 1]) + 1 if error.record else 0
        found = BadFile(error.rule, record=record, remedy=error.remedy)
    else:
        return tuple(int(beyond[number - 1]) for number in bad)
    raise found


def _split(block: bytes) -> list[bytes]:
    """Lines by line feed only, each with its end."""
    parts = block.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _masked(block: bytes, bad: tuple[int, ...]) -> bytes:
    lines = _split(block)
    for at in bad:
        lines[at] = bytes(byte if byte < 0x80 else 0x3F for byte in lines[at])
    return b"".join(lines)


def _regular(block: bytes, before: int) -> bytes:
    """The block with every line's quotes around whole items only, so that they can be left out."""
    raw = np.frombuffer(block, np.uint8)
    if quoted_whole(raw):
        return block
    quote, feed = raw == 0x22, raw == 0x0A
    inside = np.bitwise_xor.accumulate(quote.view(np.uint8)).view(np.bool_)
    odd = feed & inside
    if inside[-1] or odd.any():
        raise _quotes(before + block.count(b"\n", 0, int(odd.argmax()) if odd.any() else len(block)) + 1)
    lines, ends = _split(block), np.flatnonzero(feed)
    for at in np.unique(np.searchsorted(ends, np.flatnonzero(quote))).tolist():
        if not quoted_whole(np.frombuffer(lines[at], np.uint8)):
            lines[at] = _by_csv(lines[at], before + at + 1)
    return b"".join(lines)


def _by_csv(line: bytes, record: int) -> bytes:
    """One line without quotes; commas and quotes inside items become a character that no kept column may hold."""
    try:
        row = next(csv.reader([line.decode("latin-1").rstrip("\r\n")], strict=True), [])
    except csv.Error:
        row = []
    if not row:
        raise _quotes(record)
    return ",".join(item.translate(_STANDS_FOR) for item in row).encode("latin-1") + b"\n"


def _quotes(record: int) -> BadFile:
    return BadFile("kaigo.quotes", record=record, remedy=f"quotation marks do not pair up; {AGAIN}")


class Lines:
    """Lines and items of clean records. Lines and items count from 0."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.padded = np.frombuffer(data + b"," + b"\0" * _PAD, np.uint8)
        self.ends: Positions = np.flatnonzero(self.padded == 0x0A)
        self.starts: Positions = np.concatenate(([0], self.ends[:-1] + 1)).astype(np.int64)
        self.commas: Positions = np.flatnonzero(self.padded == 0x2C)  # and one behind the last line
        upto = np.searchsorted(self.commas, self.ends)
        self.first: Positions = np.concatenate(([0], upto[:-1]))
        #: How many items each line has.
        self.items: Positions = upto - self.first + 1

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.ends)

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """The first item of every line where it is one byte, else 0."""
        alone = (self.padded[self.starts + 1] == 0x2C) | (self.ends == self.starts + 1)
        return np.where(alone, self.padded[self.starts], 0).astype(np.uint8)

    def span(self, item: int, last: int, rows: Positions | slice = _ALL) -> tuple[Positions, Positions]:
        """Start and length of the items from `item` to `last`, the commas between them counted, in every line (or
        in `rows`); a length of 0 where a line has no such item."""
        first, ends = self.first[rows], self.ends[rows]
        limit = len(self.commas) - 1
        starts = self.starts[rows] if item == 0 else self.commas[np.minimum(first + (item - 1), limit)] + 1
        length = np.minimum(self.commas[np.minimum(first + last, limit)], ends) - starts
        length[self.items[rows] <= item] = 0
        return starts, length

    def text(self, item: int, width: int, last: int = -1, rows: Positions | slice = _ALL) -> Texts:
        """An item (or the items to `last`) of every line, or of `rows`, as bytes of at most `width` (up to 64); longer
        ones are ``!``."""
        starts, length = self.span(item, max(item, last), rows)
        windows = np.ndarray((len(self.padded) - width + 1,), f"V{width}", self.padded.data, strides=(1,))
        found = windows[np.minimum(starts, len(self.data))].view(np.uint8).reshape(-1, width)
        usual = int(length.max(initial=0))
        found[:, usual:] = 0
        short = np.flatnonzero(length < usual)
        if short.size:
            found[short] *= np.arange(width) < length[short, None]
        texts = found.view(f"S{width}").ravel()
        if usual > width:
            texts[length > width] = b"!"
        return texts

    def number(self, item: int) -> Positions:
        """An item as a number written without leading zeros, -1 where it is none (or has more than nine digits)."""
        starts, length = self.span(item, item)
        starts = np.minimum(starts, len(self.data))
        good = (length > 0) & (length <= 9) & (self.padded[starts] != 0x30)
        value = np.zeros(self.count, np.int64)
        for place in range(int(min(length.max(initial=0), 9))):
            digit = self.padded[starts + place].astype(np.int64) - 0x30
            within = length > place
            good &= ~within | ((digit >= 0) & (digit <= 9))
            value = np.where(within, value * 10 + digit, value)
        return np.where(good, value, -1)

    def take(self, lines: Mask, above: bytes) -> bytes:
        """The bytes of the masked lines below a line `above`. Neighbouring lines are copied in one piece."""
        edges = np.flatnonzero(np.diff(np.concatenate(([False], lines, [False])).view(np.int8)))
        firsts, lasts = self.starts[edges[::2]], self.ends[edges[1::2] - 1] + 1
        data = self.data
        runs = zip(firsts.tolist(), lasts.tolist(), strict=True)
        return b"".join([above, *[data[first:last] for first, last in runs]])
