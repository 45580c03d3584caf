"""DPC claims (``RECEIPTD.UKE``) of a fictitious hospital: plain ones, and now and then a summary (総括) with details.

Plain: RE HO KO SN JD MF BU SB KK SK GA HH GT SI/IY SJ CD. 総括: RE HO KO SN JD MF CO, then two details, each with its
own RE HO KO, of which the first is the DPC part and the second one is paid by the fee schedule (GR SY SI). GO counts
the claims without their details. Layout: the edition of about 2014, as in the field table.
"""

from __future__ import annotations

from collections.abc import Mapping

from provision.sampledata.facilities import MINAMI
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.base import CRLF, record
from provision.sampledata.sheets.claims import ClaimSheet, Layout, burden
from provision.sampledata.stays import COEFFICIENT, Stay
from provision.sampledata.tables import phrases
from provision.sampledata.uke_records import FREE_COMMENT, comment, fill, group


class DpcClaimSheet(ClaimSheet):
    """One file of the hospital."""

    layout = Layout("1", re=30, ho=16, ko=13, chart=13, search=20, kana=28, meals=(7, 10))
    facility = MINAMI

    def head(self) -> str:
        """IR opens the file."""
        filled = {1: 1, 2: 13, 3: 1, 4: MINAMI.code, 6: MINAMI.name, 7: self.billed, 8: "00", 9: MINAMI.phone}
        return record("IR", 10, filled)

    def patient(self, visit: Visit) -> Mapping[int, object]:
        """Admission, ward, 総括 and the number of its details."""
        more = {18: 1, 19: 2} if _in_parts(visit) else {}
        return {8: self.day(Stay(visit).admitted), 9: "01", **more}

    def entry(self, visit: Visit, kind: str) -> str:
        """A plain claim, or a 総括 and its details; the details repeat the number and the payers."""
        text = super().entry(visit, kind)
        stay = Stay(visit)
        self.totals["month_points"] += stay.evaluated
        if not _in_parts(visit):
            return text
        plain = {8: self.day(stay.admitted), 9: "01"}
        number = self.totals["claims"]
        first = self._detail(visit, number, plain, stay.evaluated) + self._bundle(visit, stay)
        apart, points = self._apart(visit, stay)
        second = self._detail(visit, number, plain, points) + self._by_schedule(visit, stay) + apart
        return text + first + second

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Of the claim, and of each detail of a 総括, which has no SN."""
        own = super().evidence(visit)
        return own + [own[0] | {"branch": ""} for _ in range(2 * _in_parts(visit))]

    def acts(self, visit: Visit) -> tuple[str, int]:
        """Everything on a plain claim; of a 総括 only what it says itself."""
        stay = Stay(visit)
        apart, points = self._apart(visit, stay)
        note = record("CO", 5, {1: "01", 2: burden(visit), 3: FREE_COMMENT, 4: comment(visit.person, visit.draws[11])})
        if _in_parts(visit):
            return note, stay.evaluated + points
        return self._bundle(visit, stay) + apart + self._last(visit, stay), stay.evaluated + points

    def _detail(self, visit: Visit, number: int, more: Mapping[int, object], points: int) -> str:
        records = self.payers(visit, points).splitlines(keepends=True)
        return self.re(visit, number, more) + "".join(r for r in records if r.startswith(("HO", "KO")))

    def _bundle(self, visit: Visit, stay: Stay) -> str:
        """BU to GT: what the bundle is paid for."""
        person, chosen = visit.person, stay.group
        age = (stay.admitted - person.birth) // 365
        dates = {2: self.day(stay.admitted), 3: self.day(stay.discharged), 4: 1}
        text = record("BU", 6, {1: chosen.dpc, **dates}, cut=self.cut)
        text += self._diseases(visit, stay)
        severe = f"{person.name}　ＮＹＨＡ分類２" if visit.draws[16] < 0.1 else ""
        text += record("KK", 14, {2: 0, 3: 1, 5: 0, 6: age, 8: 0, 11: severe}, cut=self.cut)
        if chosen.procedure:
            done = {1: chosen.procedure, 2: chosen.section, 3: self.day(stay.admitted + 1), 5: "01"}
            text += record("SK", 7, done | {6: "手術"}, cut=self.cut)
        month = visit.month.era if self.era else visit.month.compact
        absent = {1: month, 2: 0, 3: "0" * 31, 4: chosen.dpc, 5: f"{COEFFICIENT / 10_000:.4f}", 6: 0}
        text += record("GA", 7, absent, cut=self.cut)
        return text + self._points(visit, stay, month)

    def _diseases(self, visit: Visit, stay: Stay) -> str:
        chosen, person = stay.group, visit.person
        main = {1: chosen.disease, 4: chosen.icd10, 5: "11"}
        if visit.draws[16] < 0.04:
            main |= {1: "0000999", 3: f"{chosen.name}（{person.name}）"}
        text = record("SB", 8, main, cut=self.cut)
        return text + "".join(record("SB", 8, {1: d.code, 5: "31"}, cut=self.cut) for d in person.conditions)

    def _points(self, visit: Visit, stay: Stay, month: str) -> str:
        text, payer = "", burden(visit)
        for number, points, days in stay.periods:
            paid = {1: month, 2: 0, 3: 1, 4: payer, 5: number, 6: points, 7: days, 8: points * days}
            text += record("HH", 9, paid, cut=self.cut)
        total = {1: month, 2: 0, 3: 1, 4: payer, 5: stay.bundled, 6: stay.evaluated, 7: 0, 8: stay.evaluated, 9: "93"}
        return text + record("GT", 12, total, cut=self.cut)

    def _apart(self, visit: Visit, stay: Stay) -> tuple[str, int]:
        """Acts paid by the fee schedule, and their points."""
        text, points = "", 0
        for name, done, count in stay.apart:
            days = visit.days if count > 1 else visit.days[:1]
            text += group(name, burden(visit), count, days)
            points += done.points * count
        return text, points

    def _by_schedule(self, visit: Visit, stay: Stay) -> str:
        text = record("GR", 3, {1: "01", 2: stay.group.dpc}, cut=self.cut)
        start = self.day(stay.admitted)
        return text + record("SY", 8, {1: stay.group.disease, 2: start, 3: 1, 6: "01"}, cut=self.cut)

    def _last(self, visit: Visit, stay: Stay) -> str:
        """SJ and CD: the narrative, and what the bundle holds."""
        text = f"SJ,01,{fill(phrases('SJ'), visit.person, visit.draws[12])}{CRLF}" if visit.draws[12] < 0.4 else ""
        for number, (_, done, count) in enumerate(stay.inside, 1):
            for item, line in enumerate(done.lines, 1):
                where = {1: self.day(stay.admitted), 2: line.section or done.lines[0].section, 3: number, 4: item}
                text += record("CD", 11, {**where, 5: line.code, 6: line.quantity, 9: count}, cut=self.cut)
        return text


def _in_parts(visit: Visit) -> bool:
    """Whether the claim is a 総括 with details."""
    return visit.draws[5] < 0.15
