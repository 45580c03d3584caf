"""Dental claims (``RECEIPTS.UKE``) of a fictitious clinic: UK, then IR RE HO KO SN JD MF HS SS IY TO CO SJ per claim.

歯式 (tooth codes) have six digits: 10, quadrant and tooth, then 00. Column counts are those of the 令和8年6月 edition.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from provision.sampledata.facilities import AOBA
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.base import CRLF, record
from provision.sampledata.sheets.claims import ClaimSheet, Layout, burden
from provision.sampledata.tables import phrases, rows
from provision.sampledata.uke_records import FREE_COMMENT, comment, fill

#: What is found (傷病) and what is done about it.
_PLANS = {
    "caries": ("filling", "cement"),
    "pulpitis": ("local", "root", "painkiller"),
    "periodontitis": ("scaling",),
    "wisdom": ("local", "extraction", "painkiller"),
    "denture": ("crown", "cement"),
}


@cache
def _lines() -> dict[str, list[dict[str, str]]]:
    """Lines of ``data/dental.tsv`` by act."""
    found: dict[str, list[dict[str, str]]] = {}
    for line in rows("dental"):
        found.setdefault(line["act"], []).append(line)
    return found


class DentalSheet(ClaimSheet):
    """One file of the clinic."""

    layout = Layout("3", re=27, ho=14, ko=10, chart=15, search=19, kana=25)
    facility = AOBA

    def head(self) -> str:
        """UK opens the file."""
        filled = {1: 1, 2: 13, 3: 3, 4: AOBA.code, 6: AOBA.name, 7: self.billed, 9: "00"}
        return record("UK", 10, filled)

    def entry(self, visit: Visit, kind: str) -> str:
        """IR stands above every claim."""
        ir = {1: 1, 2: 13, 3: 3, 4: AOBA.code, 6: self.billed, 7: AOBA.phone}
        return record("IR", 9, ir, cut=self.cut) + super().entry(visit, kind)

    def patient(self, visit: Visit) -> dict[int, object]:
        """診療開始日 and 特記事項."""
        start = visit.month.first + visit.days[0] - 1
        return {9: self.day(start), 10: 1, 13: f"{26 + int(visit.draws[17] * 5)}" if visit.draws[17] < 0.1 else ""}

    def acts(self, visit: Visit) -> tuple[str, int]:
        """Diagnoses with their teeth, then the acts by 診療識別 with comments, then perhaps a narrative."""
        found = self._found(visit)
        names = ["first" if visit.first_visit else "again", "care", *(["xray"] if visit.draws[21] < 0.4 else [])]
        names += [act for disease, _ in found for act in _PLANS[disease]]
        text, points = self._diagnoses(visit, found), 0
        for index, name in enumerate(sorted(set(names), key=lambda name: (_lines()[name][0]["section"], name))):
            done, count = self._act(visit, name), len(visit.days) if name in ("again", "scaling") else 1
            text += done + (self._comment(visit, found) if index == 1 and visit.draws[10] < 0.25 else "")
            points += int(_lines()[name][-1]["points"]) * count
        if visit.draws[12] < 0.05:
            text += f"SJ,01,{fill(phrases('SJ'), visit.person, visit.draws[11])}{CRLF}"
        return text, points

    def _found(self, visit: Visit) -> list[tuple[str, str]]:
        """Diseases and their teeth."""
        draws, names = visit.draws, list(_PLANS)
        chosen = dict.fromkeys(names[int(draws[22 + place] * len(names))] for place in range(1 + int(draws[25] * 2.5)))
        return [(name, _teeth(draws[26 + place], 1 + int(draws[29] * 3))) for place, name in enumerate(chosen)]

    def _diagnoses(self, visit: Visit, found: list[tuple[str, str]]) -> str:
        text, start = "", self.day(visit.month.first + visit.days[0] - 1)
        for index, (name, teeth) in enumerate(found):
            line = _lines()[name][0]
            filled: dict[int, object] = {1: start, 2: 1, 3: teeth, 4: line["code"], 9: "01" if index == 0 else ""}
            if visit.draws[16] < 0.06:
                filled |= {4: "0000999", 6: f"{line['name']}（{visit.person.name}様）"}
            if 0.06 < visit.draws[16] < 0.12:
                filled |= {10: FREE_COMMENT, 11: comment(visit.person, visit.draws[11]), 12: teeth[:6]}
            text += record("HS", 13, filled, cut=self.cut)
        return text

    def _act(self, visit: Visit, name: str) -> str:
        lines = _lines()[name]
        return "".join(
            self._line(visit, line, last=index == len(lines) - 1, times=name in ("again", "scaling"))
            for index, line in enumerate(lines)
        )

    def _line(self, visit: Visit, line: dict[str, str], *, last: bool, times: bool) -> str:
        """SS, IY or TO: points, times and days on the last line of a group."""
        days = visit.days if times else visit.days[:1]
        filled: dict[int, object] = {1: line["section"], 2: burden(visit), 3: line["code"]}
        width, points, more = _PLACES[line["kind"]]
        if line["kind"] == "IY":
            filled[4] = "1.5"
        if line["kind"] == "TO":
            filled |= {4: "0.5", 5: "001", 6: "12.5", 11: line["name"]}
        if line["code"].startswith("310"):
            filled |= {6: "A0001", 7: 1}
        if last:
            filled |= {points: line["points"], points + 1: len(days)} | {more + day - 1: 1 for day in days}
        return record(line["kind"], width, filled, cut=self.cut)

    def _comment(self, visit: Visit, found: list[tuple[str, str]]) -> str:
        filled = {2: burden(visit), 3: FREE_COMMENT, 4: comment(visit.person, visit.draws[11]), 5: found[0][1][:6]}
        return record("CO", 11, filled, cut=self.cut)


#: Width of a record, place of its points (times behind), and of day 1.
_PLACES = {"SS": (109, 76, 78), "IY": (39, 5, 8), "TO": (45, 12, 14)}


def _teeth(draw: float, count: int) -> str:
    """Tooth codes of neighbouring teeth."""
    return "".join(_neighbours(int(draw * 32), count))


def _neighbours(first: int, count: int) -> Iterator[str]:
    for place in range(first, first + count):
        yield f"10{place % 32 // 8 + 1}{place % 8 + 1}00"
