"""契約の範囲: every value is a plainly written number in the contract's range, on a step of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from expectations.classes.base import Arguments, Example, Own


def scaled(number: str, places: int) -> int:
    """A plainly written number as a whole number of its last place; other than the contract's decimal arithmetic."""
    whole, _, rest = number.partition(".")
    return int(whole + rest.ljust(places, "0"))


def _test(arguments: Arguments) -> Callable[[Any], bool]:
    shape = re.compile(arguments["shape"])
    places = max(len(arguments[key].partition(".")[2]) for key in ("low", "high", "step"))
    low, high, step = (scaled(arguments[key], places) for key in ("low", "high", "step"))

    def inside(value: Any) -> bool:
        if not shape.fullmatch(str(value)):
            return False
        number = scaled(str(value), places)
        return low <= number <= high and (number - low) % step == 0

    return inside


EXPECTATION = Own(
    name="ExpectColumnValuesToLieInDeclaredRange",
    ja="契約で宣言した範囲と刻みの数値であること",
    en="Expect every value to be a plainly written number in the contract's range.",
    source="the contract: number range with step",
    test=_test,
    arguments={"low": "0", "high": "0", "step": "1", "shape": "(?!)"},
    examples=(
        Example(
            {"low": "10", "high": "60", "step": "0.1", "shape": r"-?[0-9]{1,15}(\.[0-9]{1,1})?"},
            ("10", "18.5", "60.0"),
            ("9.9", "60.1", "18.55", "1e1", "１８", "18.5\n", "123456789012.0"),
        ),
        Example({}, (), ("0",)),
    ),
)
