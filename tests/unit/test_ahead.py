"""Reading ahead changes neither order nor errors, and leaves no thread."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.ahead import ahead


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(), max_size=20))
def test_same_items_in_the_same_order(items: list[int]) -> None:
    assert list(ahead(iter(items))) == items


def test_an_error_comes_in_its_place() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("record 2")

    drawn = ahead(broken())
    assert next(drawn) == 1
    with pytest.raises(ValueError, match="record 2"):
        next(drawn)


def test_one_item_is_made_while_another_is_worked_on_and_no_more() -> None:
    drawn: list[int] = []
    made = threading.Semaphore(0)

    def counting() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            made.release()
            yield number

    before = threading.active_count()
    with closing(ahead(counting())) as reader:
        for number in range(3):
            assert next(reader) == number
            for _ in range(2 if not number else 1):
                assert made.acquire(timeout=10)  # the next one is begun while this one is worked on
            time.sleep(0.05)
            assert drawn == list(range(number + 2))
    assert threading.active_count() == before


def test_leaving_early_ends_the_reading() -> None:
    """What the items are read from is not touched any more."""
    stream = io.BytesIO(bytes(100))
    with closing(ahead(iter(lambda: stream.read(1), b""))) as reader:
        next(reader)
    at = stream.tell()
    time.sleep(0.05)
    assert stream.tell() == at <= 2


def test_leaving_early_closes_what_is_drawn_from() -> None:
    closed = threading.Event()

    def open_file() -> Iterator[int]:
        try:
            yield from range(100)
        finally:
            closed.set()

    with closing(ahead(open_file())) as reader:
        assert next(reader) == 0
    assert closed.is_set()
