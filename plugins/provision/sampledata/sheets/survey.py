"""DPC survey files (DPC調査) of a fictitious hospital: Forms 1, 3 and 4, EF, E, F, D and H, tab-separated.

Numbers are padded as in real files; names of acts, diseases and operations stand where the survey has them, and people
turn up in them now and then. Outpatient EF rows have the birth date in column 3.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator

from provision.sampledata.calendar import compact
from provision.sampledata.facilities import MINAMI
from provision.sampledata.illness import Visit
from provision.sampledata.sheets.base import CRLF, Sheet
from provision.sampledata.sheets.claims import who
from provision.sampledata.stays import COEFFICIENT, Stay
from provision.sampledata.tables import Act
from provision.sampledata.uke_claim import receipt_kind
from provision.sampledata.uke_records import act, comment

_DOCTOR, _WARD = "DR00042", "W3E"
_FEE = {"1": "B001", "2": "F200", "3": "G004", "4": "J000", "5": "K0821", "6": "D007", "7": "E001", "8": "H002"}
Row = list[str]


class SurveySheet(Sheet):
    """A file of rows; every other hospital's program writes a line of headings."""

    @abstractmethod
    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """The rows of one stay or visit."""

    def entry(self, visit: Visit, kind: str) -> str:
        """Rows, tab-separated."""
        rows = list(self.rows_of(visit))
        self.totals.update(stays=1, rows=len(rows))
        self.totals["width"] = len(rows[0])
        return "".join("\t".join(row) + CRLF for row in rows)

    def rows(self, text: str) -> Counter[str]:
        """All rows are of one kind."""
        return Counter(row=text.count(CRLF))

    def head(self) -> str:
        """Headings, or nothing."""
        if not self.cut:
            return ""
        return "\t".join(["施設ｺｰﾄﾞ", *(f"項目{place}" for place in range(2, self.totals["width"] + 1))]) + CRLF

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """データ識別番号 counts as a chart number of the facility."""
        return [{"facility": MINAMI.survey_number, "chart": MINAMI.chart(visit.person)}]


class EfSheet(SurveySheet):
    """EFn: acts (detail 000) and their details, of inpatients."""

    inpatient = True

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """An act's row, then one for each of its lines."""
        for order, (_, done, count) in enumerate(self._acts(visit), 1):
            self.totals["points"] += done.points * count
            yield self._row(visit, order, 0, done, count)
            yield from (self._row(visit, order, detail, done, count) for detail in range(1, len(done.lines) + 1))

    def _acts(self, visit: Visit) -> list[tuple[str, Act, int]]:
        if self.inpatient:
            return [*Stay(visit).apart, *Stay(visit).inside]
        names = sorted({"revisit"} | {name for disease in visit.illnesses for name in disease.acts})
        return [(name, act(name), 1) for name in names]

    def _row(self, visit: Visit, order: int, detail: int, done: Act, count: int) -> Row:
        """31 columns; `detail` 0 is the act itself."""
        line = done.lines[max(0, detail - 1)]
        section, drug, material = done.lines[0].section, line.record == "IY", line.record == "TO"
        points = done.points if detail == 0 else 0
        card = visit.coverage
        name = line.name if visit.draws[10] > 0.03 else f"{line.name}　{comment(visit.person, visit.draws[11])}"
        paid = [f"{points:08d}", f"{int(drug) * done.points * 10:08d}", f"{int(material) * done.points * 10:08d}"]
        return [
            *self._key(visit), section, f"{order:04d}", f"{detail:03d}", f"H{line.code[:6]}", line.code,
            _FEE.get(section[0], "A100"), name, f"{int(line.quantity or 1):07d}.000", "000", f"{points:09d}.000", "1",
            f"{points:08d}", "0" * 11 + str(int(detail > 0)), *paid, f"{count:03d}",
            card.insurer.zfill(8) if card else "", receipt_kind(visit, card), self._day(visit), "01", "010", _DOCTOR,
            _WARD if self.inpatient else "", "0", "0" if self.inpatient else "1", "001",
        ]  # fmt: skip

    def _key(self, visit: Visit) -> Row:
        first = compact(Stay(visit).admitted)
        last = compact(Stay(visit).discharged) if self.inpatient else compact(visit.person.birth)
        return [MINAMI.survey_number, MINAMI.chart(visit.person), last, first]

    def _day(self, visit: Visit) -> str:
        return compact(Stay(visit).admitted)

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Outpatients' birth, too."""
        (found,) = super().evidence(visit)
        return [found if self.inpatient else found | {"birth": compact(visit.person.birth)}]


class OutpatientEfSheet(EfSheet):
    """EFg: outpatients, whose birth date stands where the discharge would."""

    inpatient = False


class ESheet(EfSheet):
    """E: the acts without their details, 25 columns."""

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """Columns of EF in the order of E."""
        for row in super().rows_of(visit):
            if row[6] == "000":
                yield [*row[:6], *row[7:11], *row[17:20], row[14], *row[20:31]]


class FSheet(EfSheet):
    """F: the details, 19 columns."""

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """Columns of EF in the order of F."""
        for row in super().rows_of(visit):
            if row[6] != "000":
                yield [
                    *row[:13],
                    f"{int(row[17]):08d}",
                    f"{int(row[18]):09d}.00",
                    f"{int(row[19]):09d}.00",
                    *row[14:17],
                ]


