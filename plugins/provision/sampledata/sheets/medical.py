"""Medical claims (``RECEIPTC.UKE``) as a sheet: the claims of `kita-hospital`, also for other senders that pass them
on."""

from __future__ import annotations

from provision.sampledata.calendar import Month
from provision.sampledata.facilities import KITA
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.base import Sheet
from provision.sampledata.sheets.claims import claim_evidence
from provision.sampledata.uke_claim import claim
from provision.sampledata.uke_file import UkeFile


class MedicalSheet(Sheet):
    """IR, claims, GO."""

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self.file = UkeFile(month, final_1a=not style // 2 % 2)

    def entry(self, visit: Visit, kind: str) -> str:
        """One claim; ValueError where one file can hold no more."""
        text = self.file.number(claim(visit, self.file.style))
        self.totals.update(claims=1)
        self.totals["payers"], self.totals["points"] = self.file.payers, self.file.points
        return text

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Of RE, HO and SN."""
        return [claim_evidence(visit, KITA)]

    def head(self) -> str:
        """IR."""
        return self.file.head().decode("cp932")

    def tail(self) -> str:
        """GO."""
        return self.file.tail().decode("cp932")
