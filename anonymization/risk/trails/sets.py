"""Known events as sets of bits: which choices of some of a person's events nobody else has.

A look is at up to `MOST` events of one unit (a person, or a claim). For everybody else it says by a mask which of these
events they have, too. A choice of events singles a person out if no mask holds all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from anonymization.risk.groups import Bools

Masks = NDArray[np.uint32]
#: Events of one unit that are looked at together: 560 choices of three, 65,536 masks.
MOST = 16


@cache
def choices(events: int, size: int) -> Masks:
    """Every choice of `size` of the first `events` bits; all of them where there are fewer."""
    size = min(size, events)
    return np.array([sum(1 << bit for bit in bits) for bits in combinations(range(events), size)], dtype=np.uint32)


def masks(holders: Sequence[NDArray[np.uint64]]) -> Masks:
    """Different masks of everybody else, from the holders of each event (`holders[i]` have event i)."""
    if not any(one.size for one in holders):
        return np.zeros(0, np.uint32)
    who = np.concatenate(holders)
    bits = np.repeat(np.left_shift(np.uint32(1), np.arange(len(holders), dtype=np.uint32)), [h.size for h in holders])
    order = np.argsort(who, kind="stable")
    who, bits = who[order], bits[order]
    first = np.flatnonzero(np.concatenate(([True], who[1:] != who[:-1])))
    return np.unique(np.bitwise_or.reduceat(bits, first))


def alone(found: Masks, events: int, size: int) -> Bools:
    """For each of `choices`: nobody else has all of it."""
    asked = choices(events, size)
    least = min(size, events)
    able = found[np.bitwise_count(found) >= least]
    held = np.zeros(asked.size, np.bool_)
    for start in range(0, able.size, 4096):
        held |= ((able[start : start + 4096, None] & asked) == asked).any(axis=0)
    return ~held
