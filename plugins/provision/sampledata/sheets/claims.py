"""What claims of every kind share (レセプト電算処理): patient, payers, eligibility, days, running numbers and GO.

Order and columns of 歯科 and 調剤 follow the editions of 令和8年6月, those of DPC the edition of about 2014, as the
field tables in ``formats/fields`` tell them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from provision.sampledata.calendar import Month, compact, era_day
from provision.sampledata.facilities import Facility
from provision.sampledata.illness import Visit
from provision.sampledata.numbering import scattered
from provision.sampledata.person import Person
from provision.sampledata.sheets.base import CRLF, Sheet, record
from provision.sampledata.uke_claim import BURDEN, receipt_kind
from provision.sampledata.uke_file import LIMIT
from provision.sampledata.uke_records import day_columns


@dataclass(frozen=True)
class Layout:
    """Widths of RE, HO and KO, the places of chart, search number and kana in RE, and of meals in HO and KO (0: none).

    `first` is the first digit of レセプト種別, `shift` what lies between the points and the copayment of KO.
    """

    first: str
    re: int
    ho: int
    ko: int
    chart: int
    search: int
    kana: int
    meals: tuple[int, int] = (0, 0)


def claim_evidence(visit: Visit, facility: Facility, *, confirmed: bool = False) -> dict[str, str]:
    """What a claim of this visit at `facility` tells of its person; `confirmed`: SN is always there, with a branch."""
    person, card = visit.person, visit.coverage
    found = who(person) | {"facility": facility.number, "chart": facility.chart(person)}
    if card is not None:
        found |= {"insurer": card.insurer, "symbol": card.symbol, "number": card.number}
        found["branch"] = card.branch if confirmed or branch_told(visit) else ""
    return found


def who(person: Person) -> dict[str, str]:
    """Name, kana, birth and sex as claims write them."""
    kana = f"{person.surname.kana}{person.given.kana}"
    return {"name": person.name, "kana": kana, "birth": compact(person.birth), "sex": person.sex}


def branch_told(visit: Visit) -> bool:
    """Whether the claim has an SN record with the branch: the card was looked up online."""
    return visit.coverage is not None and bool(visit.coverage.branch) and visit.draws[8] < 0.5


def burden(visit: Visit) -> str:
    """負担区分 (別表21) of everything on the claim: all its payers together."""
    return BURDEN.get((visit.coverage is not None, len(visit.person.public)), "1")


class ClaimSheet(Sheet):
    """A file of claims; sub-classes give `layout`, `facility`, the file's head and what a claim holds behind payers."""

    layout: Layout
    facility: Facility

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        billed = month.next()
        self.billed = billed.era if self.era else billed.compact

    @abstractmethod
    def acts(self, visit: Visit) -> tuple[str, int]:
        """What was done, as records, and its points."""

    def patient(self, visit: Visit) -> Mapping[int, object]:
        """Columns of RE that only this kind of claims has."""
        return {}

    def entry(self, visit: Visit, kind: str) -> str:
        """RE to the last record of a claim; ValueError where one file can hold no more."""
        body, points = self.acts(visit)
        self.totals["claims"] += 1
        self.totals["payers"] += (visit.coverage is not None) + len(visit.person.public)
        self.totals["points"] += points
        if self.totals["payers"] > LIMIT:
            raise ValueError("a claims file holds at most 999,999 payers: write fewer people or a smaller stream")
        return self.re(visit, self.totals["claims"], self.patient(visit)) + self.payers(visit, points) + body

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Of RE, HO and SN."""
        return [claim_evidence(visit, self.facility)]

    def day(self, ordinal: int) -> str:
        """A day as this file writes days."""
        return era_day(ordinal, False) if self.era else compact(ordinal)

    def re(self, visit: Visit, number: int, more: Mapping[int, object]) -> str:
        """RE: the first seven columns are the same in every kind."""
        person, place = visit.person, self.layout
        filled: dict[int, object] = {
            1: number,
            2: place.first + receipt_kind(visit, visit.coverage)[1:],
            3: visit.month.era if self.era else visit.month.compact,
            4: person.name,
            5: person.sex,
            6: self.day(person.birth),
            place.chart: self.facility.chart(person),
            place.search: search_number(visit, self.facility) if visit.returned else "",
            place.kana: f"{person.surname.kana}{person.given.kana}",
        }
        return record("RE", place.re, {**filled, **more}, cut=self.cut)

    def payers(self, visit: Visit, points: int) -> str:
        """HO, KO, SN and the days."""
        count, card, text = len(visit.days), visit.coverage, ""
        if card is not None:
            cells = card.ho.split(",")
            filled = {1: cells[1], 2: cells[2], 3: cells[3], 4: count, 5: points}
            text = record("HO", self.layout.ho, filled | self._meals(visit, self.layout.meals[0]), cut=self.cut)
        for payer, recipient in visit.person.public:
            filled = {1: payer, 2: recipient, 4: count, 5: points}
            text += record("KO", self.layout.ko, filled | self._meals(visit, self.layout.meals[1]), cut=self.cut)
        return text + self.eligibility(visit) + self._days(visit)

    def eligibility(self, visit: Visit) -> str:
        """SN with the branch, where the card was looked up."""
        if visit.coverage is None or not branch_told(visit):
            return ""
        return record("SN", 9, {1: 1, 2: "01", 6: visit.coverage.branch}, cut=self.cut)

    def _meals(self, visit: Visit, place: int) -> dict[int, object]:
        meals = 3 * len(visit.days)
        return {place: meals, place + 1: meals * 670} if place and visit.inpatient else {}

    def _days(self, visit: Visit) -> str:
        if visit.draws[9] >= 0.6:
            return ""
        columns = day_columns(visit.days)
        payers = range(1 if visit.coverage else 2, 2 + len(visit.person.public))
        text = "".join(f"JD,{payer},{columns}{CRLF}" for payer in payers)
        return text + (record("MF", 33, {1: "00"}, cut=self.cut) if visit.draws[9] < 0.2 else "")

    def tail(self) -> str:
        """GO: 総件数 counts HO and KO, 総合計点数 the main payer's points."""
        return f"GO,{self.totals['payers']},{self.totals['points']},99{CRLF}" + ("" if self.style // 2 % 2 else "\x1a")


def search_number(visit: Visit, facility: Facility) -> str:
    """検索番号, 28 digits; the claim billed again carries the same."""
    return f"{visit.month.compact}{facility.number}{scattered(visit.person.serial, 12, 11)}"
