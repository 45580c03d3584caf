"""帯域制限: never more bytes a second than a partner, or our own line, can bear."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Shared by all files of a delivery. Without a rate it never waits."""

    def __init__(
        self,
        bytes_per_second: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate, self._clock, self._sleep = bytes_per_second, clock, sleep
        self._lock, self._free = threading.Lock(), 0.0

    def wait(self, count: int) -> None:
        """Call before `count` bytes go: returns when those before them have had their time."""
        if self.rate is None:
            return
        with self._lock:
            begin = max(self._clock(), self._free)
            self._free = begin + count / self.rate
        self._sleep(max(0.0, begin - self._clock()))
