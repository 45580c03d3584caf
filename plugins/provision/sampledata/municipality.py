"""The municipality `minato-city`: its member ledger, one CSV a quarter, with health and care numbers and check-ups."""

from __future__ import annotations

import csv
from pathlib import Path

from provision.sampledata.blocks import Block, World
from provision.sampledata.calendar import Month, compact, era_day, quarters
from provision.sampledata.drops import Drop
from provision.sampledata.names import half_kana
from provision.sampledata.person import Coverage, Person
from provision.sampledata.tables import city, phrases
from provision.sampledata.truth import Truth

SOURCE = "minato-city"
_HEADER_LINE = (
    "宛名番号,氏名,カナ氏名,生年月日,性別,続柄,郵便番号,住所,電話番号,国保保険者番号,記号,番号,枝番,"
    "後期高齢者保険者番号,後期高齢者被保険者番号,介護保険者番号,介護被保険者番号,要介護状態区分,"
    "資格取得年月日,資格喪失年月日,健診実施年月日,身長,体重,腹囲,収縮期血圧,拡張期血圧,HbA1c,LDLコレステロール,備考"
)
HEADER = _HEADER_LINE.split(",")
#: The quarter's file by turns: encoding, how dates are written, whether kana are half width.
_STYLES = (("utf-8-sig", "slash", False), ("cp932", "era", True), ("utf-8-sig", "compact", False))
#: Share of members with a health check-up in a quarter.
_CHECKUP = 0.12


class LedgerRows:
    """The rows of one quarter's ledger, in the style of the city's program at the time."""

    def __init__(self, months: list[Month], style: int) -> None:
        self.first, self.last = months[0], months[-1]
        self.encoding, self._dates, self._half = _STYLES[style % len(_STYLES)]

    def row(self, person: Person, coverage: Coverage | None, draws: list[float]) -> list[str]:
        """One row: who it is, cards, check-up."""
        return self._who(person) + self._cards(person, coverage) + self._checkup(person, draws)

    def _date(self, day: int) -> str:
        text = compact(day)
        if self._dates == "era":
            return era_day(day, True)
        return f"{text[:4]}/{text[4:6]}/{text[6:]}" if self._dates == "slash" else text

    def _who(self, person: Person) -> list[str]:
        kana = f"{person.surname.kana} {person.given.kana}"
        address = person.address
        return [
            person.resident_no,
            person.ledger_name,
            half_kana(kana) if self._half else kana.replace(" ", "　"),
            self._date(person.birth),
            person.sex,
            person.relation,
            address.zip if self._half else f"{address.zip[:3]}-{address.zip[3:]}",
            address.text,
            person.phone,
        ]

    def _cards(self, person: Person, coverage: Coverage | None) -> list[str]:
        """Numbers and dates; late elderly rows name the municipality too, but have no symbol."""
        late = coverage is not None and coverage.kind == "late"
        municipal = person.town.nhi if coverage else ""
        card = [coverage.symbol, coverage.number, coverage.branch] if coverage and not late else ["", "", ""]
        elderly = [coverage.insurer, coverage.number] if coverage and late else ["", ""]
        dates = ["", ""]
        if coverage:
            ended = coverage.end and coverage.end <= self.last.last
            dates = [self._date(coverage.start), self._date(coverage.end + 1) if ended else ""]
        return [municipal, *card, *elderly, person.care_insurer, person.care_number, person.care_level, *dates]

    def _checkup(self, person: Person, draws: list[float]) -> list[str]:
        note = phrases("note")[int(draws[9] * len(phrases("note")))] if draws[8] < 0.06 else ""
        if note:
            note = note.format(name=person.name, family=person.kin_name, phone=person.phone)
        if draws[0] >= _CHECKUP or self.last.last - person.birth < 40 * 365:
            return [""] * 8 + [note]
        height = (160 if person.sex == "1" else 148) + 20 * draws[1]
        weight = height - 112 + 30 * draws[2]
        values = [f"{height:.1f}", f"{weight:.1f}", f"{weight * 0.9 + 25:.1f}"]
        pressure = [str(int(100 + 60 * draws[3])), str(int(60 + 35 * draws[4]))]
        blood = [f"{5.0 + 3 * draws[5] ** 2:.1f}", str(int(70 + 110 * draws[6]))]
        day = self.first.first + int(draws[7] * (self.last.last - self.first.first))
        return [self._date(day), *values, *pressure, *blood, note]


class _QuarterDrop:
    """One quarter's file being written: everybody who was a member on at least one day of its months."""

    def __init__(self, senders: Path, months: list[Month], position: int) -> None:
        self.drop = Drop(senders, SOURCE, str(months[0]))
        self.rows = LedgerRows(months, position)
        self.name = f"ledger_{months[0].year}q{months[0].quarter[1] + 1}.csv"
        self._stream = (self.drop.folder / self.name).open("w", encoding=self.rows.encoding, newline="")
        self._writer = csv.writer(self._stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._writer.writerow(HEADER)
        self._count = 0

    def add(self, person: Person, coverage: Coverage | None, draws: list[float]) -> int:
        """Write one row; returns its ordinal in the file (the header does not count)."""
        self._writer.writerow(self.rows.row(person, coverage, draws))
        self._count += 1
        return self._count

    def close(self, truth: Truth) -> None:
        """Close the file, tell the truth about it, then mark the drop as complete."""
        self._stream.close()
        rows = {"row": self._count}
        truth.file(SOURCE, self.drop.name, self.name, "member-ledger", {"members": self._count}, rows)
        self.drop.ready()


class MunicipalLedger:
    """Writes all ledgers at once, block by block."""

    def __init__(self, senders: Path, world: World) -> None:
        """Open one drop per calendar quarter that has months in the world; its period is the first of them."""
        self._world = world
        self._drops = [_QuarterDrop(senders, months, i) for i, months in enumerate(quarters(world.months))]

    def add(self, block: Block, truth: Truth) -> None:
        """Write one block's residents: a row per card of the municipality, one without a card for care insurance."""
        for drop in self._drops:
            first, last = drop.rows.first, drop.rows.last
            table = self._world.draws(30, block.index, first.index, rows=block.size, columns=10)
            for person, draws in zip(block.people, table, strict=False):
                for coverage in memberships(person, first.first, last.last):
                    ordinal = drop.add(person, coverage, draws)
                    told = ledger_evidence(person, coverage)
                    truth.claim(SOURCE, drop.drop.name, drop.name, ordinal, person, str(first), "row", told)

    def close(self, truth: Truth) -> None:
        """Finish all drops."""
        for drop in self._drops:
            drop.close(truth)


def memberships(person: Person, first: int, last: int) -> list[Coverage | None]:
    """Cards the city issues that were valid between two days; [None] for members of its care insurance alone."""
    if person.town is not city() or person.birth > last:
        return []
    cards = [
        c for c in person.coverages if c.kind in ("nhi", "late") and c.start <= last and (not c.end or c.end >= first)
    ]
    return [*cards] or ([None] if person.care_number else [])


def ledger_evidence(person: Person, coverage: Coverage | None) -> dict[str, str]:
    """What a row tells of its person; the address number (宛名番号) links nothing."""
    found = {"name": person.ledger_name, "kana": f"{person.surname.kana}{person.given.kana}"}
    found |= {"birth": compact(person.birth), "sex": person.sex}
    found |= {"care_insurer": person.care_insurer, "care_number": person.care_number}
    if coverage is not None:
        found |= {"insurer": coverage.insurer, "symbol": coverage.symbol, "number": coverage.number}
        found["branch"] = coverage.branch
    return found
