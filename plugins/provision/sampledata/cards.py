"""Cards and numbers: which insurer covers whom from when to when, and what stands on the card."""

from __future__ import annotations

from dataclasses import dataclass, replace

from provision.sampledata.calendar import birthday
from provision.sampledata.names import wide
from provision.sampledata.numbering import checked, scattered
from provision.sampledata.person import Coverage, Person
from provision.sampledata.tables import Insurer, Municipality, city, employers, public_payer

#: Share of households with the municipality's insurance, the rest are covered through work or an association.
_MUNICIPAL = 0.55
_ASSISTANCE = 0.02
_CHANGES = 0.05
_LEVELS = ("12", "13", "21", "21", "22", "22", "23", "24", "25")


@dataclass(frozen=True, slots=True)
class Window:
    """First and last day (ordinals) of the months the world tells of: moves and birthdays inside matter."""

    first: int
    last: int


def equip(people: list[Person], draws: list[float], window: Window) -> None:
    """Give one household its cards. `draws` are at least eight numbers from 0 to 1."""
    town, household = people[0].town, people[0].household
    if draws[0] < _ASSISTANCE:
        for person in people:
            person.welfare = True
            person.public = ((public_payer("12"), _recipient(person.serial, 12)),)
            _care(person, town, draws, window)
        return
    cards = [_card(_insurer(town, draws[1], draws[2]), household, 0)]
    change = 0
    if draws[3] < _CHANGES:
        change = window.first + 1 + int(draws[4] * (window.last - window.first))
        cards.append(_other_card(cards[0], town, household, draws[5]))
    for index, person in enumerate(people):
        person.coverages = _coverages(person, index, cards, change, draws[6], window)
        _care(person, town, draws, window)


def _insurer(town: Municipality, draw: float, which: float) -> Insurer:
    if draw < _MUNICIPAL:
        return Insurer(town.nhi, "nhi", f"{town.symbol}-", 7)
    return employers().turn(which)


def _card(insurer: Insurer, household: int, series: int) -> Coverage:
    """One household's card: everybody in it shares symbol and number. `series` keeps later cards apart."""
    serial = f"{series}{scattered(household, 8, 3)}"
    rest, number = serial[: -insurer.digits], serial[-insurer.digits :].lstrip("0") or "0"
    symbol = f"{insurer.symbol}{rest}"
    ho = f"HO,{insurer.number:>8},{wide(symbol)},{wide(number)},"
    return Coverage(insurer.number, insurer.kind, symbol, number, "", 0, 0, ho)


def _other_card(before: Coverage, town: Municipality, household: int, draw: float) -> Coverage:
    """The card after a move: somebody leaving the municipality's insurance starts to work, and the other way round."""
    leaving = before.kind == "nhi"
    return _card(employers().turn(draw) if leaving else _insurer(town, 0.0, 0.0), household, 1)


def _coverages(
    person: Person, index: int, cards: list[Coverage], change: int, draw: float, window: Window
) -> tuple[Coverage, ...]:
    """The cards of one person over time. At 75 everybody moves to the late elderly system (高確法50条)."""
    found: list[Coverage] = []
    late_from = birthday(person.birth, 75) if person.birth < window.last - 74 * 365 else window.last + 1
    start = max(person.birth, window.first - int(draw * 5000) - 1)
    for number, card in enumerate(cards):
        begins = start if number == 0 else max(change, person.birth)
        ends = change - 1 if number == 0 and change else 0
        if late_from <= window.last:
            ends = min(ends or late_from - 1, late_from - 1)
        if begins < late_from and (not ends or begins <= ends):
            found.append(replace(card, branch=_branch(card, index), start=begins, end=ends))
    if late_from <= window.last:
        found.append(_late(person, late_from))
    return tuple(found)


def _branch(card: Coverage, index: int) -> str:
    """枝番: employees are 00 and dependants follow; municipalities and associations count from 01."""
    return f"{index + 1 if card.kind in ('nhi', 'association') else index:02d}"


def _late(person: Person, start: int) -> Coverage:
    number = scattered(person.serial, 8, 4)
    ho = f"HO,{person.town.late},,{wide(number)},"
    return Coverage(person.town.late, "late", "", number, "", start, 0, ho)


def _care(person: Person, town: Municipality, draws: list[float], window: Window) -> None:
    """第1号被保険者: everybody of 65 and over has a long-term-care number; some are certified."""
    age = (window.last - person.birth) / 365.2425
    if age < 65 or birthday(person.birth, 65) > window.first:
        return
    person.care_insurer = town.care
    person.care_number = f"0{scattered(person.serial, 9, 5)}"
    need = scattered(person.serial, 4, 6)
    if int(need) / 10_000 < (0.06 if age < 75 else 0.22 if age < 85 else 0.55):
        person.care_level = _LEVELS[int(scattered(person.serial, 4, 7)) % len(_LEVELS)]


def grant(person: Person, draw: float, today: int) -> None:
    """公費: children of the city, and diseases that bring a public payer; two at most. Assistance stands alone."""
    if person.welfare:
        return
    laws = {d.public for d in person.conditions if d.public and draw < 0.8}
    if person.town is city() and today - person.birth < 18 * 365 and draw < 0.85:
        laws.add("88")
    person.public = tuple((public_payer(law), _recipient(person.serial, int(law))) for law in sorted(laws)[:2])


def _recipient(serial: int, law: int) -> str:
    return checked(scattered(serial, 6, law))
