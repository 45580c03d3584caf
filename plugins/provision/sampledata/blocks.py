"""The world in blocks of households: each block comes from its own random stream, so nothing depends on chunking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from provision.sampledata import cards, names, places
from provision.sampledata.calendar import Month
from provision.sampledata.cards import Window
from provision.sampledata.households import Member, compose
from provision.sampledata.numbering import checked, scattered
from provision.sampledata.person import Person
from provision.sampledata.tables import Disease, band, city, diseases, municipalities

HOUSEHOLDS = 256
#: Serial numbers a block may use: 256 households of at most seven.
STRIDE = 2048
_NAMESAKES = 2


@dataclass(frozen=True)
class World:
    """A fictitious population; `months` bound the time in which cards change. Equal arguments give an equal world."""

    seed: int
    people: int
    months: tuple[Month, ...]

    @classmethod
    def of(cls, seed: int, people: int, months: Sequence[str]) -> World:
        """From the month texts YYYY-MM; ValueError where there are none, or nobody."""
        if people < 1 or not months:
            raise ValueError("a world needs people and months")
        ordered = sorted({Month.of(text) for text in months}, key=lambda month: month.index)
        return cls(seed, people, tuple(ordered))

    @cached_property
    def window(self) -> Window:
        """First and last day of the world's months."""
        return Window(self.months[0].first, self.months[-1].last)

    def draws(self, stream: int, *key: int, rows: int, columns: int) -> list[list[float]]:
        """Numbers from 0 to 1 that depend on seed, stream and key alone."""
        table: list[list[float]] = np.random.default_rng([self.seed, stream, *key]).random((rows, columns)).tolist()
        return table


@dataclass
class Block:
    """People of consecutive households. `size` counts them before the last block was cut to the world's size."""

    index: int
    people: list[Person]
    size: int


def blocks(world: World) -> Iterator[Block]:
    """All people of the world, block by block, in order; exactly `world.people` of them."""
    left, index = world.people, 0
    while left > 0:
        block = make_block(world, index)
        if len(block.people) > left:
            _cut(block, left)
        left -= len(block.people)
        index += 1
        yield block


def _cut(block: Block, size: int) -> None:
    """Keep the first `size` people; nobody points to somebody who is not there."""
    block.people = block.people[:size]
    kept = {person.serial for person in block.people}
    for person in block.people:
        person.twin = person.twin if person.twin in kept else None
        person.namesake = person.namesake if person.namesake in kept else None
        person.kin = person.kin if person.kin and person.kin.serial in kept else None


def make_block(world: World, index: int) -> Block:
    """Block number `index`, whole."""
    homes = world.draws(1, index, rows=HOUSEHOLDS, columns=44)
    people: list[Person] = []
    singles: list[Person] = []
    families: list[tuple[list[Person], list[float]]] = []
    for home, draws in enumerate(homes):
        family = _family(index, home, len(people), compose(draws, world.window.last), draws[24:])
        people += family
        families.append((family, draws[36:]))
        if len(family) == 1 and not family[0].romaji:
            singles += family
    _namesakes(singles, world.draws(2, index, rows=1, columns=3 * _NAMESAKES)[0])
    for family, draws in families:
        cards.equip(family, draws, world.window)
    for person, draws in zip(people, world.draws(3, index, rows=len(people), columns=8), strict=True):
        _health(person, draws, world.window)
    return Block(index, people, len(people))


def _family(block: int, home: int, offset: int, members: list[Member], draws: list[float]) -> list[Person]:
    household, first = block * HOUSEHOLDS + home, block * STRIDE + offset
    town = municipalities().turn(draws[0])
    address = places.address(town, draws[1], draws[2], draws[3])
    foreign = draws[4] < 0.025
    surname = names.foreign_names("1")[int(draws[5] * 6)].surname if foreign else names.surnames().turn(draws[5])
    written = names.old_spelling(surname.kanji) if draws[6] < 0.35 else surname.kanji
    family: list[Person] = []
    for index, member in enumerate(members):
        serial = first + index
        draw = int(scattered(serial, 8, int(draws[7] * 1e8))) / 1e8
        person = Person(
            serial=serial,
            household=household,
            relation=member.relation,
            birth=member.birth,
            sex=member.sex,
            surname=surname,
            given=_given(surname, member, draw, foreign, {p.given for p in family}),
            town=town,
            address=address,
            phone=places.landline(household) if draws[8] < 0.5 else places.mobile(serial),
            resident_no=f"0{scattered(serial, 9, 8)}",
            chart=checked(scattered(serial, 9, 9)),
            ledger_surname=written,
            twin=None if member.twin is None else first + member.twin,
        )
        if foreign:
            _romanise(person, int(draw * 12))
        family.append(person)
    for person, kin in zip(family, family[1:] + family[:1], strict=True):
        person.kin = kin if kin is not person else None
    return family


def _given(surname: names.Name, member: Member, draw: float, foreign: bool, taken: set[names.Name]) -> names.Name:
    """A given name nobody else in the family has."""
    while True:
        name = names.given_for(surname, member.sex, draw)
        if foreign or name not in taken:
            return name
        draw = (draw + 0.381966) % 1.0


def _romanise(person: Person, pick: int) -> None:
    pool = names.foreign_names(person.sex)
    chosen = pool[pick % len(pool)]
    person.surname, person.given, person.romaji = chosen.surname, chosen.given, chosen.romaji
    person.ledger_surname = chosen.surname.kanji


def _namesakes(singles: list[Person], draws: list[float]) -> None:
    """同姓同名: people of different households with the same kana, birth and sex, some in other characters."""
    for pair in range(_NAMESAKES):
        one, other, how = draws[3 * pair : 3 * pair + 3]
        a, b = singles[int(one * len(singles))], singles[int(other * len(singles))]
        if a is b or a.namesake is not None or b.namesake is not None:
            continue
        choices = names.homophones(a.sex)[a.given.kana]
        b.surname, b.given, b.birth, b.sex = a.surname, choices[int(how * len(choices))], a.birth, a.sex
        b.ledger_surname = b.surname.kanji
        a.namesake, b.namesake = b.serial, a.serial


def _health(person: Person, draws: list[float], window: Window) -> None:
    """Lasting conditions by age and sex, who is known at the hospital, and who uses the care facility."""
    age = max(0, (window.last - person.birth) // 365)
    person.hospital = draws[0] < (0.7 if person.town is city() else 0.35)
    person.care = bool(person.care_level) and person.town is city() and draws[1] < 0.6
    likely = 0.08 if age < 20 else 0.2 if age < 40 else 0.45 if age < 65 else 0.8
    if draws[2] < likely:
        person.conditions = _conditions(person.sex, age, 1 + (draws[3] < 0.45) + (draws[3] < 0.2), draws[4:7])
    cards.grant(person, draws[7], window.last)


def _conditions(sex: str, age: int, count: int, draws: list[float]) -> tuple[Disease, ...]:
    wheel = diseases("chronic", sex, band(age))
    if wheel is None:
        return ()
    found = {wheel.turn(draw).code: wheel.turn(draw) for draw in draws[:count]}
    return tuple(found.values())
