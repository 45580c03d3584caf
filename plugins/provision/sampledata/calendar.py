"""Days, months and Japanese eras as strings, looked up instead of computed."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

#: First day of each era, its digit in old claims (別表4) and its letter in ledgers.
ERAS = (
    (date(2019, 5, 1), 5, "R", 2018),
    (date(1989, 1, 8), 4, "H", 1988),
    (date(1926, 12, 25), 3, "S", 1925),
    (date(1912, 7, 30), 2, "T", 1911),
    (date(1868, 1, 25), 1, "M", 1867),
)

#: Claims of this claim month and later carry Gregorian dates (the switch seen in published samples).
GREGORIAN_SINCE = "2021-11"


@cache
def compact(ordinal: int) -> str:
    """YYYYMMDD of a day."""
    return date.fromordinal(ordinal).strftime("%Y%m%d")


@cache
def era_day(ordinal: int, letter: bool) -> str:
    """GYYMMDD of a day, with the era's letter (ledgers) or digit (claims before the switch)."""
    day = date.fromordinal(ordinal)
    for first, digit, mark, base in ERAS:
        if day >= first:
            return f"{mark if letter else digit}{day.year - base:02d}{day:%m%d}"
    raise ValueError("no era before 1868")


@cache
def birthday(birth: int, age: int) -> int:
    """The day somebody born on day `birth` turns `age`; 29 February becomes 1 March."""
    born = date.fromordinal(birth)
    try:
        return born.replace(year=born.year + age).toordinal()
    except ValueError:
        return date(born.year + age, 3, 1).toordinal()


@dataclass(frozen=True)
class Month:
    """One calendar month."""

    year: int
    month: int

    @classmethod
    def of(cls, text: str) -> Month:
        """From YYYY-MM; ValueError where it is none."""
        year, month = text.split("-")
        date(int(year), int(month), 1)
        return cls(int(year), int(month))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @cached_property
    def index(self) -> int:
        """Months since year 0, for arithmetic and seeds."""
        return self.year * 12 + self.month - 1

    @cached_property
    def first(self) -> int:
        """Ordinal of the first day."""
        return date(self.year, self.month, 1).toordinal()

    @cached_property
    def days(self) -> int:
        """Number of days."""
        return monthrange(self.year, self.month)[1]

    @cached_property
    def last(self) -> int:
        """Ordinal of the last day."""
        return self.first + self.days - 1

    @cached_property
    def compact(self) -> str:
        """YYYYMM."""
        return f"{self.year:04d}{self.month:02d}"

    @cached_property
    def era(self) -> str:
        """GYYMM, with the era of the month's last day."""
        return era_day(self.last, False)[:5]

    def next(self) -> Month:
        """The month after."""
        return Month((self.index + 1) // 12, (self.index + 1) % 12 + 1)

    @cached_property
    def quarter(self) -> tuple[int, int]:
        """Year and quarter, for grouping."""
        return self.year, (self.month - 1) // 3


def month_range(text: str) -> list[str]:
    """All months of ``2025-04..2025-09`` (or a single month), ends included. ValueError where there are none."""
    first, _, last = text.partition("..")
    start, end = Month.of(first), Month.of(last or first)
    if end.index < start.index:
        raise ValueError("the range of months ends before it starts")
    return [str(month) for month in _walk(start, end)]


def _walk(start: Month, end: Month) -> Iterator[Month]:
    while start.index <= end.index:
        yield start
        start = start.next()


def quarters(months: Sequence[Month]) -> list[list[Month]]:
    """The months grouped by calendar quarter, in order."""
    groups: dict[tuple[int, int], list[Month]] = {}
    for month in months:
        groups.setdefault(month.quarter, []).append(month)
    return list(groups.values())
