"""Checkups as files of rows: the import file of a receipt computer (ORCA), and one row per person (C2XD)."""

from __future__ import annotations

import csv
import io
from collections import Counter

from provision import codes
from provision.sampledata.calendar import Month, compact, era_day
from provision.sampledata.deliveries.cda_writer import coupon, padded
from provision.sampledata.deliveries.checkup_kept import day_of, every, evidence
from provision.sampledata.deliveries.checkup_results import Result, asked, measured, seen
from provision.sampledata.facilities import MINAMI
from provision.sampledata.illness import Visit
from provision.sampledata.names import half_kana
from provision.sampledata.person import Person
from provision.sampledata.sheets.base import Sheet


class OrcaSheet(Sheet):
    """CP932, every cell quoted, no header."""

    def entry(self, visit: Visit, kind: str) -> str:
        """One line: the person and the day, then eight cells per result."""
        person, day = visit.person, compact(day_of(visit))
        birth = era_day(person.birth, True) if self.style % 2 else compact(person.birth)
        cells = ["架空検査センター", MINAMI.number, MINAMI.name, day, f"{person.serial:08d}", day]
        cells += [MINAMI.chart(person), coupon(person, visit.month.year), half_kana(_kana(person, " ")), birth]
        cells += [person.sex, "0", "1"]
        for one in every([*measured(visit), *seen(visit), *asked(visit)]):
            cells += _group(one)
        self.totals["members"] += 1
        return _line(cells, csv.QUOTE_ALL)

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Kana, birth, sex and the chart number of the facility."""
        person = visit.person
        found = {"kana": _kana(person, ""), "birth": compact(person.birth), "sex": person.sex}
        return [found | {"facility": MINAMI.number, "chart": MINAMI.chart(person)}]

    def rows(self, text: str) -> Counter[str]:
        """All lines are of one kind."""
        return Counter(row=text.count("\r\n"))


def _group(one: Result) -> list[str]:
    """Item code, name, done or not, flag, E, result, unit and range."""
    limits = f"{one.low}-{one.high}" if one.low else ""
    state = {"not_done": "0", "not_measurable": "2"}.get(one.absent, "1")
    flag = one.flag if one.flag in ("H", "L") else ""
    return [one.code, one.shown, state, flag, "E", one.value, one.unit, limits]


class C2xdSheet(Sheet):
    """One row per person; a header of names, of numbers, of item codes, or none by turns."""

    encoding = "cp932"

    def __init__(self, month: Month, style: int = 0) -> None:
        super().__init__(month, style)
        self._layout = _layout()

    def head(self) -> str:
        """The header of this sender's program."""
        if self.style % 4 == 3:
            return ""
        kinds = ([name for name, _ in self._layout], [str(n) for n in range(1, len(self._layout) + 1)],
                 [code or name for name, code in self._layout])  # fmt: skip
        return _line(kinds[self.style % 4], csv.QUOTE_MINIMAL)

    def entry(self, visit: Visit, kind: str) -> str:
        """One row: who it is, then a cell per item; what was not done or measurable is left empty."""
        person, card = visit.person, visit.coverage
        assert card is not None
        until = f"{visit.month.year + (visit.month.month > 3)}0331"
        name = person.name if self.style % 2 else _kana(person, "　")
        cells = [f"{MINAMI.number}-{person.serial}", padded(card), card.symbol, card.number, card.branch or "00", name]
        cells += [compact(person.birth), person.sex, person.address.zip, person.address.text]
        cells += [coupon(person, visit.month.year), until, compact(day_of(visit))]
        found = {one.code: one.value for one in every([*measured(visit), *seen(visit), *asked(visit)])}
        cells += [found.get(code, "") for _, code in self._layout[13:]]
        self.totals["members"] += 1
        return _line(cells, csv.QUOTE_ALL if self.cut else csv.QUOTE_MINIMAL)

    def evidence(self, visit: Visit) -> list[dict[str, str]]:
        """Name or kana, birth, sex and card."""
        found = evidence(visit)
        if self.style % 2:
            del found["kana"]
            found["name"] = visit.person.name
        return [found]

    def rows(self, text: str) -> Counter[str]:
        """All lines are of one kind."""
        return Counter(row=text.count("\r\n"))


def _layout() -> list[tuple[str, str]]:
    """Heading and item code of every column, from the published list."""
    folder = next(folder for folder in codes.folders() if (folder / "checkup_c2xd_column.tsv").is_file())
    lines = (folder / "checkup_c2xd_column.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line[:1].isdigit()]
    return [(row[1], row[3] if len(row) > 3 else "") for row in rows]


def _kana(person: Person, between: str) -> str:
    return f"{person.surname.kana}{between}{person.given.kana}"


def _line(cells: list[str], quoting: int) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator="\r\n").writerow(cells)  # type: ignore[arg-type]
    return out.getvalue()
