"""A medical claims file: IR in front, claims with running numbers, GO with the totals behind, as CP932 bytes."""

from __future__ import annotations

from provision.sampledata.calendar import GREGORIAN_SINCE, Month
from provision.sampledata.facilities import KITA
from provision.sampledata.uke_claim import Claim, Style
from provision.sampledata.uke_records import CRLF

#: A claims file counts claims with six digits (RE 1, GO 1).
LIMIT = 999_999


class UkeFile:
    """Collects claims of one billing month; `claims`, `payers` and `points` are what GO and the truth need."""

    def __init__(self, service: Month, *, era_dates: bool = True, sins: bool = False, final_1a: bool = True) -> None:
        """A file for service month `service`, billed in the month after."""
        billed = service.next()
        self.style = Style(era=era_dates and str(billed) < GREGORIAN_SINCE, sins=sins)
        self._billed = billed.era if self.style.era else billed.compact
        self._final = "\x1a" if final_1a else ""
        self.claims = self.payers = self.points = 0

    def head(self) -> bytes:
        """The IR record."""
        return _bytes(
            f"IR,1,{KITA.prefecture},{KITA.table},{KITA.code},,{KITA.name},{self._billed},00,{KITA.phone}{CRLF}"
        )

    def number(self, claim: Claim) -> str:
        """The claim's text with the next running number; ValueError where one file can hold no more."""
        self.claims += 1
        self.payers += claim.payers
        self.points += claim.points
        if self.payers > LIMIT:
            raise ValueError("a claims file holds at most 999,999 payers: write fewer people or a smaller stream")
        return f"RE,{self.claims}{claim.text}"

    def tail(self) -> bytes:
        """The GO record: 総件数 counts HO and KO, 総合計点数 the main payer's points; 99 is the only volume."""
        return _bytes(f"GO,{self.payers},{self.points},99{CRLF}{self._final}")


def encode(claims: list[str]) -> bytes:
    """Numbered claims as bytes."""
    return _bytes("".join(claims))


def _bytes(text: str) -> bytes:
    return text.encode("cp932")
