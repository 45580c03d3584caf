"""Municipalities inside a text, and what stands behind them: a town area, a number, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterator

from expectations.identifiers._lists import listed
from expectations.text import plain_kanji

_LONGEST_CITY, _LONGEST_TOWN = 12, 6


def behind_municipalities(text: str) -> Iterator[tuple[str, str]]:
    """(municipality, text behind it) for every municipality named in `text` (normal form), the longest name each."""
    plain = plain_kanji(text).replace("ヶ", "ケ")
    cities = listed("municipalities")
    for end in re.finditer("[市区町村]", plain):
        stop = end.end()
        for start in range(max(0, stop - _LONGEST_CITY), stop - 1):
            if plain[start:stop] in cities:
                yield plain[start:stop], plain[stop:]
                break


def town(text: str) -> str:
    """The longest town area `text` begins with, or ""."""
    towns = listed("towns")
    rest = text.removeprefix("大字").removeprefix("字")
    return next((rest[:size] for size in range(_LONGEST_TOWN, 1, -1) if rest[:size] in towns), "")
