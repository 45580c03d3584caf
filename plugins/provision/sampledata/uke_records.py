"""Records of the summary section (SI, IY, TO, CO, SJ) and their day columns, rendered once and remembered.

Column counts are those of 記録条件仕様（医科用）令和4年4月版: SI and IY 44, TO 48, JD and MF 33.
"""

from __future__ import annotations

from functools import cache, lru_cache

from provision.sampledata.names import wide
from provision.sampledata.person import Person
from provision.sampledata.tables import Act, ActLine, acts, phrases

CRLF = "\r\n"
#: 症状詳記 and comments: the free comment's code.
FREE_COMMENT = "810000001"


@lru_cache(maxsize=20_000)
def day_columns(days: tuple[int, ...]) -> str:
    """31 columns, 1 on each of `days`."""
    marks = [""] * 31
    for day in days:
        marks[day - 1] = "1"
    return ",".join(marks)


@lru_cache(maxsize=60_000)
def group(name: str, burden: str, count: int, days: tuple[int, ...]) -> str:
    """One act's records: 診療識別 only on the first, points only on the last, count and days on each."""
    act = acts()[name]
    tail = day_columns(days)
    last = len(act.lines) - 1
    return "".join(
        _record(line, line.section if i == 0 else "", burden, act.points if i == last else None, count, tail)
        for i, line in enumerate(act.lines)
    )


def _record(line: ActLine, section: str, burden: str, points: int | None, count: int, tail: str) -> str:
    head = f"{line.record},{section},{burden},{line.code},{line.quantity},{'' if points is None else points},{count}"
    if line.record == "TO":
        return f"{head},,,,{line.name},,,,,,,{tail}{CRLF}"
    return f"{head},,,,,,,{tail}{CRLF}"


def with_comment(records: str, burden: str, text: str) -> str:
    """A comment before a group: it carries the group's 診療識別, the next record then leaves it blank."""
    kind, section, rest = records.split(",", 2)
    return f"CO,{section},{burden},{FREE_COMMENT},{text}{CRLF}{kind},,{rest}"


def comment(person: Person, draw: float) -> str:
    """文字データ of a CO record: 38 full-width characters at most."""
    return fill(phrases("CO"), person, draw)[:38]


def narrative(person: Person, draw: float) -> str:
    """An SJ record: 症状詳記, the place where staff write whatever they want."""
    return f"SJ,{int(draw * 7) + 1:02d},{fill(phrases('SJ'), person, draw)}{CRLF}"


def fill(texts: tuple[str, ...], person: Person, draw: float) -> str:
    """One of `texts` with names and telephone filled in, everything full width."""
    text = texts[int(draw * len(texts))]
    if "{" in text:
        text = text.format(name=person.name, family=person.kin_name, phone=wide(person.phone))
    return text


@cache
def act(name: str) -> Act:
    """The act called `name`."""
    return acts()[name]
