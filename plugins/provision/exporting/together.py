"""One inclusion proof for many entries: the hashes of the subtrees of RFC 6962 in which none of them lies.

Taken in order from left to right, they and the entries give the root. For all entries of a stretch of the log these are
at most two hashes a level, so thousands of entries are proved with a few dozen hashes, and nothing between them can be
left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence

from provision.errors import LedgerBroken
from provision.ledger.merkle import HASH_SIZE, node_hash

#: Audit path of one entry, sibling of the leaf first (`LedgerReader.inclusion_proof` with a size).
Path = Callable[[int], Sequence[bytes]]


def prove(chosen: Sequence[int], size: int, path: Path) -> list[bytes]:
    """The hashes for the entries `chosen` (ascending, at least one) in the log of `size`."""
    return list(_outside(chosen, 0, size, 0, path))


def root(leaves: Mapping[int, bytes], size: int, hashes: Sequence[bytes]) -> bytes:
    """The root that `leaves` (entry number to leaf hash) and `hashes` give in a log of `size`.

    Raises `LedgerBroken` where there are too few hashes, too many, or any of another length.
    """
    chosen = sorted(leaves)
    if not chosen or chosen[0] < 0 or chosen[-1] >= size or any(len(one) != HASH_SIZE for one in hashes):
        raise _broken()
    rest = iter(hashes)
    try:
        found = _join(leaves, chosen, 0, size, rest)
    except StopIteration:
        raise _broken() from None
    if next(rest, None) is not None:
        raise _broken()
    return found


def _outside(chosen: Sequence[int], start: int, end: int, depth: int, path: Path) -> Iterator[bytes]:
    """Hashes below the subtree [start, end), which holds one of `chosen` at least."""
    if end - start == 1:
        return
    middle = start + (1 << ((end - start - 1).bit_length() - 1))
    left, right = _within(chosen, start, middle), _within(chosen, middle, end)
    # The sibling of a subtree stands in the audit path of every leaf of it, counted from the root.
    if left:
        yield from _outside(left, start, middle, depth + 1, path)
    else:
        yield path(right[0])[-1 - depth]
    if right:
        yield from _outside(right, middle, end, depth + 1, path)
    else:
        yield path(left[0])[-1 - depth]


def _join(leaves: Mapping[int, bytes], chosen: Sequence[int], start: int, end: int, rest: Iterator[bytes]) -> bytes:
    if not chosen:
        return next(rest)
    if end - start == 1:
        return leaves[start]
    middle = start + (1 << ((end - start - 1).bit_length() - 1))
    left = _join(leaves, _within(chosen, start, middle), start, middle, rest)
    return node_hash(left, _join(leaves, _within(chosen, middle, end), middle, end, rest))


def _within(chosen: Sequence[int], start: int, end: int) -> Sequence[int]:
    return chosen[bisect_left(chosen, start) : bisect_left(chosen, end)]


def _broken() -> LedgerBroken:
    return LedgerBroken(
        "the hashes of the proof do not fit its entries", rule="export.proof", remedy="ask the operator for it again"
    )
