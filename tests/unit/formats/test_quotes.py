"""Quotes looked at 64 bytes at a time are what a walk from byte to byte finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provision.formats.quotes import quoted_whole

_CELL = st.sampled_from([b'"a"', b"a", b'""', b"", b'"a,b"', b'"', b'a"', b'"a\nb"', b'"a""b"', b'"\r"', b"x" * 61])
_LINES = st.lists(st.lists(_CELL, min_size=1, max_size=6).map(b",".join), min_size=1, max_size=8)


def _walked(data: bytes, commas: bool) -> bool:
    inside, around = False, b"\n" + data + b"\n"
    for at in range(1, len(data) + 1):
        before, byte, after = around[at - 1 : at], around[at : at + 1], around[at + 1 : at + 2]
        if byte == b'"':
            inside = not inside
            if before not in (b",", b"\n") if inside else after not in (b",", b"\n", b"\r"):
                return False
        elif inside and (byte == b"\n" or (byte == b"," and not commas)):
            return False
    return not inside


@pytest.mark.parametrize("commas", [True, False])
@settings(deadline=None, max_examples=300)
@given(lines=_LINES, end=st.sampled_from([b"\n", b"\r\n"]), last=st.booleans())
def test_quotes_are_what_a_walk_finds(commas: bool, lines: list[bytes], end: bytes, last: bool) -> None:
    data = end.join(lines) + (end if last else b"")
    if data:
        assert quoted_whole(np.frombuffer(data, np.uint8), commas=commas) == _walked(data, commas)


@pytest.mark.parametrize("size", range(60, 70))
def test_quotes_at_the_edges_of_words_of_bits(size: int) -> None:
    data = b"x" * size + b',"' + b"y" * size + b'"\r\n"z"\n'
    assert quoted_whole(np.frombuffer(data, np.uint8))
    assert not quoted_whole(np.frombuffer(data.replace(b'y"', b'"y"'), np.uint8))
