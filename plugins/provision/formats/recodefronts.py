"""The three columns in front of every line of a file for insurers: found, checked and cut off for whole blocks at once.

Regular expressions cost more here than all the reading that follows. The rules are those of `ukerecognise.FRONT`: data
class (データ識別 1-4, 8, 11-14), line number of up to nine digits, branch of up to three digits or capitals, record
kind.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from provision.formats.recordfile import Positions, kind_number

_Mask = npt.NDArray[np.bool_]


class Fronts:
    """The front columns of whole lines of a file; `data` ends with a line feed."""

    def __init__(self, data: bytes) -> None:
        self.raw = np.frombuffer(data + b",,,,", np.uint8)  # so that looking past a line's end needs no care
        self.ends = np.flatnonzero(self.raw[: len(data)] == 0x0A).astype(np.int64)
        self.starts = np.concatenate(([0], self.ends[:-1] + 1)).astype(np.int64)
        commas = np.flatnonzero(self.raw == 0x2C).astype(np.int64)
        at = np.searchsorted(commas, self.starts)
        self.first, self.second, self.third = (commas[at + place] for place in range(3))

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint16]:
        """The record kind behind the front columns, as `kind_number` gives it."""
        return self.raw[self._at(self.third + 1)].astype(np.uint16) * 256 + self.raw[self._at(self.third + 2)]

    def is_kind(self, *kinds: str) -> _Mask:
        """The lines of these record kinds."""
        return np.asarray(np.isin(self.kinds, [kind_number(kind) for kind in kinds]))

    def added(self) -> _Mask:
        """The lines whose data class is not 1."""
        return np.asarray((self.first - self.starts > 1) | (self.raw[self.starts] != 0x31))

    def wrong(self) -> _Mask:
        """The lines without front columns in front of a record."""
        number, branch = self.second - self.first - 1, self.third - self.second - 1
        found = (number < 1) | (number > 9) | (branch > 3) | (self.third + 3 >= self.ends) | self._no_class()
        found |= self._others(self._digit, self.first, self.second) | self._others(self._sign, self.second, self.third)
        for place in (1, 2):
            letter = self.raw[self._at(self.third + place)]
            found |= (letter < 0x41) | (letter > 0x5A)
        return np.asarray(found | (self.raw[self._at(self.third + 3)] != 0x2C))

    def branches(self) -> int:
        """How many lines have a branch other than 0."""
        long = self.third - self.second - 1
        other = (long > 1) | ((long == 1) & (self.raw[self._at(self.second + 1)] != 0x30))
        zeros = [not self.raw[a + 1 : b].tobytes().strip(b"0") for a, b in zip(*self._cells(other), strict=True)]
        return int(other.sum()) - sum(zeros)

    def stripped(self) -> bytes:
        """The lines without their front columns."""
        edge = np.zeros(len(self.raw) + 1, np.int8)
        edge[self.starts] = 1
        edge[self.third + 1] -= 1
        kept = np.cumsum(edge[: len(self.raw) - 4], dtype=np.int8) == 0
        return bytes(self.raw[: len(kept)][kept].tobytes())

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

    @cached_property
    def _digit(self) -> Positions:
        """How many bytes up to each are digits."""
        return np.cumsum((self.raw >= 0x30) & (self.raw <= 0x39), dtype=np.int64)

    @cached_property
    def _sign(self) -> Positions:
        """How many bytes up to each are digits or capitals."""
        return np.cumsum(
            ((self.raw >= 0x30) & (self.raw <= 0x39)) | ((self.raw >= 0x41) & (self.raw <= 0x5A)), dtype=np.int64
        )

    def _others(self, count: Positions, start: Positions, end: Positions) -> _Mask:
        """The cells between two commas with other bytes in them than those counted."""
        return np.asarray(count[end] - count[start] != end - start - 1)
