"""Forward-only streams over pieces of bytes: what every member of an archive, and every received file, is read from."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

#: Bytes drawn at once.
PIECE = 64 * 1024


class Forward(io.RawIOBase):
    """A stream that gives full blocks until its end, and can show its beginning without consuming it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._kept, self._at = pieces, b"", 0
        self._given = 0
        self._most: int | None = None
        self._exceeded: Callable[[], Exception] | None = None

    def limit(self, most: int, exceeded: Callable[[], Exception]) -> None:
        """Raise what `exceeded` makes as soon as more than `most` bytes were drawn."""
        self._most, self._exceeded = most, exceeded

    def readable(self) -> bool:
        """Yes."""
        return True

    def head(self, size: int) -> bytes:
        """The next bytes, at most `size` and fewer only at the end; they stay to be read."""
        while len(self._kept) - self._at < size and (piece := self._draw()):
            self._kept, self._at = self._kept[self._at :] + piece, 0
        return self._kept[self._at : self._at + size]

    def read(self, size: int = -1) -> bytes:
        """`size` bytes, fewer only at the end; everything that is left where `size` is negative."""
        parts: list[bytes] = []
        while size and (piece := self._some(size)):
            parts.append(piece)
            size -= len(piece) if size > 0 else 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """As `read`, into a buffer."""
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def drain(self) -> None:
        """Read to the end, so that everything is checked and counted."""
        while self._some(PIECE):
            pass

    def _some(self, size: int) -> bytes:
        """At most `size` bytes (any number where negative), none at the end."""
        if self._at == len(self._kept):
            self._kept, self._at = self._draw(), 0
        end = len(self._kept) if size < 0 else min(len(self._kept), self._at + size)
        piece = self._kept[self._at : end]
        self._at = end
        return piece

    def _draw(self) -> bytes:
        """The next piece that is not empty, none at the end."""
        piece = next((p for p in self._pieces if p), b"")
        self._given += len(piece)
        if self._most is not None and self._exceeded is not None and self._given > self._most:
            raise self._exceeded()
        return piece
