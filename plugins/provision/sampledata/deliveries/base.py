"""A delivery being written: documents of one month, each a file, and what travels with them (index, summary)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from provision.sampledata.calendar import Month
from provision.sampledata.illness import Visit
from provision.sampledata.occasions import Occasion


class Written(NamedTuple):
    """One file: its path in the delivery (``/`` between folders) and its bytes."""

    path: str
    data: bytes


class Delivery(ABC):
    """The documents of one month. Sub-classes say what a document is; the same arguments give the same bytes.

    `style` numbers the sender's program, as for sheets: by turns what one program writes and another leaves out.
    """

    def __init__(self, month: Month, style: int = 0) -> None:
        self.month, self.style = month, style

    @abstractmethod
    def documents(self, visit: Visit) -> list[Written]:
        """The files of one visit, in the order of their paths. A sender that writes a person's identifying values
        writes them wherever its format has a place for them, so that tests can see them go."""

    @abstractmethod
    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """What tells who it is, by the names of `PEOPLE_COLUMNS`, for every row of the head table that the visit's
        files make, in the order of the files."""

    def heads(self, visit: Visit) -> list[int]:
        """How many rows of the head table each of the visit's files makes, in their order; 0 for one that is passed
        over. To be said by senders with several files of which not every one makes one row."""
        files, rows = len(self.documents(visit)), len(self.evidence(visit))
        if files == rows:
            return [1] * files
        if files == 1:
            return [rows]
        raise TypeError(f"{type(self).__name__} writes {files} files for {rows} rows and has no heads()")

    @abstractmethod
    def kept(self, visit: Visit) -> Mapping[str, list[dict[str, object]]]:
        """By table, the rows that the store must hold of the visit's files, in their order, with all kept columns that
        hold something: worked out from the world, not by reading what was written. Dates as ISO texts, decimals as
        `Decimal`."""

    def beside(self) -> list[Written]:
        """Files of the delivery that hold nobody's data and are passed over: written last."""
        return []


@dataclass(frozen=True)
class DocumentSender:
    """A source of the world that sends documents of one format, a delivery a month."""

    format: str
    source: str
    occasion: Occasion
    delivery: Callable[[Month, int], Delivery]
