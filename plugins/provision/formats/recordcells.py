"""Cells of comma-separated records as columns, cut where the commas are: no line is copied and no blank cell is read.

Claims are wide and sparse (a dental SS has 109 columns, most of them empty), and every record kind has columns of its
own. The commas of a chunk are found once; a column of a record kind is then two places per line. Cells of ASCII become
a column without being looked at one by one: Arrow's string views (a length and up to 12 bytes, or a place in the
chunk) are filled for the whole column at once. What is not plain (numbers that are none, broken CR) is left to the
careful parser, so that its rules and messages hold for every file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Positions = npt.NDArray[np.int64]
_Places = npt.NDArray[np.int32]
_Mask = npt.NDArray[np.bool_]

FRONT = 4  # bytes before a chunk: room for the length that stands before the bytes of a view
_BEHIND = 16
_INLINE = 12  # longer cells are places in the chunk
_WIDEST = 512  # columns; the widest record of any edition has 125
_SLICE = 128 * 1024  # what is looked at in one go stays in the processor's cache
_COMMA, _LF, _CR = 0x2C, 0x0A, 0x0D


def _masks() -> npt.NDArray[np.uint64]:
    """For every length the bytes of a view that are the cell's: all of the first 4 are the length's."""
    made = np.zeros((_INLINE + 1, 16), np.uint8)
    for length in range(_INLINE + 1):
        made[length, FRONT : FRONT + length] = 0xFF
    return made.view("<u8")


_OWN = _masks()
_HIGH = np.uint64(0x8080808080808080)


def framed(data: bytes) -> npt.NDArray[np.uint8]:
    """A chunk with room before it, and commas and room behind it, so that looking past an end needs no care."""
    return np.frombuffer(b"".join((b"\0" * FRONT, data, b"," * _BEHIND)), np.uint8)


@dataclass(frozen=True, repr=False)
class Reading:
    """Masks of the lines of a chunk whose cells are looked for, and of the bytes of these lines."""

    lines: _Mask
    bytes: _Mask


class Cells:
    """The cells of the lines of a chunk. `buffer` is the chunk as `framed` gives it, `size` its bytes, the last of them
    a line feed; `starts` and `commas` are the first byte and the number of commas of every line. Cells of lines that
    `reading` leaves out are not known."""

    def __init__(
        self,
        buffer: npt.NDArray[np.uint8],
        size: int,
        starts: Positions,
        commas: npt.NDArray[np.integer],
        reading: Reading | None,
    ) -> None:
        self.buffer, self.size, self.starts, self.commas, self.reading = buffer, size, starts, commas, reading
        self.raw = buffer[FRONT:]
        # the 16 bytes from 4 before each place on
        self.windows = np.ndarray((self.size + FRONT,), "V16", self.buffer, strides=(1,))

    def find(self) -> None:
        """Look for the cells now, not when the first is asked for."""
        if self.plain:
            _ = self.separators, self.first, self.high

    @cached_property
    def plain(self) -> bool:
        """Whether lines end with LF or CR LF, CR stands nowhere else, and places fit the 31 bits of a view."""
        if self.raw[self.size - 1] != _LF or self.size >= 2**31 - FRONT:
            return False
        before = self.raw[self.starts[1:] - 2] == _CR if len(self.starts) > 1 else np.zeros(0, np.bool_)
        ending = int(np.count_nonzero(before)) + int(self.buffer[self.size + FRONT - 2] == _CR)
        return ending == int(np.count_nonzero(self.raw == _CR))

    @cached_property
    def separators(self) -> _Places:
        """Places of all commas and line feeds, and as many more as the widest record has. Often more than half of the
        bytes are separators, so that their places are found piece by piece and never all in 64 bits."""
        made, done = np.zeros(int(self._each.sum()) + _WIDEST, np.int32), 0
        for begin in range(0, self.size, _SLICE):
            end = min(begin + _SLICE, self.size)
            raw = self.raw[begin:end]
            separates = (raw == _COMMA) | (raw == _LF)
            if self.reading is not None:
                separates &= self.reading.bytes[begin:end]
            found = np.flatnonzero(separates)
            np.add(found, begin, out=made[done : (done := done + len(found))], casting="unsafe")
        return made

    @cached_property
    def _each(self) -> Positions:
        """For every line how many separators of it are looked for."""
        each = self.commas.astype(np.int64) + 1
        return each if self.reading is None else each * self.reading.lines

    @cached_property
    def first(self) -> Positions:
        """For every line the number of its first separator."""
        return np.asarray(np.cumsum(self._each) - self._each)

    @cached_property
    def high(self) -> Positions:
        """Places of all bytes that are no ASCII."""
        return np.flatnonzero(self.raw[: self.size] >= 0x80)

    def frame(
        self, mask: _Mask, columns: Mapping[str, pl.DataType], wanted: Sequence[str], *, japanese: bool
    ) -> pl.DataFrame | None:
        """The `wanted` ones of `columns` (in record order, kind first) of the masked lines; empty and missing cells are
        null. None where anything in them is not plain: a number that is none, or without `japanese` a cell that is not
        ASCII; and for lines whose cells are not known."""
        places = {name: place for place, name in enumerate(columns)}
        width = max((places[name] for name in wanted), default=0)
        if not self.plain or not 0 < width < _WIDEST:
            return None
        lines = np.flatnonzero(mask)
        if self.reading is not None and not self.reading.lines[lines].all():
            return None
        edges, commas = self._edges(self.first[lines], width), self.commas[lines]
        made = []
        for name in wanted:
            start, length = self._cut(edges, commas, places[name])
            column = self._column(start, length, columns[name], japanese=japanese)
            if column is None:
                return None
            made.append(column.alias(name))
        return pl.DataFrame(made)

    def _edges(self, first: Positions, width: int) -> _Places:
        """A row for each of the first `width` commas of these lines: its place in every line. The commas of a line are
        neighbours, so they are copied in one piece and turned in blocks that stay in the processor's cache."""
        count, separators = len(first), self.separators
        pieces = np.ndarray((len(separators) - width,), f"V{4 * (width + 1)}", separators, strides=(4,))
        made = np.empty((width + 1, count), np.int32)
        block = max(64, 32_768 // (width + 1))
        for begin in range(0, count, block):
            found = pieces[first[begin : begin + block]]
            made[:, begin : begin + block] = found.view("<i4").reshape(len(found), -1).T
        return made

    def _cut(self, edges: _Places, commas: npt.NDArray[np.integer], place: int) -> tuple[_Places, _Places]:
        """Start and length of a cell of every line; length 0 where the line has none."""
        start, end = edges[place - 1] + 1, edges[place]
        length = end - start
        if len(short := np.flatnonzero(commas <= place)):
            length[commas < place] = 0
            last = short[(commas[short] == place) & (length[short] > 0)]
            length[last] -= self.raw[end[last] - 1] == _CR
        return start, length

    def _column(self, start: _Places, length: _Places, dtype: pl.DataType, *, japanese: bool) -> pl.Series | None:
        rows = len(length)
        if not length.any():
            return pl.Series([None], dtype=dtype).new_from_index(0, rows)
        filled = None
        if not length.all():
            filled = np.flatnonzero(length)
            start, length = start[filled], length[filled]
        if isinstance(dtype, pl.Int16) and int(length.max()) == 1:
            return self._digits(start, filled, rows)
        views = self._views(start, length)
        if views is None:
            return self._decoded(filled, rows, start, length) if japanese and isinstance(dtype, pl.String) else None
        if filled is not None:
            everywhere = np.zeros((rows, 2), np.uint64)
            everywhere[filled] = views
            views = everywhere
        texts = self._series(views, filled)
        if isinstance(dtype, pl.String):
            return texts
        numbers = texts.cast(dtype, strict=False)
        return numbers if numbers.null_count() == rows - len(length) else None

    def _digits(self, start: _Places, filled: Positions | None, rows: int) -> pl.Series | None:
        """Cells of one byte as small numbers (the 31 days of a record); None where one is no digit."""
        found = self.raw[start] - np.uint8(0x30)
        if int(found.max()) > 9:  # what is below 0 has wrapped round
            return None
        made = np.zeros(rows, np.int16)
        made[slice(None) if filled is None else filled] = found
        valid = None if filled is None else _buffer(np.packbits(_among(filled, rows), bitorder="little"))
        return pl.Series(pa.Array.from_buffers(pa.int16(), rows, [valid, _buffer(made)]))

    def _views(self, start: _Places, length: _Places) -> npt.NDArray[np.uint64] | None:
        """Arrow's views of these cells, None where one is not ASCII."""
        views = self.windows[start].view("<u8").reshape(-1, 2)
        longest = int(length.max())
        if int(length.min()) == longest:  # codes and days: one mask for all
            views &= _OWN[min(longest, _INLINE)]
        else:
            views &= _OWN.view("V16")[np.minimum(length, _INLINE), 0].view("<u8").reshape(-1, 2)
        if np.bitwise_or.reduce(views.ravel()) & _HIGH:
            return None
        views[:, 0] |= length.astype(np.uint64)
        if longest > _INLINE:
            long = np.flatnonzero(length > _INLINE)
            if self._any_high(start[long], length[long]):
                return None
            # number of the buffer (0), place in it: the first four bytes stay
            views[long, 1] = (start[long] + FRONT).astype(np.uint64) << np.uint64(32)
        return np.asarray(views)

    def _any_high(self, start: _Places, length: _Places) -> bool:
        """Whether any of these long cells has a byte that is no ASCII in its last 16, or anywhere where it has more."""
        ends = self.windows[start + length - (16 - FRONT)].view("<u8")
        if np.bitwise_or.reduce(ends) & _HIGH:
            return True
        longer = length > 16 + _INLINE
        start, end = start[longer], start[longer] + length[longer]
        return bool(len(start) and (np.searchsorted(self.high, start) != np.searchsorted(self.high, end)).any())

    def _series(self, views: npt.NDArray[np.uint64], filled: Positions | None) -> pl.Series:
        valid = None if filled is None else _buffer(np.packbits(_among(filled, len(views)), bitorder="little"))
        buffers = [valid, _buffer(views), _buffer(self.buffer)]
        return pl.Series(pa.Array.from_buffers(pa.string_view(), len(views), buffers))

    def _decoded(self, filled: Positions | None, rows: int, start: _Places, length: _Places) -> pl.Series:
        """Cells with Japanese in them, decoded strictly and together: no character has the byte of a line feed."""
        ends = np.cumsum(length + 1, dtype=np.int64)  # with the separator behind each
        places = np.arange(ends[-1]) + np.repeat(start + 1 - (ends - length), length + 1)
        text = self.raw[places]
        text[ends - 1] = _LF
        found = pl.Series(text[:-1].tobytes().decode("cp932").split("\n"), dtype=pl.String)
        if filled is None:
            return found
        numbers = np.cumsum(_among(filled, rows), dtype=np.int64) - 1
        return pl.select(pl.when(pl.Series(_among(filled, rows))).then(found.gather(numbers.clip(0)))).to_series()


def _among(places: Positions, rows: int) -> _Mask:
    made = np.zeros(rows, np.bool_)
    made[places] = True
    return made


def _buffer(values: npt.NDArray[np.generic]) -> pa.Buffer:
    return pa.py_buffer(values.data)
