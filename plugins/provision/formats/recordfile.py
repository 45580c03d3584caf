"""Reading files of comma-separated records that begin with a record kind (the UKE family), in bounded memory.

CP932 never uses the bytes of comma, quote, CR or LF inside a character, so lines are cut, counted and grouped as
bytes; only cells with Japanese in them are decoded, strictly. Columns are made by `recordcells`, one record kind at a
time; what it does not take is parsed by Polars.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats.base import BadFile
from provision.formats.recordcells import FRONT, Cells, Positions, Reading, framed
from provision.formats.recordtext import OTHERS, as_cp932, decodes, is_clearly_cp932, mostly_half_width

CHUNK = 8 * 1024 * 1024
LINE_LIMIT = 64 * 1024  # the longest record of any UKE edition has about 2,500 bytes

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\xef\xbb\xbf": "UTF-8 with a byte order mark"}

#: Bytes that no record has: 0x22 is 「使用しない」, ESC begins ISO-2022-JP, whose text holds commas, NUL is no text.
_FORBIDDEN = {
    b'"': ("uke.quote", "UKE has no quotes; is this another format?"),
    b"\x1b": ("uke.encoding", "the text is ISO-2022-JP; ask the sender for Shift_JIS"),
    b"\0": ("uke.not_text", "there are bytes in it that no text has; ask the sender for the file again"),
}


def chunks(stream: BinaryIO, boundary: bytes, size: int = CHUNK) -> Iterator[bytes]:
    """Blocks of whole lines that end just before a line starting with `boundary` (``b"RE,"``), so that no claim is
    cut; blank lines and 0x1A at the end of the file are gone. Raises `BadFile` for a file in another encoding, a line
    over `LINE_LIMIT` or a claim over `size`, without reading further."""
    rest, first = b"", True
    while block := stream.read(size):
        if first:
            refuse_other_encodings(block[:4096])
            first = False
        data = rest + block
        if len(data) > LINE_LIMIT and data.rfind(b"\n", len(data) - LINE_LIMIT) < 0:
            raise BadFile("uke.line_too_long", remedy="a record has at most 64 KiB; ask the sender for the file again")
        cut = data.rfind(b"\n" + boundary) + 1
        if cut:
            yield data[:cut]
        elif len(data) > 2 * size:
            raise BadFile(
                "uke.claim_too_long", remedy="no claim has so many records; ask the sender for the file again"
            )
        rest = data[cut:]
    if rest := rest.rstrip(b"\r\n\x1a"):
        yield rest + b"\n"


def refuse_other_encodings(head: bytes) -> None:
    """Raise `BadFile` for byte order marks and NUL bytes: UTF-16, UTF-8 with BOM, or no text at all."""
    for mark, name in _BOMS.items():
        if head.startswith(mark):
            raise BadFile("uke.encoding", remedy=f"the file is {name}; the specification asks for Shift_JIS")
    if b"\0" in head:
        raise BadFile("uke.not_text", remedy="this is not a text file of claims; ask the sender for the right file")


@dataclass
class Lines:
    """The lines of one chunk. `offset` is the number of records before it in the file; cells of the `unread` kinds of
    records are not looked for, nor whether they are text. Set these before asking for either."""

    data: bytes
    offset: int
    unread: Sequence[str] = ()

    @cached_property
    def _framed(self) -> npt.NDArray[np.uint8]:
        return framed(self.data)

    @property
    def padded(self) -> npt.NDArray[np.uint8]:
        """The chunk's bytes and a few commas behind them, so that looking past a line's end needs no care."""
        return self._framed[FRONT:]

    @property
    def raw(self) -> npt.NDArray[np.uint8]:
        """The chunk's bytes."""
        return self.padded[: len(self.data)]

    @cached_property
    def ends(self) -> Positions:
        """Position of each line feed; a last line without one ends at the end."""
        found = np.flatnonzero(self.raw == 0x0A).astype(np.int64)
        return found if self.data.endswith(b"\n") else np.append(found, len(self.data))

    @cached_property
    def starts(self) -> Positions:
        """Position of each line's first byte."""
        return np.concatenate(([0], self.ends[:-1] + 1)).astype(np.int64)

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint16]:
        """The two bytes of each line's record kind as one number."""
        pairs = np.ndarray((len(self.padded) - 1,), ">u2", self.padded, strides=(1,))
        return pairs[self.starts].astype(np.uint16)

    @cached_property
    def commas(self) -> npt.NDArray[np.integer]:
        """How many commas each line has."""
        is_comma = self.raw == 0x2C
        # 8 bits are four times as fast as more; the sum tells whether any line has over 255 commas
        commas = np.add.reduceat(is_comma.view(np.uint8), self.starts, dtype=np.uint8)
        if int(commas.sum(dtype=np.int64)) != np.count_nonzero(is_comma):
            return np.add.reduceat(is_comma.view(np.uint8), self.starts, dtype=np.int32)
        return commas

    @cached_property
    def cells(self) -> Cells:
        """The cells of all lines but the unread ones."""
        return Cells(self._framed, len(self.data), self.starts, self.commas, self._read)

    @cached_property
    def _read(self) -> Reading | None:
        """The lines that are read, and their bytes; None where all are."""
        lines = ~self.is_any(self.unread)
        return None if lines.all() else Reading(lines, np.repeat(lines, np.diff(self.starts, append=len(self.data))))

    def is_kind(self, kind: str) -> npt.NDArray[np.bool_]:
        """Mask of the lines of one record kind."""
        return np.asarray(self.kinds == kind_number(kind))

    def is_any(self, kinds: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Mask of the lines of these record kinds."""
        return among(self.kinds, kinds)

    def part(self, first: int, last: int) -> Lines:
        """The lines from number `first` of this chunk up to `last`, which is no longer among them."""
        if first == 0 and last == len(self.ends):
            return self
        return Lines(self.data[self.starts[first] : self.ends[last - 1] + 1], self.offset + first)

    def record(self, line: int) -> int:
        """Record number in the file, counted from 1, of a line of this chunk."""
        return self.offset + int(line) + 1

    def check_widths(self, widths: Mapping[str, tuple[int, int]], surplus: int = 0) -> dict[str, int]:
        """Raise `BadFile` where a record has fewer or more columns (the kind counted) than its kind may have.

        Parsing would not notice: columns behind the last one wanted are never looked at. Up to `surplus` more are
        allowed; the answer is how many records of which kind have more.
        """
        commas, more = self.commas, dict[str, int]()
        for kind, (least, most) in widths.items():
            mask = self.is_kind(kind)
            self._stop(mask & (commas < least - 1), "uke.too_few_columns")
            self._stop(mask & (commas > most - 1 + surplus), "uke.too_many_columns")
            if surplus and (count := int((mask & (commas > most - 1)).sum())):
                more[kind] = count
        return more

    def take(self, mask: npt.NDArray[np.bool_]) -> bytes:
        """The bytes of the masked lines, each with its line feed. Neighbouring lines are copied in one piece."""
        edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).view(np.int8)))
        firsts, lasts = self.starts[edges[::2]], self.ends[edges[1::2] - 1] + 1
        view = memoryview(self.data)
        taken = b"".join([view[first:last] for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)])
        return taken if not taken or taken.endswith(b"\n") else taken + b"\n"

    def check_form(self, kinds: Sequence[str]) -> None:
        """Raise `BadFile` for unknown kinds, missing commas, quotes, escapes and records over the limit."""
        self._stop(~self.is_any(kinds), "uke.unknown_record")
        self._stop(self.padded[self.starts + 2] != 0x2C, "uke.unknown_record")
        self._stop(self.ends - self.starts > LINE_LIMIT, "uke.line_too_long")
        for byte, (rule, remedy) in _FORBIDDEN.items():
            at = self.data.find(byte)
            if at >= 0:
                raise BadFile(rule, record=self.record(int(np.searchsorted(self.ends, at))), remedy=remedy)

    def damaged(self) -> Positions:
        """The lines that are not CP932, of all kinds but the unread ones.

        Raises `BadFile` ``uke.encoding`` where the text is UTF-8 or EUC-JP, or was before it was damaged.
        """
        if is_clearly_cp932(self._beyond_ascii()):
            return np.zeros(0, np.int64)
        mask = self._non_ascii()
        mask &= ~self.is_any(self.unread)[: len(mask)]
        text = self.take(mask)
        if (decoded := as_cp932(text)) is None:
            lines = text.split(b"\n")[:-1]
            wrong = [number for number, line in enumerate(lines) if as_cp932(line) is None]
            other = any(sum(decodes(line, name) for line in lines) * 2 > len(lines) for name in OTHERS)
        else:
            wrong, other = [], decodes(text, "utf-8") or (mostly_half_width(decoded) and decodes(text, "euc_jp"))
        if other:
            raise BadFile("uke.encoding", remedy="the text is UTF-8 or EUC-JP; ask the sender for Shift_JIS")
        return np.flatnonzero(mask)[wrong].astype(np.int64)

    def _beyond_ascii(self) -> bytes:
        """The bytes that are no ASCII, and the one behind each, of all lines but the unread ones.

        A byte behind an ASCII byte begins a character, in any of the encodings, whatever stood before: so what is left
        out is characters of its own, and the rest decodes as it does among them.
        """
        raw = self.raw
        high = raw >= 0x80
        if self._read is not None:
            high &= self._read.bytes
        kept = high.copy()
        kept[1:] |= high[:-1]
        return raw[kept].tobytes()

    def _non_ascii(self) -> npt.NDArray[np.bool_]:
        starts = self.starts[self.starts < len(self.data)]
        return np.asarray(np.maximum.reduceat(self.raw, starts) >= 0x80)

    def _stop(self, wrong: npt.NDArray[np.bool_], rule: str) -> None:
        if wrong.any():
            line = int(np.flatnonzero(wrong)[0])
            raise BadFile(rule, record=self.record(line), remedy="ask the sender for the file again")

    def parse(
        self,
        mask: npt.NDArray[np.bool_],
        columns: Mapping[str, pl.DataType],
        wanted: Sequence[str],
        *,
        japanese: bool = True,
    ) -> pl.DataFrame:
        """The masked lines as a frame of the `wanted` ones of `columns` (in record order, kind first).

        Missing trailing columns are null, surplus ones are not noticed: see `check_widths`. `japanese=False` says
        that only codes and numbers are wanted. Raises `BadFile` naming record and column where a number is
        none.
        """
        plain = self.cells.frame(mask, columns, wanted, japanese=japanese)
        if plain is not None:
            return plain
        text = self.take(mask)
        if not text.isascii():  # also where only codes are wanted: a text among them must not become another one
            text = text.decode("cp932").encode()
        try:
            return _scan(text, columns, wanted)
        except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
            pass
        raise self._locate(mask, text, columns, wanted)

    def _locate(
        self, mask: npt.NDArray[np.bool_], text: bytes, columns: Mapping[str, pl.DataType], wanted: Sequence[str]
    ) -> BadFile:
        """Find the record that could not be parsed; slow, but only once per broken file."""
        numbers = np.flatnonzero(mask)
        loose = _scan(text, dict.fromkeys(columns, pl.String()), wanted)
        for name in wanted:
            if isinstance(columns[name], pl.String):
                continue
            cast = loose[name].cast(columns[name], strict=False)
            wrong = (cast.is_null() & (loose[name].str.len_bytes() > 0)).to_numpy()
            if wrong.any():
                line = numbers[int(np.flatnonzero(wrong)[0])]
                return BadFile("uke.number", record=self.record(line), field=name, remedy="a number is expected here")
        return BadFile("uke.unreadable", remedy="ask the sender for the file again")


def _scan(text: bytes, columns: Mapping[str, pl.DataType], wanted: Sequence[str]) -> pl.DataFrame:
    """Parse with Polars. The header line fixes the number of columns, so that short lines are filled with null."""
    header = ",".join(columns).encode() + b"\n"
    lazy = pl.scan_csv(
        io.BytesIO(header + text), quote_char=None, schema=dict(columns), encoding="utf8-lossy", eol_char="\n"
    )
    return lazy.select(wanted).collect()


def kind_number(kind: str) -> int:
    """A record kind of two ASCII letters as the number `Lines.kinds` holds."""
    return ord(kind[0]) * 256 + ord(kind[1])


def among(numbers: npt.NDArray[np.uint16], kinds: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Mask of the kinds, as numbers, that are one of these: looked up, which is faster than searching."""
    known = np.zeros(65_536, np.bool_)
    known[[kind_number(kind) for kind in kinds]] = True
    return np.asarray(known[numbers])
