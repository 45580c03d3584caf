"""Card, chart and telephone numbers: check digits, and scattering of serial numbers without repeating one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")

#: Odd and no multiple of five: it shares no factor with a power of ten, so scattering never repeats a number.
_STRIDE = 7_368_787_893


def check_digit(body: str) -> str:
    """Check digit 検証番号, modulus 10 with weights 2, 1 from the right (設定要領 of the insurer numbers)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        product = int(digit) * (1 if place % 2 else 2)
        total += product // 10 + product % 10
    return str(-total % 10)


def checked(body: str) -> str:
    """`body` with its check digit behind it."""
    return body + check_digit(body)


def scattered(serial: int, digits: int, salt: int) -> str:
    """A number of `digits` digits for `serial`: looks drawn at random, unique while ``serial < 10 ** digits``."""
    return str((serial * _STRIDE + salt * 918_273_645_463) % 10**digits).zfill(digits)


class Wheel(tuple[list[float], Sequence[T]]):
    """A weighted choice: built once, turned with a number from 0 to 1."""

    def __new__(cls, items: Sequence[T], weights: Sequence[float]) -> Wheel[T]:
        """Raises ValueError where nothing can be chosen."""
        total = sum(weights)
        if not items or total <= 0:
            raise ValueError("a wheel needs at least one item with a weight")
        return super().__new__(cls, ([w / total for w in accumulate(weights)], items))

    def turn(self, draw: float) -> T:
        """The item at `draw` (0 <= draw < 1)."""
        edges, items = self
        return items[min(bisect_right(edges, draw), len(items) - 1)]
