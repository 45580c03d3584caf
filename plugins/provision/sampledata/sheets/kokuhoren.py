"""Nursing-care files as the federation of insurers takes them (国保連 interface): control, totals, data, end.

Data kinds: 711 claims with their totals 7111, 812 care planning (様式第七, record 8124), 821 benefit management slips
(給付管理票, record 8222). Order and digits: the field table of records, grade C.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from provision.sampledata.calendar import Month, birthday, compact
from provision.sampledata.care_claim import OFFICE, care_claim, care_evidence
from provision.sampledata.care_facility import Sums
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.base import CRLF, Sheet
from provision.sampledata.tables import phrases
from provision.sampledata.uke_records import fill

#: 居宅介護支援事業所 and its care manager's number (介護支援専門員番号), which must go.
PLANNER, MANAGER = "1370199992", "13099991"
_UNIT_PRICE = 1140
#: What else stands on 7111: public payers' and users' share, then board and lodging (特定入所者).
_NOTHING_ELSE = ("0", "0", "0", "", "0", "0", "0", "0")
#: 支給限度額 in units by care level.
_LIMITS = {"12": 5032, "13": 10531, "21": 16765, "22": 19705, "23": 27048, "24": 30938, "25": 36217}


class KokuhorenSheet(Sheet):
    """A file with running numbers; entries are records without theirs, `place` is the item that tells their kind."""

    data_kind, office, place = "711", OFFICE, 1

    def entry(self, visit: Visit, kind: str) -> str:
        """The records of one user's month."""
        records = self.records(visit)
        self.totals.update(claims=1, records=len(records))
        return "".join(self._line(record) for record in records)

    @abstractmethod
    def records(self, visit: Visit) -> list[list[str]]:
        """Records of one user's month."""

    def invoices(self) -> list[list[str]]:
        """Totals that stand before the claims."""
        return []

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """No names, but the insured number."""
        return [care_evidence(visit.person)]

    def rows(self, text: str) -> Counter[str]:
        """Records by their kind."""
        return Counter(line.split(",")[self.place].strip('"') for line in text.split(CRLF) if line)

    def finish(self, body: BinaryIO) -> Iterator[bytes]:
        """Control record, totals, the entries with their numbers, end record."""
        front = [self._line(record) for record in self.invoices()]
        count = self.totals["records"] + len(front)
        month = self.month.next().compact
        control = ["0", str(count), self.data_kind, "0", "0", self.office, "00", "1", month, "0"]
        yield self._numbered(1, 1, self._line(control))
        for number, line in enumerate(front, 2):
            yield self._numbered(2, number, line)
        for number, record in enumerate(body, 2 + len(front)):
            yield b"2,%d,%s" % (number, record)
        yield f"3,{count + 2}{CRLF}".encode("cp932")

    def _line(self, record: list[str]) -> str:
        return ",".join(record if self.cut else [f'"{item}"' for item in record]) + CRLF

    def _numbered(self, kind: int, number: int, line: str) -> bytes:
        return f"{kind},{number},{line}".encode("cp932")


class CareSheet(KokuhorenSheet):
    """711: claims of a care facility."""

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self._sums = Sums()

    def records(self, visit: Visit) -> list[list[str]]:
        """Records 01, 02 and 10."""
        claim = care_claim(visit.person, visit.month, visit.draws)
        self._sums.add(visit.month, claim)
        return claim.records

    def invoices(self) -> list[list[str]]:
        """7111."""
        self.totals.update({name: sum for name, sum in self._sums.total().items() if name != "claims"})
        return self._sums.records()


