"""A file being written: entries in order, one per person's claim, stay or row, then head and totals around them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from provision.sampledata.calendar import GREGORIAN_SINCE, Month
from provision.sampledata.illness import Visit
from provision.sampledata.occasions import Occasion

CRLF = "\r\n"
_PIECE = 256 * 1024


def record(kind: str, width: int, filled: Mapping[int, object], *, cut: bool = False) -> str:
    """A line of `width` columns (the kind counted), filled by index; `cut` leaves empty ones at the end out."""
    cells = [kind, *[""] * (width - 1)]
    for index, value in filled.items():
        cells[index] = str(value)
    text = ",".join(cells)
    return (text.rstrip(",") if cut else text) + CRLF


class Sheet(ABC):
    """One file of one month. Sub-classes say what an entry is; `totals` add up while entries are made.

    `style` numbers the sender's program: by turns trailing columns are written or cut off, 0x1A stands at the end or
    not, items are quoted or not.
    """

    encoding = "cp932"

    def __init__(self, month: Month, style: int = 0) -> None:
        self.month, self.style = month, style
        self.totals: Counter[str] = Counter()

    @property
    def cut(self) -> bool:
        """Whether this sender leaves trailing empty columns out."""
        return self.style % 2 == 1

    @property
    def era(self) -> bool:
        """Whether dates are written with eras: claims billed before the switch."""
        return str(self.month.next()) < GREGORIAN_SINCE

    @abstractmethod
    def entry(self, visit: Visit, kind: str) -> str:
        """The records of one visit, `kind` being how it travels (first, late, rebilled, returned)."""

    @abstractmethod
    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """What tells who it is, by the names of `PEOPLE_COLUMNS`, for every row of the head table the entry makes."""

    def rows(self, text: str) -> Counter[str]:
        """How many records of which kind are in the text of an entry."""
        return Counter(line.split(",", 1)[0] for line in text.split(CRLF) if line)

    def head(self) -> str:
        """What stands before the entries."""
        return ""

    def tail(self) -> str:
        """What stands behind the entries."""
        return ""

    def finish(self, body: BinaryIO) -> Iterator[bytes]:
        """The whole file in pieces; `body` holds the entries, encoded."""
        yield self.head().encode(self.encoding)
        while piece := body.read(_PIECE):
            yield piece
        yield self.tail().encode(self.encoding)


@dataclass(frozen=True)
class Kind:
    """One kind of file: its name for a month, who is in it, and the sheet that writes it."""

    name: Callable[[Month], str]
    occasion: Occasion
    sheet: Callable[[Month, int], Sheet]


@dataclass(frozen=True)
class Sender:
    """A source that sends files of one format.

    `billed`: ``first`` sends a month's entries at once; ``claims`` a few a month late, and those that were returned
    again two months later; ``accepted`` the same without those that were returned; ``returned`` nothing but these, in
    the month after.
    """

    source: str
    kinds: tuple[Kind, ...]
    billed: str = "first"
