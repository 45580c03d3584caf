"""Months of other senders: who goes to the dentist, fetches drugs, stays in the DPC hospital, has a care manager.

Each kind draws from streams of its own, so that asking for more senders changes nothing that the others write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provision.sampledata.blocks import Block, World
from provision.sampledata.calendar import Month
from provision.sampledata.illness import Visit, days_of, visits
from provision.sampledata.person import Person
from provision.sampledata.tables import city

#: What gives a block's visits of one month; the last argument asks for as many as possible (streams for measuring).
Occasion = Callable[[World, Block, Month, bool], Iterator[Visit]]
_DRAWS = 32
_OFTEN = 0.2


def medical(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """Visits to the hospital `kita-hospital`, the ones its own files are made of."""
    return visits(world, block, month, bulk)


def dental(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """Months at the dentist: about one person in eight."""
    for person, draws in _drawn(world, 40, block, month):
        if (bulk or draws[0] < 0.12) and person.birth + 365 < month.first:
            yield _visit(person, month, days_of(draws, 1, month.days), draws)


def dispensing(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """Outpatients of the hospital with a prescription, most of whom go to the pharmacy."""
    for visit in visits(world, block, month, bulk):
        prescribed = any(act.startswith("rx_") for illness in visit.illnesses for act in illness.acts)
        if prescribed and not visit.inpatient and (bulk or visit.draws[20] < 0.7):
            yield visit


def stays(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """Stays in the DPC hospital that begin and end in the month; the last day is the discharge."""
    for person, draws in _drawn(world, 60, block, month):
        likely = 0.06 if month.first - person.birth > 65 * 365 else 0.025
        if (bulk or draws[0] < likely) and person.birth < month.first:
            first = 1 + int(draws[1] * (month.days - 3))
            last = min(month.days, first + 1 + int(draws[2] * 18))
            yield _visit(person, month, tuple(range(first, last + 1)), draws, inpatient=True)


def outpatients(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """Outpatients of the DPC hospital, one day each."""
    for person, draws in _drawn(world, 61, block, month):
        if (bulk or draws[0] < 0.03) and person.birth < month.first:
            yield _visit(person, month, (1 + int(draws[1] * month.days),), draws)


def managed(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """People with a care level whose care plan the office makes (居宅介護支援)."""
    for person, draws in _drawn(world, 70, block, month):
        if person.care_level and (bulk or (person.town is city() and draws[0] < 0.6)):
            yield Visit(person, month, (1,), False, None, (), draws, False)


def cared(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """Users of the care facility."""
    for person, draws in _drawn(world, 71, block, month):
        if person.care_level and (bulk or person.care):
            yield Visit(person, month, (1,), False, None, (), draws, False)


def evaluated(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """Users of the care facility who are evaluated in the month (LIFE): most of them."""
    for person, draws in _drawn(world, 72, block, month):
        if person.care_level and (bulk or (person.care and draws[0] < 0.9)):
            yield Visit(person, month, (1,), False, None, (), draws, False)


def everybody(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """Everybody, for what has a row per person."""
    for person, draws in _drawn(world, 80, block, month):
        yield Visit(person, month, (1,), False, person.coverage(month.first), (), draws, False)


def checkups(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """特定健診: people of 40 to 74 with a card, one in fifteen a month."""
    for person, draws in _drawn(world, 110, block, month):
        insured = person.coverage(month.first) is not None
        if insured and 40 <= (month.first - person.birth) // 365.2425 < 75 and (bulk or draws[0] < 0.07):
            yield _visit(person, month, (1 + int(draws[31] * month.days),), draws)


def guided(world: World, block: Block, month: Month, bulk: bool = False) -> Iterator[Visit]:
    """特定保健指導: some of those who had a checkup."""
    for visit in checkups(world, block, month, bulk):
        if bulk or visit.draws[30] < 0.4:
            yield visit


def _drawn(world: World, stream: int, block: Block, month: Month) -> Iterator[tuple[Person, list[float]]]:
    table = world.draws(stream, block.index, month.index, rows=block.size, columns=_DRAWS)
    return zip(block.people, table, strict=False)


def _visit(
    person: Person, month: Month, days: tuple[int, ...], draws: list[float], *, inpatient: bool = False
) -> Visit:
    """A visit; so few of these are seen that a tenth each is late or returned, not one in fifty."""
    draws[13] *= _OFTEN
    coverage = person.coverage(month.first + days[0] - 1)
    return Visit(person, month, days, inpatient, coverage, person.conditions, draws, draws[19] < 0.25)
