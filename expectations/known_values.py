"""既知の値: keyed fingerprints of the strong direct values that were received, looked up in what is about to leave.

Only values that alone point at one person are kept: full names, full kana names, telephone numbers, addresses with a
house number, composite insured ids and chart numbers qualified by facility. The index is a secret of its own under
Enforcement Rules art. 35 (the key is), holds no value, and answers with counts only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.candidates import candidates
from expectations.folding import KINDS, fold

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "KINDS", "KnownValues", "UnusableIndex", "fingerprint", "fold", "forget_marks", "write_index", "write_marks",
]  # fmt: skip

#: Fingerprinted into every index, so that an index opened with another key is noticed instead of finding nothing.
_CANARY = "canary|tokumei known values"
_BATCH = 200_000


class UnusableIndex(Exception):
    """An index is missing, damaged or made under another key; carries the file's place in the list, no value."""


def fingerprint(folded: str, key: bytes) -> int:
    """64-bit keyed BLAKE2b (RFC 7693) of a folded value. Raises ValueError for a key shorter than 16 bytes."""
    if len(key) < 16:
        raise ValueError("the known-value key must have at least 16 bytes")
    return int.from_bytes(blake2b(folded.encode(), digest_size=8, key=key[:64]).digest(), "big")


def write_index(path: Path, folded_values: Iterable[str], key: bytes) -> int:
    """Write the sorted, unique fingerprints of `folded_values` (empty ones left out) to `path`; returns their number.

    A ``.npy`` file of uint64, readable by the owner only, complete or not there at all. Writing it again replaces it.
    """
    import numpy as np

    marks = {fingerprint(value, key) for value in folded_values if value}
    return write_marks(path, [np.fromiter(marks, dtype=np.uint64, count=len(marks))], key)


def write_marks(path: Path, marks: Iterable[np.ndarray], key: bytes) -> int:
    """As `write_index`, of fingerprints (uint64, in any order and any number of times) made under this key."""
    import numpy as np

    canary = np.array([fingerprint(_CANARY, key)], dtype=np.uint64)
    index = np.unique(np.concatenate([canary, *marks]))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            np.save(stream, index, allow_pickle=False)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return len(index) - 1


def forget_marks(path: Path, folded_values: Iterable[str], keys: bytes | Sequence[bytes]) -> int:
    """Take the fingerprints of `folded_values` out of an index; returns how many it had. Twice is harmless.

    Raises `UnusableIndex` where the file is damaged or was made under none of the keys given.
    """
    import numpy as np

    key = KnownValues([path], keys).made_under[0]
    index = np.load(path, allow_pickle=False)
    gone = np.array(sorted({fingerprint(value, key) for value in folded_values if value}), dtype=np.uint64)
    left = np.setdiff1d(index, gone, assume_unique=True)
    if len(left) < len(index):
        write_marks(path, [left], key)
    return len(index) - len(left)


class KnownValues:
    """Several index files, searched by bisection; the files stay on disk (memory-mapped)."""

    def __init__(self, paths: Iterable[Path], key: bytes | Sequence[bytes], *, gone: int = 0) -> None:
        """Open `paths`. Raises `UnusableIndex` where one is missing, not sorted, or made under none of the keys given
        (several where the key was changed: the one in use, and former ones).

        `gone` is the number of batches whose fingerprints are not there any more, known to whoever asks.
        """
        self._keys, self.gone = [key] if isinstance(key, bytes) else list(key), gone
        self._indexes: dict[bytes, list[np.ndarray]] = {}
        for number, path in enumerate(paths, start=1):
            made_under, index = self._open(number, path)
            self._indexes.setdefault(made_under, []).append(index)

    def __repr__(self) -> str:
        """Numbers only: neither key nor fingerprints."""
        return f"KnownValues({sum(map(len, self._indexes.values()))} indexes, {self.size} values)"

    @property
    def made_under(self) -> list[bytes]:
        """The keys of the indexes."""
        return list(self._indexes)

    @property
    def size(self) -> int:
        """Number of fingerprints in all indexes, the canaries not counted."""
        return sum(len(index) - 1 for indexes in self._indexes.values() for index in indexes)

    def hits(self, values: Sequence[str]) -> list[bool]:
        """For each value whether it is, or contains, a known value."""
        found = [False] * len(values)
        owners: list[int] = []
        folded: list[str] = []
        for owner, value in enumerate(values):
            for candidate in candidates(value):
                owners.append(owner)
                folded.append(candidate)
            if len(folded) >= _BATCH:
                self._mark(found, owners, folded)
                owners, folded = [], []
        self._mark(found, owners, folded)
        return found

    def holds_any(self, folded: Sequence[str]) -> bool:
        """Whether any of these values, folded already, was received."""
        found = [False]
        self._mark(found, [0] * len(folded), folded)
        return found[0]

    def count_hits(self, values: Iterable[str]) -> int:
        """How many of `values` are, or contain, a known value."""
        return sum(self.hits(list(values)))

    def _mark(self, found: list[bool], owners: list[int], folded: Sequence[str]) -> None:
        import numpy as np

        for key, indexes in self._indexes.items() if folded else ():
            wanted = np.array([fingerprint(value, key) for value in folded], dtype=np.uint64)
            for index in indexes:
                places = np.minimum(np.searchsorted(index, wanted), len(index) - 1)
                for position in np.flatnonzero(index[places] == wanted):
                    found[owners[position]] = True

    def _open(self, number: int, path: Path) -> tuple[bytes, np.ndarray]:
        import numpy as np

        try:
            index: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise UnusableIndex(f"known-value index {number} cannot be read") from None
        if index.dtype != np.uint64 or index.ndim != 1 or not bool(np.all(index[1:] > index[:-1])):
            raise UnusableIndex(f"known-value index {number} is not a sorted list of fingerprints")
        for key in self._keys:
            canary = np.uint64(fingerprint(_CANARY, key))
            place = int(np.searchsorted(index, canary))
            if place < len(index) and index[place] == canary:
                return key, index
        raise UnusableIndex(f"known-value index {number} was made under another key")
