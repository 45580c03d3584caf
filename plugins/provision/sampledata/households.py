"""Who lives with whom: households, ages, sexes, twins. Shares are plausible, not measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

#: Nobody is born before this day.
OLDEST = date(1917, 1, 1).toordinal()
_YEAR = 365.2425


@dataclass(slots=True)
class Member:
    """A place in a household, before it has a name. `twin` points to the other twin's index."""

    relation: str
    birth: int
    sex: str
    twin: int | None = None


def compose(draws: list[float], today: int) -> list[Member]:
    """The members of one household on day `today`; `draws` are at least 24 numbers from 0 to 1."""
    kind = draws[0]
    if kind < 0.41:
        return _single(draws, today)
    if kind < 0.67:
        return _couple(draws, today, _adult(draws[1], draws[2]))
    if kind < 0.89:
        age = 24 + 30 * draws[1]
        return _with_children(_couple(draws, today, age), draws, today, age)
    if kind < 0.95:
        age = 22 + 32 * draws[1]
        head = Member("世帯主", _born(today, age), "2" if draws[3] < 0.85 else "1")
        return _with_children([head], draws, today, age)
    age = 28 + 24 * draws[1]
    family = _with_children(_couple(draws, today, age), draws, today, age)
    for relation, sex, draw in (("父", "1", draws[20]), ("母", "2", draws[21]))[int(draws[22] * 2) :]:
        family.append(Member(relation, _born(today, age + 23 + 15 * draw), sex))
    return family


def _adult(which: float, draw: float) -> float:
    """Age of somebody without children at home: a third are of working age, the old thin out towards 107."""
    return 19 + 46 * draw if which < 0.35 else 65 + 43 * draw**2.2


def _born(today: int, age: float) -> int:
    return max(OLDEST, today - int(age * _YEAR))


def _single(draws: list[float], today: int) -> list[Member]:
    age = _adult(draws[1], draws[2])
    male = 0.55 if age < 65 else 0.33
    return [Member("世帯主", _born(today, age), "1" if draws[3] < male else "2")]


def _couple(draws: list[float], today: int, age: float) -> list[Member]:
    spouse = max(19.0, age - 4 + 6 * draws[4])
    head_sex = "1" if draws[3] < 0.85 else "2"
    other = ("妻", "2") if head_sex == "1" else ("夫", "1")
    return [Member("世帯主", _born(today, age), head_sex), Member(other[0], _born(today, spouse), other[1])]


def _with_children(family: list[Member], draws: list[float], today: int, age: float) -> list[Member]:
    """Add one to three children, not older than 22; about one in twelve pairs of siblings are twins."""
    span = min(22.0, age - 20)
    for child in range(1 + int(draws[5] * 2.6)):
        sex = "1" if draws[6 + child] < 0.51 else "2"
        member = Member("子", _born(today, span * draws[9 + child]), sex)
        if child == 1 and draws[12] < 0.08:
            first = family[-1]
            member = Member("子", first.birth, first.sex if draws[13] < 0.7 else sex, len(family) - 1)
            first.twin = len(family)
        family.append(member)
    return family
