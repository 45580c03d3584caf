"""Dispensing claims (``RECEIPTY.CYO``) of a fictitious pharmacy: YK, then RE HO KO SN JD MF {SH {CZ IY CO}} TK KI.

The names of the prescribing doctors, the licence for narcotics and the hospital's name and address stand in RE, as in
real files: all of them must go. Column counts are those of the 令和8年6月 edition.
"""

from __future__ import annotations

from collections.abc import Mapping

from provision.sampledata.facilities import HINODE, KITA
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.base import CRLF, record
from provision.sampledata.sheets.claims import ClaimSheet, Layout, burden
from provision.sampledata.tables import Act
from provision.sampledata.uke_records import FREE_COMMENT, act, comment

#: Doctors of the hospital, who prescribe; their names are in no list of people.
DOCTORS = ("架空医　一郎", "架空医　みどり")
_LICENCE, _HOSPITAL_ADDRESS = "東京都麻薬第００９９号", "東京都港区架空町１－１－１"
_PREPARATION, _BASIC, _GUIDANCE = 24, 45, 59


class DispensingSheet(ClaimSheet):
    """One file of the pharmacy."""

    layout = Layout("4", re=42, ho=14, ko=10, chart=35, search=37, kana=41)
    facility = HINODE

    def head(self) -> str:
        """YK opens the file."""
        filled = {1: 1, 2: 13, 3: 4, 4: HINODE.code, 5: HINODE.name, 6: self.billed, 7: "00", 8: HINODE.phone}
        return record("YK", 9, filled)

    def patient(self, visit: Visit) -> Mapping[int, object]:
        """Who prescribed."""
        doctors = DOCTORS[: 1 + (visit.draws[21] < 0.2)]
        notes = f"{26 + int(visit.draws[17] * 5)}" if visit.draws[17] < 0.1 else ""
        place: dict[int, object] = {8: notes, 9: 13, 10: 1, 11: KITA.code, 12: KITA.name, 13: _HOSPITAL_ADDRESS}
        named = dict(enumerate(doctors, 14))
        return {**place, **named, 34: _LICENCE if visit.draws[21] < 0.05 else ""}

    def acts(self, visit: Visit) -> tuple[str, int]:
        """A group (SH) per prescribed act, dispensed once or twice (CZ), then notes and basic fees."""
        names = sorted({act for illness in visit.illnesses for act in illness.acts if act.startswith("rx_")})
        text, points = "", 0
        for number, name in enumerate(names, 1):
            group, worth = self._group(visit, number, act(name))
            text, points = text + group, points + worth
        if visit.draws[22] < 0.12:
            text += f"TK,{FREE_COMMENT},{comment(visit.person, visit.draws[11])}{CRLF}"
        for reception, day in enumerate(visit.days, 1):
            text += self._fees(visit, reception, day)
        return text, points + (_BASIC + _GUIDANCE) * len(visit.days)

    def _group(self, visit: Visit, number: int, done: Act) -> tuple[str, int]:
        """SH and what lies in it; the points of a dispensing are those of the drugs times days, and preparing them."""
        once = visit.draws[10] < 0.1 and number == 2
        note = "疼痛時" if once else ""
        text = record("SH", 10, {1: f"{number:02d}", 2: 1, 3: "101", 4: note, 5: done.points}, cut=self.cut)
        points = 0
        for reception, day in enumerate(visit.days, 1):
            days = (7, 14, 28, 30)[int(visit.draws[14] * 4)]
            points += done.points * days + _PREPARATION
            text += self._dispensed(visit, reception, day, days, done)
            text += "".join(self._drug(line.code, line.quantity or "1", visit) for line in done.lines)
        if visit.draws[10] < 0.15 and number == 1:
            text += f"CO,{FREE_COMMENT},{comment(visit.person, visit.draws[11])}{CRLF}"
        return text, points

    def _dispensed(self, visit: Visit, reception: int, day: int, days: int, done: Act) -> str:
        date = self.day(visit.month.first + day - 1)
        prepared = {6: burden(visit), 7: 1, 8: 1, 9: "410000110", 10: _PREPARATION}
        filled: dict[int, object] = {1: "01", 2: date, 3: date, 4: reception, 5: days, **prepared, 13: done.points}
        return record("CZ", 71, filled, cut=self.cut)

    def _drug(self, code: str, quantity: str, visit: Visit) -> str:
        return record("IY", 10, {1: burden(visit), 2: code, 3: quantity}, cut=self.cut)

    def _fees(self, visit: Visit, reception: int, day: int) -> str:
        """KI: basic fee and guidance of one visit to the pharmacy."""
        date, payer = self.day(visit.month.first + day - 1), burden(visit)
        basic = {1: date, 2: reception, 3: payer, 4: "410000010", 5: _BASIC}
        guidance = {7: payer, 8: "440000010", 9: 1, 10: _GUIDANCE}
        return record("KI", 114, {**basic, **guidance}, cut=self.cut)
