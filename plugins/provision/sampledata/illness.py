"""Months of illness: who comes to the hospital in a month, on which days, with what, and how the claim travels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from provision.sampledata.blocks import Block, World
from provision.sampledata.calendar import Month
from provision.sampledata.person import Coverage, Person
from provision.sampledata.tables import Disease, band, diseases

#: Shares of claims that are billed a month late, returned and billed again two months later, or corrected.
LATE = 0.02
RETURNED = 0.02
CORRECTED = 0.04
_DRAWS = 24


@dataclass(slots=True)
class Visit:
    """One person's month at the hospital: everything a claim is made of. `days` are days of the month, ascending."""

    person: Person
    month: Month
    days: tuple[int, ...]
    inpatient: bool
    coverage: Coverage | None
    illnesses: tuple[Disease, ...]
    draws: list[float]
    first_visit: bool

    @property
    def late(self) -> bool:
        """月遅れ: billed one month later than usual."""
        return self.draws[13] < LATE

    @property
    def returned(self) -> bool:
        """返戻: sent back and billed again, with the same 検索番号, two months later."""
        return LATE <= self.draws[13] < LATE + RETURNED

    @property
    def corrected(self) -> bool:
        """Differs in the superseding batch."""
        return self.draws[18] < CORRECTED


def visits(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """The block's visits in `month`, in the order of its people; in bulk: of everybody with a lasting illness."""
    table = world.draws(10, block.index, month.index, rows=block.size, columns=_DRAWS)
    for person, draws in zip(block.people, table, strict=False):
        if not (bulk or person.hospital) or person.birth > month.last:
            continue
        usual = 0.7 if person.conditions else 0.16
        if draws[0] < (bool(person.conditions) if bulk else usual):
            yield _visit(person, month, draws)


def billed(seen: Sequence[Sequence[Visit]], position: int) -> list[tuple[Visit, str]]:
    """How claims travel: those of month number `position` in `seen`, those a month late, those billed again."""
    jobs = [(visit, "first") for visit in seen[position] if not visit.late]
    if position >= 1:
        jobs += [(visit, "late") for visit in seen[position - 1] if visit.late]
    if position >= 2:
        jobs += [(visit, "rebilled") for visit in seen[position - 2] if visit.returned]
    return jobs


def _visit(person: Person, month: Month, draws: list[float]) -> Visit:
    age = max(0, (month.last - person.birth) // 365)
    inpatient = draws[7] < (0.05 if age > 64 else 0.015)
    earliest = max(1, person.birth - month.first + 1)
    days = stay_of(draws, earliest, month.days) if inpatient else days_of(draws, earliest, month.days)
    illnesses = person.conditions
    if not illnesses or draws[5] < 0.3:
        wheel = diseases("acute", person.sex, band(age))
        illnesses = (*illnesses, wheel.turn(draws[6])) if wheel else illnesses
    coverage = person.coverage(month.first + days[0] - 1)
    return Visit(person, month, days, inpatient, coverage, illnesses, draws, draws[19] < 0.25)


def days_of(draws: list[float], earliest: int, length: int) -> tuple[int, ...]:
    """One to three days of the month from day `earliest` on."""
    count = 1 + int(draws[1] * draws[1] * 3)
    span = length - earliest + 1
    return tuple(sorted({earliest + int(draw * span) for draw in draws[2 : 2 + count]}))


def stay_of(draws: list[float], earliest: int, length: int) -> tuple[int, ...]:
    """The days of a stay within the month from day `earliest` on."""
    first = earliest + int(draws[2] * (length - earliest + 1))
    return tuple(range(first, min(length, first + 1 + int(draws[1] * 24)) + 1))
