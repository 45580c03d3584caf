"""One claims file of any size: valid, repeatable, in bounded memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from sampledata_reading import read_uke, totals

from provision.sampledata import uke_stream
from provision.sampledata.stream import LARGEST


def test_the_file_is_valid_and_of_the_size_asked_for() -> None:
    data = b"".join(uke_stream(4, 3_000_000))
    _, claims, go = read_uke(data)
    assert 3_000_000 <= len(data) < 4_000_000
    assert totals(claims) == (int(go[1]), int(go[2]))
    assert data.endswith(b"\r\n\x1a")


def test_a_longer_stream_begins_like_a_shorter_one() -> None:
    short, long = b"".join(uke_stream(4, 500_000)), b"".join(uke_stream(4, 1_500_000))
    body = short[: short.rindex(b"GO,")]
    assert long.startswith(body)
    assert b"".join(uke_stream(5, 500_000)) != short


def test_memory_does_not_grow_with_the_size(capsys: pytest.CaptureFixture[str]) -> None:
    started = time.process_time()
    size = sum(map(len, uke_stream(4, 12_000_000)))  # also fills the bounded look-up tables
    with capsys.disabled():
        print(f"\nclaims stream: {size / (time.process_time() - started) / 1e6:.1f} MB/s of one core")
    tracemalloc.start()
    try:
        small, large = _peak(2_000_000), _peak(8_000_000)
    finally:
        tracemalloc.stop()
    assert large < small + 2_000_000


def _peak(size: int) -> int:
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    for _ in uke_stream(4, size):
        pass
    return tracemalloc.get_traced_memory()[1] - before


def test_more_than_the_format_can_count_is_refused() -> None:
    with pytest.raises(ValueError, match="six digits"):
        next(uke_stream(1, LARGEST + 1))
