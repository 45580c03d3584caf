"""Reading ahead changes neither order nor errors, and leaves no thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.intake.ahead import ahead


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


def test_at_most_two_items_are_drawn_before_they_are_wanted() -> None:
    drawn: list[int] = []

    def counting() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    before = threading.active_count()
    reader = ahead(counting())
    assert next(reader) == 0
    reader.close()  # type: ignore[attr-defined]
    assert len(drawn) <= 3
    assert threading.active_count() == before
