"""What is said of a long intake: the right figures, no more often than wanted, and the stream as it was."""

from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision.formats.base import Report
from provision.intake.progress import Logged, Plain, Progress, Redrawn, Silent, Watched, on_screen


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_figures() -> None:
    clock, screen = Clock(), io.StringIO()
    progress = Progress(3, 4_000_000, Plain(screen), clock)
    progress.counting(Report(records=1_000))
    stream = progress.watch(2, io.BytesIO(bytes(2_000_000)))
    report = progress.counting(Report())
    clock.now, report.records = 105.0, 7
    stream.read(500_000)
    assert screen.getvalue() == ""
    clock.now, report.records = 110.0, 500
    stream.read(500_000)
    assert screen.getvalue() == "file 2 of 3: 25 %, 1,500 records, 0.1 MB/s, 0:00:30 left\n"
    clock.now = 119.0
    stream.read(500_000)
    clock.now = 3_720.0
    stream.read(500_000)
    assert screen.getvalue().splitlines()[1:] == ["file 2 of 3: 50 %, 1,500 records, 0.0 MB/s, 1:00:20 left"]


def test_a_size_nobody_knows_has_no_share_and_no_end() -> None:
    screen, clock = io.StringIO(), Clock()
    progress = Progress(1, 0, Plain(screen), clock)
    clock.now += 10
    progress.watch(1, io.BytesIO(bytes(10_000_000))).read()
    assert screen.getvalue() == "file 1 of 1: 0 records, 1.0 MB/s\n"


def test_a_terminal_has_one_line_and_none_at_the_end() -> None:
    screen, clock = io.StringIO(), Clock()
    progress = Progress(1, 4, Redrawn(screen), clock)
    for _ in range(2):
        clock.now += 0.2
        progress.heard(1)
    progress.end()
    drawn = screen.getvalue()
    assert drawn.count("\r") == 3
    assert "\n" not in drawn
    assert drawn.endswith("\r\x1b[K")


def test_a_log_has_the_last_line_always(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    progress = Progress(1, 3, Logged(logging.getLogger("test")))
    progress.watch(1, io.BytesIO(b"abc")).read()
    assert caplog.messages == []
    progress.end()
    assert [text.split(",")[0] for text in caplog.messages] == ["file 1 of 1: 100 %"]


def test_which_screen_gets_what(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    assert type(on_screen(screen)) is Plain
    assert type(on_screen(screen, quiet=True)) is Silent
    monkeypatch.setattr(screen, "isatty", lambda: True)
    assert type(on_screen(screen)) is Redrawn


@given(st.binary(max_size=60), st.integers(0, 70), st.lists(st.integers(-1, 20), max_size=12))
def test_a_watched_stream_gives_what_is_in_it(data: bytes, looked_at: int, sizes: list[int]) -> None:
    heard: list[int] = []
    watched, plain = Watched(io.BytesIO(data), heard.append), io.BytesIO(data)
    assert watched.head(looked_at) == data[:looked_at]
    for size in sizes:
        assert watched.read(size) == plain.read(size)
    watched.read()
    assert sum(heard) == len(data)
