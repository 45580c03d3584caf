"""One medical claim (レセプト) as text: RE HO KO SN JD MF SY SI/IY/TO/CO SJ, without its running number.

Order and columns follow 記録条件仕様（医科用）令和4年4月版: RE 38 columns, HO 15, KO 12, SN 9, SY 8.
"""

from __future__ import annotations

from typing import NamedTuple

from provision.sampledata.calendar import compact, era_day
from provision.sampledata.facilities import KITA
from provision.sampledata.illness import Visit
from provision.sampledata.numbering import scattered
from provision.sampledata.person import Coverage
from provision.sampledata.uke_records import CRLF, act, comment, day_columns, group, narrative, with_comment

#: 負担区分 by (has health insurance, number of public payers), 別表21.
BURDEN = {(True, 0): "1", (True, 1): "2", (True, 2): "4", (False, 1): "5"}
_MEAL_YEN = 670


class Claim(NamedTuple):
    """`text` is everything behind ``RE,<number>``; `payers` counts HO and KO, `points` are the main payer's."""

    text: str
    points: int
    payers: int


class Style(NamedTuple):
    """How this sender's program writes: era dates (before the switch), and whether it sins against the rules."""

    era: bool = False
    sins: bool = False


def claim(visit: Visit, style: Style, corrected: bool = False) -> Claim:
    """The claim of one visit; `corrected` gives the version of a superseding batch (one act fewer)."""
    person, coverage = visit.person, visit.coverage
    public = person.public
    burden = BURDEN[coverage is not None, len(public)] if coverage or public else "1"
    body, points = _acts(visit, burden, corrected)
    payers = _payers(visit, coverage, points, style)
    text = "".join(
        (
            _head(visit, coverage, style),
            payers,
            _days(visit, coverage),
            _illnesses(visit, style),
            body,
            narrative(person, visit.draws[11]) if visit.draws[12] < 0.02 or visit.inpatient else "",
        )
    )
    return Claim(text, points, (coverage is not None) + len(public))


def _head(visit: Visit, coverage: Coverage | None, style: Style) -> str:
    person, draws = visit.person, visit.draws
    month = visit.month.era if style.era else visit.month.compact
    first = visit.month.first + visit.days[0] - 1
    admitted = _date(first, style) if visit.inpatient else ""
    ward = "01" if visit.inpatient else ""
    remark = f"{26 + int(draws[17] * 50)}" if draws[17] < 0.1 else ""
    reserved = f"{person.surname.kanji},," if style.sins and draws[15] < 0.004 else ",,"
    search = search_number(visit) if visit.returned else ""
    own = person.chart if draws[17] > 0.96 else ""
    department = "01" if draws[9] < 0.5 else ""
    return (
        f",{receipt_kind(visit, coverage)},{month},{person.name},{person.sex},{_date(person.birth, style)},,"
        f"{admitted},{ward},,{remark},,{person.chart},,{reserved},{search},,{own},{department},,,,,,,,,,,,,,,"
        f"{person.surname.kana}{person.given.kana},{CRLF}"
    )


def search_number(visit: Visit) -> str:
    """検索番号, 28 digits; the claim billed again carries the same."""
    return f"{visit.month.compact}{KITA.number}{scattered(visit.person.serial, 12, 11)}"


def receipt_kind(visit: Visit, coverage: Coverage | None) -> str:
    """レセプト種別 (別表5): medical, payer class, number of payers, patient class (odd: inpatient)."""
    age = (visit.month.first - visit.person.birth) // 365
    payers = (coverage is not None) + len(visit.person.public)
    if coverage is not None and coverage.kind == "late":
        system, patient = "3", 8
    else:
        system = "1" if coverage else "2"
        head = visit.person.relation == "世帯主" or coverage is None
        patient = 8 if age >= 70 and coverage else 4 if age < 6 and coverage else 2 if head else 6
    return f"1{system}{payers}{patient - visit.inpatient}"


