"""The laws of the population: households and their cards, twins, namesakes, moves, spellings."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import pytest

from provision.sampledata.blocks import World, blocks, make_block
from provision.sampledata.names import VARIANTS, half_kana, old_spelling, writable
from provision.sampledata.person import Person
from provision.sampledata.places import towns
from provision.sampledata.tables import city

MONTHS = ["2025-04", "2025-05", "2025-06"]


@pytest.fixture(scope="module")
def world() -> World:
    return World.of(3, 6000, MONTHS)


@pytest.fixture(scope="module")
def people(world: World) -> list[Person]:
    return [person for block in blocks(world) for person in block.people]


def _households(people: list[Person]) -> dict[int, list[Person]]:
    found: dict[int, list[Person]] = defaultdict(list)
    for person in people:
        found[person.household].append(person)
    return found


def test_exactly_as_many_as_asked_for_with_unique_numbers(people: list[Person]) -> None:
    assert len(people) == 6000
    for name in ("serial", "chart", "resident_no"):
        assert len({getattr(p, name) for p in people}) == len(people)
    care = [p.care_number for p in people if p.care_number]
    assert len(set(care)) == len(care)


def test_a_person_does_not_depend_on_how_many_there_are(world: World, people: list[Person]) -> None:
    smaller = [p for b in blocks(World.of(3, 700, MONTHS)) for p in b.people]
    assert [(p.name, p.birth, p.coverages) for p in smaller] == [(p.name, p.birth, p.coverages) for p in people[:700]]
    assert make_block(world, 2).people == make_block(world, 2).people
    assert make_block(World.of(4, 1, MONTHS), 2).people[0] != make_block(world, 2).people[0]


def test_nobody_points_to_somebody_who_was_cut_off() -> None:
    for size in range(600, 640, 4):
        some = [p for b in blocks(World.of(3, size, MONTHS)) for p in b.people]
        serials = {p.serial for p in some}
        pointers = {q for p in some for q in (p.twin, p.namesake, p.kin and p.kin.serial) if q is not None}
        assert pointers <= serials


def test_births_reach_from_1917_to_today_with_old_and_young(people: list[Person]) -> None:
    years = [date.fromordinal(p.birth).year for p in people]
    assert min(years) < 1925
    assert min(years) >= 1917
    assert max(years) == 2025
    old = sum(year < 1960 for year in years) / len(years)
    young = sum(year > 2010 for year in years) / len(years)
    assert 0.2 < old < 0.4
    assert 0.08 < young < 0.25


def test_a_household_shares_symbol_and_number_with_distinct_branches(people: list[Person]) -> None:
    cards: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for person in people:
        for card in person.coverages:
            cards[card.insurer, card.symbol, card.number].append((person.household, card.branch))
    shared = 0
    for key, bearers in cards.items():
        assert len({household for household, _ in bearers}) == 1, key[0][:2]
        assert len({branch for _, branch in bearers}) == len(bearers)
        shared += len(bearers) > 1
    assert shared > 500


def test_everybody_of_75_is_late_elderly_with_a_number_only(people: list[Person]) -> None:
    first, last = date(2025, 4, 1).toordinal(), date(2025, 6, 30).toordinal()
    seen = Counter()
    for person in people:
        born = date.fromordinal(person.birth)
        card = person.coverage(last)
        if card is None:
            assert person.welfare or person.birth > last
            continue
        assert (card.kind == "late") == ((2025 - born.year, 6, 30) >= (75, born.month, born.day))
        if card.kind == "late":
            assert (card.symbol, card.branch, card.insurer[:2]) == ("", "", "39")
            seen["turned 75"] += card.start > first
        assert all(a.end == b.start - 1 for a, b in zip(person.coverages, person.coverages[1:], strict=False))
        seen["moved"] += len({c.insurer for c in person.coverages if c.kind != "late"}) > 1
        seen[card.kind] += 1
    assert min(seen[k] for k in ("turned 75", "moved", "nhi", "association", "kyokai", "society", "mutual")) > 0


def test_twins_share_the_birth_but_not_the_name(people: list[Person]) -> None:
    by_serial = {p.serial: p for p in people}
    pairs = [(p, by_serial[p.twin]) for p in people if p.twin is not None]
    assert pairs
    assert all(a.birth == b.birth and a.household == b.household and a.given != b.given for a, b in pairs)
    assert all(b.twin == a.serial for a, b in pairs)
    assert {a.sex == b.sex for a, b in pairs} == {True, False}


def test_namesakes_live_apart(people: list[Person]) -> None:
    by_serial = {p.serial: p for p in people}
    pairs = [(p, by_serial[p.namesake]) for p in people if p.namesake is not None]
    assert len(pairs) >= 10
    for a, b in pairs:
        assert (a.surname.kana, a.given.kana, a.birth, a.sex) == (b.surname.kana, b.given.kana, b.birth, b.sex)
        assert a.household != b.household


def test_names_can_be_written_and_are_no_ordinary_words(people: list[Person]) -> None:
    for person in people:
        assert writable(person.name)
        assert len(person.name.encode("cp932")) <= 40
        assert person.ledger_name.encode("cp932")
        assert len(person.surname.kana + person.given.kana) > 3
        assert len(person.name) > 3
    spelled = {c for p in people for c in p.ledger_surname} & set(VARIANTS.values())
    assert {"髙", "﨑"} <= spelled
    assert any(p.romaji for p in people)
    assert old_spelling("高崎") == "髙﨑"
    assert not writable("髙")
    assert half_kana("ガップリー") == "ｶﾞｯﾌﾟﾘｰ"


def test_addresses_are_real_towns_and_telephones_cannot_ring(people: list[Person]) -> None:
    known = {(m, zip_code) for m, places in towns().items() for zip_code, _ in places}
    for person in people:
        assert ((person.town.prefecture, person.town.city), person.address.zip) in known
        area, exchange, rest = person.phone.split("-")
        assert area in ("03", "070", "080", "090")
        assert exchange[0] == "0"
        assert (len(exchange), len(rest)) == (4, 4)
    assert 0.7 < sum(p.town is city() for p in people) / len(people) < 0.95


def test_long_term_care_is_for_the_old(people: list[Person]) -> None:
    for person in people:
        if person.care_number:
            assert date.fromordinal(person.birth).year <= 1960
            assert len(person.care_number) == 10
        else:
            assert not person.care_level
    assert {p.care_level for p in people} >= {"12", "21", "25"}


def test_public_payers(people: list[Person]) -> None:
    laws = Counter(number[:2] for p in people for number, _ in p.public)
    assert {"12", "21", "54", "88"} <= laws.keys()
    assert all(not p.coverages and len(p.public) == 1 for p in people if p.welfare)
    households = _households(people)
    assert all(len({p.welfare for p in family}) == 1 for family in households.values())