class SupportSheet(KokuhorenSheet):
    """812: what the office asks for making care plans, one line or two a user, and its invoice (請求情報区分 02)."""

    data_kind, office, place = "812", PLANNER, 0

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self._asked: dict[str, Counter[str]] = {}

    def records(self, visit: Visit) -> list[list[str]]:
        """8124: the plan itself, now and then with an addition for a first plan; the last line (99) has the totals."""
        services = [("432111", 1086), *([("434001", 300)] if visit.draws[2] < 0.15 else [])]
        total = sum(units for _, units in services)
        amount = total * _UNIT_PRICE // 100
        note = fill(phrases("care"), visit.person, visit.draws[3])[:10] if visit.draws[4] < 0.1 else ""
        self._asked.setdefault(visit.month.compact, Counter()).update(claims=1, units=total, amount=amount)
        self.totals.update(units=total, amount=amount)
        lines = [self._service(visit, f"{n:02d}", *service, {}) for n, service in enumerate(services[:-1], 1)]
        return [*lines, self._service(visit, "99", *services[-1], {21: total, 22: amount, 24: note})]

    def invoices(self) -> list[list[str]]:
        """7111: all of it is paid by the insurance."""
        found = []
        for month, asked in sorted(self._asked.items()):
            sums = [str(asked[name]) for name in ("claims", "units", "amount", "amount")]
            found.append(["7111", month, PLANNER, "1", "0", "02", *sums, *_NOTHING_ELSE])
        return found

    def _service(self, visit: Visit, number: str, code: str, units: int, more: Mapping[int, object]) -> list[str]:
        person, month = visit.person, visit.month
        public = person.public[0] if person.welfare else ("", "")
        since = max(birthday(person.birth, 65), month.first - 300)
        head = {1: "8124", 2: PLANNER, 3: 1, 4: month.compact, 5: person.care_insurer.rjust(8, "0"), 6: _UNIT_PRICE}
        who = {7: person.care_number, 8: public[0], 9: public[1], 10: compact(person.birth), 11: person.sex}
        level = {12: person.care_level, 13: compact(since), 14: compact(month.first + 400), 15: compact(since)}
        line = {16: number, 17: code, 18: units, 19: 1, 20: units, 23: MANAGER}
        return _record(24, {**head, **who, **level, **line, **more})


class PlanSheet(KokuhorenSheet):
    """821: benefit management slips, a line per service and one for the sum, and their summary 8211."""

    data_kind, office, place = "821", PLANNER, 0

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self._slips: Counter[str] = Counter()

    def records(self, visit: Visit) -> list[list[str]]:
        """8222: planned units by service, the last line (99) with their sum."""
        kinds = ["15", *(["13"] if visit.draws[2] < 0.4 else []), *(["16"] if visit.draws[2] > 0.8 else [])]
        planned = [(kind, 600 * (1 + int(visit.draws[5 + place] * 6))) for place, kind in enumerate(sorted(kinds))]
        total = sum(units for _, units in planned)
        self._slips[visit.person.care_insurer] += 1
        self.totals.update(units=total)
        lines = [
            self._slip(visit, f"{number:02d}", {17: OFFICE, 18: 1, 19: kind, 20: units})
            for number, (kind, units) in enumerate(planned, 1)
        ]
        return [*lines, self._slip(visit, "99", {22: total, 23: 0, 24: total})]

    def invoices(self) -> list[list[str]]:
        """8211, one per insurer: how many slips are new, of the own prefecture or of others."""
        month = self.month.next().compact
        nothing = dict.fromkeys(range(6, 18), 0)
        found = []
        for insurer, count in sorted(self._slips.items()):
            place = 12 if insurer[:2] == PLANNER[:2] else 6
            said = {1: "8211", 2: month, 3: insurer.rjust(8, "0"), 4: PLANNER, 5: 1, **nothing, place: count}
            found.append(_record(17, said))
        return found

    def _slip(self, visit: Visit, number: str, more: Mapping[int, object]) -> list[str]:
        person, month = visit.person, visit.month
        head = {1: "8222", 2: month.compact, 3: person.care_insurer.rjust(8, "0"), 4: PLANNER, 5: 1}
        made = {6: compact(month.last), 7: 1, 8: number}
        who = {9: person.care_number, 10: compact(person.birth), 11: person.sex, 12: person.care_level}
        limit = {13: month.compact, 14: month.compact, 15: _LIMITS[person.care_level], 16: 1}
        return _record(27, {**head, **made, **who, **limit, **more, 25: MANAGER})


def _record(width: int, filled: Mapping[int, object]) -> list[str]:
    return [str(filled.get(place, "")) for place in range(1, width + 1)]