class DSheet(EfSheet):
    """D: what the bundle pays for, a row per period, 30 columns."""

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """Points of each period; the last columns say the group and the hospital's coefficient."""
        stay, begun = Stay(visit), Stay(visit).admitted
        card = visit.coverage
        for order, (period, points, days) in enumerate(stay.periods, 1):
            self.totals["points"] += points * days
            span = [compact(begun), compact(begun + days - 1), compact(stay.admitted)]
            begun += days
            yield [
                *self._key(visit), "93", f"{order:04d}", f"H93{period}", f"93000{period}010", "A300",
                f"包括評価　{stay.group.name}", f"{points:08d}", "00000000", "00000000", "0", f"{days:03d}",
                card.insurer.zfill(8) if card else "", receipt_kind(visit, card), span[0], "01", "010", _DOCTOR, _WARD,
                "0", "0", "001", *span, stay.group.dpc, f"{COEFFICIENT / 10_000:.4f}",
            ]  # fmt: skip


class HSheet(SurveySheet):
    """H: severity and nursing needs, three assessments a day of stay."""

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """20 columns."""
        stay = Stay(visit)
        span = [compact(stay.discharged), compact(stay.admitted)]
        for place in range(len(visit.days)):
            day = compact(stay.admitted + place)
            for code, scores in (("ASS0013", 7), ("ASS0021", 8), ("TAR0010", 2)):
                marks = [str((place + score + int(visit.draws[6] * 7)) % 3) for score in range(scores)]
                head = [MINAMI.survey_number, _WARD, MINAMI.chart(visit.person), *span, day, code, "20240401", "0"]
                yield [*head, *marks, *[""] * (11 - scores)]


class Form4Sheet(SurveySheet):
    """様式4: care outside the medical insurance."""

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """One row a stay, 5 columns."""
        stay = Stay(visit)
        span = [compact(stay.admitted), compact(stay.discharged)]
        yield [MINAMI.survey_number, MINAMI.chart(visit.person), *span, "1" if visit.draws[7] < 0.1 else "0"]


class Form1Sheet(SurveySheet):
    """様式1: the discharge summary, a row per code with up to nine payloads, 17 columns."""

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """Patient, admission, discharge, body, diseases, operation, daily living."""
        person, stay, free = visit.person, Stay(visit), visit.draws[16] < 0.1
        note = comment(person, visit.draws[11]) if free else ""
        yield self._row(visit, "A000010", {1: compact(person.birth), 2: person.sex, 3: person.address.zip})
        yield self._row(visit, "A000020", {1: compact(stay.admitted), 2: "1", 3: "0", 5: "100"})
        yield self._row(visit, "A000030", {1: compact(stay.discharged), 2: "1", 3: "1", 4: "0"})
        yield self._row(visit, "A000080", {2: "1", 3: "1", 9: note})
        yield self._row(
            visit, "A001010", {2: str(140 + int(visit.draws[8] * 40)), 3: f"{40 + visit.draws[9] * 50:.1f}"}
        )
        yield self._row(visit, "A006010", {2: stay.group.icd10, 4: stay.group.disease, 9: stay.group.name})
        for serial, disease in enumerate(person.conditions, 1):
            filled = {
                2: f"E{119 + serial}",
                4: disease.code,
                9: disease.name if not free else f"{disease.name}（{person.name}）",
            }
            yield self._row(visit, "A006040", filled, str(serial))
        if stay.group.section:
            done = {1: compact(stay.admitted + 1), 2: stay.group.section, 4: "1", 5: "R", 6: "5", 9: "手術"}
            yield self._row(visit, "A007010", done, "1")
        yield self._row(visit, "ADL0010", {2: "2222222222"})

    def _row(self, visit: Visit, code: str, filled: dict[int, str], serial: str = "0") -> Row:
        stay = compact(Stay(visit).admitted)
        key = [MINAMI.survey_number, MINAMI.chart(visit.person), stay, "0", "0"]
        return [*key, code, "20140401", serial, *[filled.get(place, "") for place in range(1, 10)]]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Birth and sex, too; no name."""
        told = who(visit.person)
        return [super().evidence(visit)[0] | {"birth": told["birth"], "sex": told["sex"]}]


class Form3Sheet(SurveySheet):
    """様式3: beds by ward and month; nobody is in it but whoever filled it in."""

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """One row: numbers, and things that are no numbers."""
        beds = str(20 + int(visit.draws[0] * 40))
        staff = visit.person.name.replace("　", "") if visit.draws[1] < 0.1 else "医事課"
        yield [
            MINAMI.survey_number,
            visit.month.compact,
            beds,
            str(int(visit.draws[2] * 40)),
            _WARD,
            staff,
            visit.person.phone,
        ]

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Nobody."""
        return []


class KSheet(SurveySheet):
    """K: rows that look like one (the layout was not seen): a number and a long hash. It is to be refused."""

    def rows_of(self, visit: Visit) -> Iterator[Row]:
        """Facility, data number, month, common id."""
        common = "".join(f"{int(draw * 16**8):08x}" for draw in visit.draws[:8])
        yield [MINAMI.survey_number, MINAMI.chart(visit.person), visit.month.compact, common]
