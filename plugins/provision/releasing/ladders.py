"""一般化階層 by name: what a quasi-identifier becomes at each level, and the closed domain it has there.

A hierarchy is made for the values a selection has, as loss is counted over them; the domain of a level is worked out
from the column's own closed domain, so that the gate's contract does not come from the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anonymization.risk.search.hierarchy import Hierarchy, flat
from anonymization.rules.age_band import labels
from provision import codes
from provision.errors import FixConfiguration
from provision.formats.base import Column
from provision.profiles import Generalise, Profile

#: What is left at the top: nothing is said any more.
NOTHING = "*"


@dataclass(frozen=True)
class Ladder:
    """One kind of hierarchy: `height` is the number of its top level, `above` the labels of a value below the top,
    `forms` the patterns of these labels (none: they follow from the column's list), `fits` the domain words."""

    height: int
    above: Callable[[str], tuple[str, ...]]
    fits: tuple[str, ...]
    forms: tuple[str, ...] = ()


def _bands(width: int, top: int) -> Callable[[str], tuple[str, ...]]:
    """Bands two, four and eight times as wide below `top`; the open band stays by itself."""
    widths = (2 * width, 4 * width, 8 * width)

    def above(value: str) -> tuple[str, ...]:
        if value.endswith("+"):
            return (value,) * 3
        lows = [(int(value[:2]) // wide * wide, wide) for wide in widths]
        return tuple(f"{low:02d}-{min(low + wide, top) - 1:02d}" for low, wide in lows)

    return above


def _quarter_and_year(month: str) -> tuple[str, ...]:
    return (f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}", month[:4])


_EVERY = ("code", "form", "label", "month", "date", "zip3", "insurer", "range")


class Ladders:
    """The ladders a profile can name. An empty text is a missing value: it stays one until the top."""

    def __init__(self, profile: Profile) -> None:
        self._bands = labels(profile.age_width, profile.age_top)
        self.kinds = {
            "age": Ladder(4, _bands(profile.age_width, profile.age_top), ("label",)),
            "month": Ladder(3, _quarter_and_year, ("month",), (r"[0-9]{4}-Q[1-4]", r"[0-9]{4}")),
            "zip": Ladder(3, lambda value: (value[:2], value[:1]), ("zip3",), (r"[0-9]{2}", r"[0-9]")),
            "all": Ladder(1, lambda value: (), _EVERY),
        }

    def hierarchy(self, name: str, use: Generalise | None, values: Sequence[str]) -> Hierarchy:
        """Of these values from the finest level that may go out; flat without a use."""
        if use is None:
            return flat(name, values)
        rows = dict.fromkeys(self._row(use, value)[use.least : use.most + 1] for value in values)
        return Hierarchy(name, tuple(rows))

    def at_least(self, use: Generalise, value: str) -> str:
        """A value at the finest level that may go out."""
        return self._row(use, value)[use.least]

    def height(self, use: Generalise) -> int:
        """The number of the top level."""
        return self.kinds[use.hierarchy].height

    def domain(self, use: Generalise | None, column: Column, level: int) -> str:
        """The domain word of a column at a level."""
        if use is None or level == 0:
            return column.domain
        kind = self.kinds[use.hierarchy]
        if level == kind.height:
            return f"labels:{NOTHING}"
        if kind.forms:
            return f"form:{kind.forms[level - 1]}"
        return "labels:" + "|".join(dict.fromkeys(self._row(use, value)[level] for value in self.values(column)))

    def values(self, column: Column) -> tuple[str, ...]:
        """The values of a column whose domain is a list: codes or age bands."""
        word, _, rest = column.domain.partition(":")
        return self._bands if word == "label" else tuple(codes.load(rest).names)

    def check(self, use: Generalise, column: Column, where: str) -> None:
        """`FixConfiguration` where a use names a ladder that is not there, does not fit its column, or is too short."""
        word = column.domain.partition(":")[0]
        kind = self.kinds.get(use.hierarchy)
        if kind is None or word not in kind.fits:
            fitting = ", ".join(name for name, one in self.kinds.items() if word in one.fits)
            raise FixConfiguration(
                f"{use.column} has no hierarchy {use.hierarchy}", where=where, rule="profile.hierarchy",
                remedy=f"name one of: {fitting}",
            )  # fmt: skip
        if use.least > kind.height:
            raise FixConfiguration(
                f"the hierarchy {use.hierarchy} ends at level {kind.height}", where=where, rule="profile.least",
                remedy="lower least",
            )  # fmt: skip

    def _row(self, use: Generalise, value: str) -> tuple[str, ...]:
        kind = self.kinds[use.hierarchy]
        above = kind.above(value) if value else ("",) * (kind.height - 1)
        return (value, *above, NOTHING)
