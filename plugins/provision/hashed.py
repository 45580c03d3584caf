"""SHA-256 and size of what passes through a stream, so that nothing has to be read again for them."""

from __future__ import annotations

import hashlib
from typing import BinaryIO


class Hashed:
    """Hashes and counts what is read, or written, through it. What the stream within raises is raised as it is."""

    def __init__(self, inner: BinaryIO) -> None:
        self.inner, self._sha256, self.size = inner, hashlib.sha256(), 0

    @property
    def sha256(self) -> str:
        """Of the bytes so far, in hex."""
        return self._sha256.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as the stream within gives them."""
        block = self.inner.read(size)
        self._add(block)
        return block

    def write(self, block: bytes | memoryview) -> int:
        """Write through."""
        self._add(block)
        return self.inner.write(block)

    def _add(self, block: bytes | memoryview) -> None:
        self._sha256.update(block)
        self.size += len(block)
