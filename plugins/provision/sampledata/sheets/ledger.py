"""A member ledger as a sheet: the rows of the municipality's quarter, for streams of any size."""

from __future__ import annotations

import csv
import io
from collections import Counter

from provision.sampledata.calendar import Month
from provision.sampledata.illness import Visit
from provision.sampledata.municipality import HEADER, LedgerRows, ledger_evidence, memberships
from provision.sampledata.person import Coverage
from provision.sampledata.sheets.base import Sheet


class LedgerSheet(Sheet):
    """One quarter's ledger; a visit stands for one person."""

    encoding = "utf-8"

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self._rows = LedgerRows([month], style)
        self.encoding = "cp932" if self._rows.encoding == "cp932" else "utf-8"

    def head(self) -> str:
        """The header, behind a byte order mark where the style has one."""
        return ("\ufeff" if self.encoding == "utf-8" else "") + _line(HEADER)

    def entry(self, visit: Visit, kind: str) -> str:
        """A row per card of the municipality."""
        rows = [self._rows.row(visit.person, card, visit.draws) for card in self._cards(visit)]
        self.totals["members"] += len(rows)
        return "".join(map(_line, rows))

    def _cards(self, visit: Visit) -> list[Coverage | None]:
        return memberships(visit.person, self.month.first, self.month.last)

    def rows(self, text: str) -> Counter[str]:
        """All rows are of one kind."""
        return Counter(row=text.count("\r\n"))

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Everything: it is a ledger of people."""
        return [ledger_evidence(visit.person, card) for card in self._cards(visit)]


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
