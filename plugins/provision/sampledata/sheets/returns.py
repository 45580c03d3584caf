"""Returned claims (返戻ファイル, ``*.HEN``): what the review body sent back, with reasons, for every kind of claims.

HI opens the file and names the facility, each claim stands there as it was billed with its 検索番号, HR behind it says
why, HG counts like GO. Layout: the specification of about 2014, as in the field table. Reasons are written out and
name people now and then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from provision.sampledata.calendar import Month
from provision.sampledata.facilities import AOBA, HINODE, KITA, MINAMI, Facility
from provision.sampledata.illness import LATE, RETURNED, Visit
from provision.sampledata.sheets.base import CRLF, Sheet, record
from provision.sampledata.sheets.claims import search_number
from provision.sampledata.sheets.dental import DentalSheet
from provision.sampledata.sheets.dispensing import DispensingSheet
from provision.sampledata.sheets.dpc_claim import DpcClaimSheet
from provision.sampledata.sheets.medical import MedicalSheet

_REASONS = (
    ("1", "11", "被保険者証の記号番号誤り"),
    ("1", "21", "資格喪失後の受診"),
    ("2", "31", "傷病名と診療内容の不一致"),
    ("9", "91", "医療機関からの取下げ依頼"),
)


class ReturnSheet(Sheet):
    """The returned claims of one facility's file of another month."""

    inner: Callable[[Month, int], Sheet]
    facility: Facility

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self._sheet = type(self).inner(month, style)
        self.totals = self._sheet.totals
        self._month = month.next().era if self.era else month.next().compact

    def entry(self, visit: Visit, kind: str) -> str:
        """The claim without a header of its own, and one reason or two."""
        # streams ask for claims that were never returned: these are now
        visit = visit if visit.returned else replace(visit, draws=_marked(visit.draws))
        claim = self._sheet.entry(visit, kind)
        claim = claim[claim.index("RE,") :]
        return claim + "".join(self._reason(visit, place) for place in range(1 + (visit.draws[18] < 0.2)))

    def _reason(self, visit: Visit, place: int) -> str:
        chosen, code, text = _REASONS[(int(visit.draws[17] * len(_REASONS)) + place) % len(_REASONS)]
        about = f"{visit.person.name}様の件" if visit.draws[15] < 0.3 else ""
        number = search_number(visit, self.facility)
        said = {1: self._month, 2: chosen, 4: code, 5: text, 6: about, 9: number}
        return record("HR", 14, said, cut=self.cut)

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """As the claim itself."""
        return self._sheet.evidence(visit)

    def head(self) -> str:
        """HI."""
        place = self.facility
        return record("HI", 8, {1: 1, 2: self._month, 3: place.prefecture, 4: place.table, 5: place.code, 7: "00"})

    def tail(self) -> str:
        """HG."""
        return f"HG,{self.totals['payers']},{self.totals['points']},99{CRLF}" + ("" if self.style // 2 % 2 else "\x1a")


def _marked(draws: list[float]) -> list[float]:
    return [*draws[:13], LATE + RETURNED / 2, *draws[14:]]


class MedicalReturns(ReturnSheet):
    """``RECEIPTC.HEN``."""

    inner, facility = MedicalSheet, KITA


class DpcReturns(ReturnSheet):
    """``RECEIPTD.HEN``."""

    inner, facility = DpcClaimSheet, MINAMI


class DentalReturns(ReturnSheet):
    """``RECEIPTS.HEN``."""

    inner, facility = DentalSheet, AOBA


class DispensingReturns(ReturnSheet):
    """``RECEIPTY.HEN``."""

    inner, facility = DispensingSheet, HINODE
