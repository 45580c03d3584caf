"""The three columns in front of every line of a file for insurers: found, checked and cut off for whole blocks at once.

Regular expressions cost more here than all the reading that follows. The rules are those of `ukerecognise.FRONT`: data
class (データ識別 1-4, 8, 11-14), line number of up to nine digits, branch of up to three digits or capitals, record
kind.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from provision.formats.recordcells import Positions
from provision.formats.recordfile import among

_Mask = npt.NDArray[np.bool_]

_LF, _COMMA = 0x0A, 0x2C
_LONGEST = 24  # more than the front columns and the record kind take
_BYTES = np.arange(256)
_DIGIT = (_BYTES >= 0x30) & (_BYTES <= 0x39)
_SIGN = _DIGIT | ((_BYTES >= 0x41) & (_BYTES <= 0x5A))


class Fronts:
    """The front columns of whole lines of a file; `data` ends with a line feed."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self.raw = np.frombuffer(data + b"\n" * _LONGEST, np.uint8)  # looking past a line's end needs no care
        self.ends = np.flatnonzero(self.raw[: self.size] == _LF).astype(np.int64)
        self.starts = np.concatenate(([0], self.ends[:-1] + 1)).astype(np.int64)
        self.first = self.starts + np.where(self.raw[self.starts + 1] == _COMMA, 1, 2)
        self.second = self._end(self.first + 1, 9, _DIGIT)
        self.third = self._end(self.second + 1, 3, _SIGN)

    def _end(self, start: Positions, longest: int, allowed: _Mask) -> Positions:
        """The end of the `allowed` bytes from `start` on, at most `longest` of them."""
        end = start.copy()
        going = np.ones(len(start), np.bool_)
        for _ in range(longest):
            going &= allowed[self.raw[end]]
            if not going.any():
                break
            end += going
        return end

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint16]:
        """The record kind behind the front columns, as `kind_number` gives it."""
        return self.raw[self._at(self.third + 1)].astype(np.uint16) * 256 + self.raw[self._at(self.third + 2)]

    def is_kind(self, *kinds: str) -> _Mask:
        """The lines of these record kinds."""
        return among(self.kinds, kinds)

    def added(self) -> _Mask:
        """The lines whose data class is not 1."""
        return np.asarray((self.first - self.starts > 1) | (self.raw[self.starts] != 0x31))

    def wrong(self) -> _Mask:
        """The lines without front columns in front of a record."""
        commas = [self.raw[self._at(place)] == _COMMA for place in (self.first, self.second, self.third)]
        found = ~np.logical_and.reduce(commas) | (self.second == self.first + 1) | self._no_class()
        found |= self.third + 3 >= self.ends
        for place in (1, 2):
            letter = self.raw[self._at(self.third + place)]
            found |= (letter < 0x41) | (letter > 0x5A)
        return np.asarray(found | (self.raw[self._at(self.third + 3)] != _COMMA))

    def branches(self) -> int:
        """How many lines have a branch other than 0."""
        long = self.third - self.second - 1
        other = (long > 1) | ((long == 1) & (self.raw[self._at(self.second + 1)] != 0x30))
        zeros = [not self.raw[a + 1 : b].tobytes().strip(b"0") for a, b in zip(*self._cells(other), strict=True)]
        return int(other.sum()) - sum(zeros)

    def stripped(self) -> bytes:
        """The lines without their front columns."""
        kept = np.ones(self.size, np.bool_)
        for place in range(int((self.third - self.starts).max()) + 1):
            at = self.starts + place
            kept[at[at <= self.third]] = False
        return bytes(self.raw[: self.size][kept].tobytes())

    def _cells(self, mask: _Mask) -> tuple[list[int], list[int]]:
        return self.second[mask].tolist(), self.third[mask].tolist()

    def _no_class(self) -> _Mask:
        long, head = self.first - self.starts, self.raw[self.starts]
        tail = self.raw[self._at(self.starts + 1)]
        one = (long == 1) & (((head >= 0x31) & (head <= 0x34)) | (head == 0x38))
        two = (long == 2) & (head == 0x31) & (tail >= 0x31) & (tail <= 0x34)
        return np.asarray(~(one | two))

    def _at(self, place: Positions) -> Positions:
        return np.minimum(place, len(self.raw) - 1)
