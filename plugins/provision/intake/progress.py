"""進捗: how far a long intake is: file n of m, share of the bytes, records, speed, time left. No name, no value.

One line each time: into the task's log and on plain screens every ten seconds, redrawn five times a second on
terminals.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import BinaryIO, Protocol, TextIO, cast

from provision.formats.base import HEAD_BYTES, Report


class Sink(Protocol):
    """Where lines of progress go. `every` is the least number of seconds between two of them."""

    @property
    def every(self) -> float:
        """Seconds."""

    def show(self, line: str) -> None:
        """Show how far it is."""

    def end(self, line: str) -> None:
        """All is read: say the last line, or clear what is shown."""


class Logged:
    """Into a logger, such as a task's; the last line always."""

    every = 10.0

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger

    def show(self, line: str) -> None:
        """One entry."""
        self.logger.info("%s", line)

    end = show


class Plain:
    """Lines on a screen that is no terminal. What is over at once says nothing."""

    every = 10.0

    def __init__(self, screen: TextIO) -> None:
        self.screen = screen

    def show(self, line: str) -> None:
        """One line."""
        print(line, file=self.screen, flush=True)

    def end(self, line: str) -> None:
        """Nothing more to say: results follow."""


class Redrawn(Plain):
    """One line on a terminal, drawn over itself and cleared at the end."""

    every = 0.2

    def show(self, line: str) -> None:
        """Draw over what is there."""
        print(f"\r{line}\x1b[K", end="", file=self.screen, flush=True)

    def end(self, line: str) -> None:
        """Clear the line."""
        self.show("")


class Silent:
    """Shows nothing."""

    every = float("inf")

    def show(self, line: str) -> None:
        """Nothing."""

    end = show


def on_screen(screen: TextIO, *, quiet: bool = False) -> Sink:
    """The sink that suits a screen."""
    if quiet:
        return Silent()
    return Redrawn(screen) if screen.isatty() else Plain(screen)


class Progress:
    """Of one run over `files` files of `size` bytes in all (0 where nobody knows). Used by several threads."""

    def __init__(self, files: int, size: int, sink: Sink, clock: Callable[[], float] = time.monotonic) -> None:
        self.files, self.size, self.sink, self.clock = files, size, sink, clock
        self.began = self.shown = clock()
        self.number = self.read = self.before = 0
        self.report = Report()
        self.lock = Lock()

    def watch(self, number: int, stream: BinaryIO) -> Watched:
        """The stream of file `number`, counted."""
        self.number = number
        return Watched(stream, self.heard)

    def counting(self, report: Report) -> Report:
        """The report of the next file, or member of an archive, whose records are to be counted, too."""
        self.before, self.report = self.before + self.report.records, report
        return report

    def heard(self, count: int) -> None:
        """So many bytes more were read: show it when it is time."""
        with self.lock:
            self.read += count
            now = self.clock()
            if now - self.shown >= self.sink.every:
                self.shown = now
                self.sink.show(self.line(now))

    def end(self) -> None:
        """All files are read."""
        self.sink.end(self.line(self.clock()))

    def line(self, now: float) -> str:
        """How far it is, in words."""
        seconds = max(now - self.began, 0.001)
        parts = [f"{self.before + self.report.records:,} records", f"{self.read / 1e6 / seconds:.1f} MB/s"]
        if self.size:
            parts.insert(0, f"{min(100, self.read * 100 // self.size)} %")
            if 0 < self.read < self.size:
                parts.append(f"{_clock(seconds * (self.size - self.read) / self.read)} left")
        return f"file {self.number} of {self.files}: {', '.join(parts)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


class Watched:
    """A stream that says how much of it was read, and whose beginning can be looked at before it is read."""

    def __init__(self, inner: BinaryIO, heard: Callable[[int], None]) -> None:
        self.inner, self.heard = inner, heard
        self.kept = b""

    def head(self, size: int = HEAD_BYTES) -> bytes:
        """The first bytes, still to be read."""
        parts, held = [self.kept], len(self.kept)
        while held < size and (more := self.inner.read(size - held)):
            parts.append(more)
            held += len(more)
        self.kept = parts[0] if len(parts) == 1 else b"".join(parts)
        return self.kept[:size]

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as the stream within gives them."""
        block, self.kept = (self.kept, b"") if size < 0 else (self.kept[:size], self.kept[size:])
        if size < 0 or len(block) < size:
            block += self.inner.read(size - len(block) if size >= 0 else -1)
        self.heard(len(block))
        return block

    def stream(self) -> BinaryIO:
        """As what readers ask for: of a file they use `read` alone."""
        return cast(BinaryIO, self)
