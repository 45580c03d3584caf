"""Many values sought in bytes at once: each value in every encoding, found by its first bytes with numpy.

A needle of eight bytes or more is indexed by its first eight, a shorter one by its first six; a table of one bit per
hash lets the few places through where a needle may begin, and those are compared byte for byte.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

ENCODINGS = ("utf-8", "cp932", "utf-16-le", "utf-16-be")
SHORTEST = 6  # shorter needles meet random bytes by chance: 200 MB hold every sequence of three bytes
Windows = np.ndarray[tuple[int], np.dtype[np.uint64]]
_BLOCK = 1 << 23
_BITS = 22
_ODD = np.uint64(0x9E3779B97F4A7C15)
_ALPHANUMERIC = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_GAPS = (",", "\t", '","', "</td><td>", "\x00", "\n")  # surname and given name in neighbouring cells


class Needles:
    """An index over (kind, value) pairs; `kinds_in` gives the kinds found."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        kinds: dict[bytes, str] = {}
        for kind, value in dict.fromkeys(values):
            for text in _written(kind, value):
                kinds |= {needle: kind for needle in _encoded(text) if len(needle) >= SHORTEST}
        self.size = len(kinds)
        short = {needle: kind for needle, kind in kinds.items() if len(needle) < 8}
        long = {needle: kind for needle, kind in kinds.items() if len(needle) >= 8}
        self._indexes = [_Index(part, width) for part, width in ((short, SHORTEST), (long, 8)) if part]

    def kinds_in(self, content: bytes) -> set[str]:
        """Kinds of the values that stand anywhere in `content`."""
        return {kind for index in self._indexes for kind in index.found(content)}


class _Index:
    """Needles of at least `width` bytes."""

    def __init__(self, kinds: dict[bytes, str], width: int) -> None:
        self.kinds, self.width = kinds, width
        self.mask = np.uint64((1 << (8 * width)) - 1)
        self.longest = max(map(len, kinds))
        lengths: dict[bytes, set[int]] = defaultdict(set)
        for needle in kinds:
            lengths[needle[:width]].add(len(needle))
        self.lengths = {start: sorted(found) for start, found in lengths.items()}
        starts = b"".join(start.ljust(8, b"\0") for start in self.lengths)
        self.starts = np.sort(np.frombuffer(starts, "<u8"))
        self.maybe = np.zeros(1 << _BITS, bool)
        self.maybe[self._hash(self.starts)] = True

    def _hash(
        self, windows: np.ndarray[tuple[int], np.dtype[np.uint64]]
    ) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        return (windows * _ODD) >> np.uint64(64 - _BITS)

    def found(self, content: bytes) -> Iterator[str]:
        """Kinds found, block by block; blocks overlap by the longest needle."""
        for start in range(0, len(content), _BLOCK):
            block = content[start : start + _BLOCK + self.longest]
            for place in self._places(block):
                yield from self._at(content, start + place)

    def _places(self, block: bytes) -> list[int]:
        padded = block + bytes(16)
        places: list[int] = []
        for shift in range(8):
            windows = np.frombuffer(padded, "<u8", count=(len(padded) - shift) // 8, offset=shift) & self.mask
            maybe = np.flatnonzero(self.maybe[self._hash(windows)])
            near = windows[maybe]
            at = np.minimum(np.searchsorted(self.starts, near), len(self.starts) - 1)
            places.extend((maybe[self.starts[at] == near] * 8 + shift).tolist())
        return places

    def _at(self, content: bytes, place: int) -> Iterator[str]:
        for length in self.lengths.get(content[place : place + self.width], ()):
            needle = content[place : place + length]
            kind = self.kinds.get(needle)
            if kind is not None and not _part_of_a_number(needle, content, place):
                yield kind


def _part_of_a_number(needle: bytes, content: bytes, place: int) -> bool:
    """A card number of less than ten bare digits inside a longer number or digest is a coincidence."""
    if len(needle) >= 10 or not needle.isdigit():
        return False
    around = content[max(0, place - 1) : place] + content[place + len(needle) : place + len(needle) + 1]
    return any(byte in _ALPHANUMERIC for byte in around)


def _written(kind: str, value: str) -> Iterator[str]:
    """The ways the value may stand. Two short numbers with a comma between them are two cells of any table."""
    digits = value.replace(",", "")
    if "," in value and digits.isdigit() and len(digits) < 10:
        return
    yield value
    if kind in {"name", "kana"} and value.count(" ") == 1:
        yield from (value.replace(" ", gap) for gap in _GAPS)


def _encoded(text: str) -> Iterator[bytes]:
    for encoding in ENCODINGS:
        try:
            yield text.encode(encoding)
        except UnicodeEncodeError:
            continue  # the value cannot stand in a file of this encoding
    yield from _base64(text.encode())


def _base64(plain: bytes) -> Iterator[bytes]:
    """The characters that stand in Base64 whatever surrounds the value, for its three possible positions."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + plain)
        core = whole[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6]
        yield from dict.fromkeys((core, core.translate(bytes.maketrans(b"+/", b"-_"))))
