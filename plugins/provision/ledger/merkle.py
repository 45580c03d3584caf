"""The Merkle tree of RFC 6962 section 2.1 and RFC 9162 section 2.1: hashes, proofs and their verification.

Pure functions. A tree is only a `Getter`: it gives the hash of the complete subtree `index` at `level`, which spans
the leaves ``[index << level, (index + 1) << level)``. Level 0 are the leaves. Hashes are 32 bytes of SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from provision.errors import Refused

Getter = Callable[[int, int], bytes]

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry: SHA-256 of 0x00 and the entry (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 of 0x01 and both children (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def grow(size: int, leaf: bytes, get: Getter) -> list[tuple[int, int, bytes]]:
    """(level, index, hash) of every subtree that becomes complete when `leaf` is appended to `size` leaves."""
    level, index, value = 0, size, leaf
    made = [(level, index, value)]
    while index & 1:
        value = node_hash(get(level, index - 1), value)
        level, index = level + 1, index >> 1
        made.append((level, index, value))
    return made


class Tree:
    """A whole tree in memory, for verifying: ``levels[level][index]`` are its complete subtrees."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """A tree over `leaves`."""
        self.levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self.levels[0])

    def append(self, leaf: bytes) -> None:
        """Add one leaf."""
        for level, _, value in grow(self.size, leaf, self.get):
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(value)

    def get(self, level: int, index: int) -> bytes:
        """The `Getter` of this tree."""
        return self.levels[level][index]

    def root(self, size: int) -> bytes:
        """Root over the first `size` leaves."""
        return root(size, self.get)


def root(size: int, get: Getter) -> bytes:
    """Root over the first `size` leaves; SHA-256 of nothing for the empty tree."""
    return _range_hash(0, size, get) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, get: Getter) -> list[bytes]:
    """Audit path of leaf `index` in the tree of `size`, sibling of the leaf first (RFC 9162 section 2.1.3.1).

    Raises `Refused` where the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise _out_of_range(f"no entry {index} in a log of {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, get))
            end = middle
        else:
            path.append(_range_hash(start, middle, get))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, get: Getter) -> list[bytes]:
    """Proof that the tree of `new` continues the tree of `old` (RFC 9162 section 2.1.4.1).

    Raises `Refused` unless 0 < old <= new: from the empty tree there is nothing to prove.
    """
    if not 0 < old <= new:
        raise _out_of_range(f"no consistency proof from size {old} to size {new}")
    start, end, path = 0, new, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(middle, end, get))
            end = middle
        else:
            path.append(_range_hash(start, middle, get))
            start = middle
    # A verifier knows the old root; it needs this subtree only where it is not the whole old tree.
    return [*([_range_hash(start, end, get)] if start else []), *path[::-1]]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """True where `proof` shows `leaf` at `index` of the tree of `size` with `root_hash` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _all_hashes([leaf, root_hash, *proof]):
        return False
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            node, last = _skip_missing_siblings(node, last)
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and value == root_hash


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """True where `proof` shows that the tree of `new` continues the tree of `old` (RFC 9162 section 2.1.4.2).

    From size 0 everything follows, so such a "proof" proves nothing and is rejected.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if not _all_hashes([old_root, new_root, *proof]):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(proof) and _walk_consistency(old - 1, new - 1, path, old_root, new_root)


def _walk_consistency(node: int, last: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    while node & 1:
        node, last = node >> 1, last >> 1
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_value, new_value = node_hash(sibling, old_value), node_hash(sibling, new_value)
            node, last = _skip_missing_siblings(node, last)
        else:
            new_value = node_hash(new_value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old_value == old_root and new_value == new_root


def _skip_missing_siblings(node: int, last: int) -> tuple[int, int]:
    """Climb past the levels where the last node stands alone and is carried up unchanged."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _range_hash(start: int, end: int, get: Getter) -> bytes:
    """Hash over leaves [start, end); `start` is always aligned, because ranges come from splitting a whole tree."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return get(level, start >> level)
    middle = start + _split(width)
    return node_hash(_range_hash(start, middle, get), _range_hash(middle, end, get))


def _split(width: int) -> int:
    """The largest power of two smaller than `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _all_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)


def _out_of_range(what: str) -> Refused:
    return Refused(what, rule="ledger.proof", remedy="ask for an entry and sizes the log has")
