"""One number per row for several columns of codes, and the groups of equal numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from anonymization.risk.groups import Ints

#: Mixed-radix numbers stay below this, so that they cannot overflow.
_ROOM = 1 << 62


def keyed(columns: Iterable[tuple[Ints, int]], rows: int) -> tuple[Ints, int]:
    """A number per row, equal where all codes are, and the number of numbers possible. Columns: codes and their count.

    Where the product of counts would overflow, what was combined so far is numbered densely first.
    """
    key, room = np.zeros(rows, dtype=np.int64), 1
    for codes, count in columns:
        if room * count >= _ROOM:
            numbers, key = np.unique(key, return_inverse=True)
            room = numbers.size
        key = key * count + codes
        room *= count
    return key, room


def grouped(key: Ints, room: int) -> tuple[Ints, Ints]:
    """Order of the rows by key, and where each group starts in that order."""
    rows = key.size
    bits = max(rows - 1, 1).bit_length()
    if room < (1 << (62 - bits)):  # sorting whole numbers is many times as fast as sorting their places
        packed = np.sort((key << bits) | np.arange(rows, dtype=np.int64))
        order, ranked = packed & ((1 << bits) - 1), packed >> bits
    else:
        order = np.argsort(key, kind="stable")
        ranked = key[order]
    fresh = np.empty(rows, dtype=np.bool_)
    fresh[:1] = True
    np.not_equal(ranked[1:], ranked[:-1], out=fresh[1:])
    return order, np.flatnonzero(fresh)
