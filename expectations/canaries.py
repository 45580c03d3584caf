"""カナリア: is an identifier that was planted still there, and would the gate have found it?

The fictitious patients are made elsewhere (the gate knows no dataset); this judges texts only, with the same detectors
and the same look-up as everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from expectations.identifiers import Strength, find_all
from expectations.known_values import KnownValues
from expectations.text import normal

_NOISE = re.compile(r"[\s・･.,、/-]+")


def bare(text: str) -> str:
    """`text` in normal form without blanks, hyphens and points: the same identifier written in another way is equal."""
    return _NOISE.sub("", normal(text)).casefold()


def survivors(cells: Iterable[str], needles: Sequence[str]) -> set[str]:
    """Those of `needles` that are, or stand inside, one of `cells`. Raises ValueError for a needle without letters."""
    wanted = {needle: bare(needle) for needle in needles}
    if not all(len(plain) >= 3 for plain in wanted.values()):
        raise ValueError("a needle is too short to be told from chance")
    seen = {bare(cell) for cell in cells}
    return {needle for needle, plain in wanted.items() if any(plain in cell for cell in seen)}


def is_found(value: str, column: str, known: KnownValues) -> bool:
    """Whether `value` in a text column called `column` stops a release: as an identifier, or as a known value."""
    strongest = max(find_all(value, column).values(), default=Strength.WEAK)
    return strongest >= Strength.LIKELY or known.count_hits([value]) > 0
