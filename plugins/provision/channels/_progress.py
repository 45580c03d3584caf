"""Progress of a delivery: never backwards, never too often, and complete only at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Protocol

from provision.channels.base import Progress


class Meter:
    """Reports bytes done to a `Progress` at most every `pause` seconds; `finish` reports the whole."""

    def __init__(self, progress: Progress, total: int, pause: float = 0.5) -> None:
        self._progress, self._total, self._pause = progress, total, pause
        self._done, self._last = 0, 0.0
        self._lock = threading.Lock()  # files may be sent side by side

    def add(self, count: int) -> None:
        """Count `count` further bytes. The total itself is kept for `finish`, after everything is verified."""
        with self._lock:
            self._done = min(self._done + count, self._total)
            if self._done < self._total and time.monotonic() - self._last >= self._pause:
                self._last = time.monotonic()
                self._progress(self._done, self._total)

    def finish(self) -> None:
        """Everything is handed over."""
        self._done = self._total
        self._progress(self._total, self._total)


class Readable(Protocol):
    """Anything with `read`: files, HTTP bodies."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""


def chunks(stream: Readable, size: int = 1 << 20) -> Iterator[bytes]:
    """The rest of a stream in pieces of at most `size` bytes."""
    while piece := stream.read(size):
        yield piece