def _payers(visit: Visit, coverage: Coverage | None, points: int, style: Style) -> str:
    meals = f"{len(visit.days) * 3},{len(visit.days) * 3 * _MEAL_YEN}" if visit.inpatient else ","
    count = len(visit.days)
    records = ""
    if coverage is not None:
        ho = coverage.ho
        if style.sins and visit.draws[15] > 0.996:
            ho = f"{ho[:10]}{(int(ho[10]) + 1) % 10}{ho[11:]}"
        records = f"{ho}{count},{points},,{meals},,,,,,{CRLF}"
    for number, recipient in visit.person.public:
        records += f"KO,{number},{recipient},,{count},{points},0,,,,{meals}{CRLF}"
    return records


def _days(visit: Visit, coverage: Coverage | None) -> str:
    records = ""
    if coverage is not None and coverage.branch and visit.draws[8] < 0.5:
        records = f"SN,1,01,,,,{coverage.branch},,{CRLF}"
    if visit.draws[9] < 0.6:
        columns = day_columns(visit.days)
        payers = range(1 if coverage else 2, 2 + len(visit.person.public))
        records += "".join(f"JD,{payer},{columns}{CRLF}" for payer in payers)
        if visit.draws[9] < 0.2:
            records += f"MF,00{',' * 31}{CRLF}"
    return records


def _illnesses(visit: Visit, style: Style) -> str:
    records, draw = "", visit.draws[16]
    for index, illness in enumerate(visit.illnesses):
        start = _date(_onset(visit, index), style)
        main = "01" if index == 0 else ""
        if draw < 0.03:
            records += f"SY,0000999,{start},1,,{illness.name},{main},{CRLF}"
        else:
            suspected = "8002" if draw > 0.92 and index else ""
            note = f"{visit.person.name}様申出" if draw < 0.045 else ""
            records += f"SY,{illness.code},{start},{'2' if 0.8 < draw < 0.85 else '1'},{suspected},,{main},{note}{CRLF}"
    return records


def _onset(visit: Visit, index: int) -> int:
    """Lasting conditions began long ago, always on the same day; acute ones on the first day of the visit."""
    first = visit.month.first + visit.days[0] - 1
    if index >= len(visit.person.conditions):
        return first
    long_ago = 738_000 - (visit.person.serial * 37 + index * 911) % 3000
    return max(visit.person.birth, min(first, long_ago))


def _date(day: int, style: Style) -> str:
    return era_day(day, False) if style.era else compact(day)


def _acts(visit: Visit, burden: str, corrected: bool) -> tuple[str, int]:
    """The summary section and its points."""
    draws, days = visit.draws, visit.days
    names = _act_names(visit)
    if corrected and len(names) > 1:
        names.pop()
    remark = int(draws[10] * 6 * len(names)) if draws[10] < 0.17 else -1
    parts, points = [], 0
    for index, name in enumerate(names):
        done = act(name)
        count, when = _count(done.count, draws[14], days)
        records = group(name, burden, count, when)
        parts.append(with_comment(records, burden, comment(visit.person, draws[11])) if index == remark else records)
        points += 0 if done.meals else done.points * count
    return "".join(parts), points


def _act_names(visit: Visit) -> list[str]:
    """Acts in the order of 診療識別, without repeats."""
    names = ["drip", "bio_blood", "bed", "meal"] if visit.inpatient else ["first" if visit.first_visit else "revisit"]
    if visit.inpatient and visit.draws[17] < 0.2:
        names.append("surgery")
    names += [name for illness in visit.illnesses for name in illness.acts]
    if any(name.startswith("rx_") for name in names):
        names += ("prescribe", "dispense", "pharmacy")
    return sorted(set(names), key=_section)


def _section(name: str) -> tuple[str, str]:
    return act(name).lines[0].section, name


def _count(rule: str, draw: float, days: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Number of times and the days they are written on."""
    if rule == "v" or rule == "s":
        return len(days), days
    if rule == "m":
        return 3 * len(days), days
    return ((14, 28, 30, 56)[int(draw * 4)] if rule == "d" else 1), days[:1]
