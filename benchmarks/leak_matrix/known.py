"""Known values: fictitious people whose identifiers the gate has fingerprints of, and makers that plant one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.leak_matrix.makers.addresses import listed_address
from benchmarks.leak_matrix.names import Name, listed, unlisted
from benchmarks.leak_matrix.values import Maker, Value, digits
from expectations.known_values import KnownValues, fold, write_index

KIND = "known_value"
_KEY = b"key of the leak matrix, no secret"


@dataclass(frozen=True)
class Person:
    """Strong values of one fictitious person, as an intake would have fingerprinted them."""

    name: Name
    phone: str
    address: str
    insured: tuple[str, str, str]
    chart: tuple[str, str]


def people(seed: int, count: int = 400) -> list[Person]:
    """That many people, half of them with names no list has."""
    draw = Random(f"people {seed}")
    return [_person(draw, listed if number % 2 else unlisted) for number in range(count)]


def _person(draw: Random, name: Callable[[Random], Name]) -> Person:
    return Person(
        name(draw),
        f"0{draw.choice('789')}0-0{digits(draw, 3)}-{digits(draw, 4)}",
        listed_address(draw),
        ("06" + digits(draw, 6), digits(draw, 4), digits(draw, 6)),
        ("13" + digits(draw, 8), "1" + digits(draw, 7)),
    )


def index(world: list[Person], folder: Path) -> KnownValues:
    """Fingerprints of all of them, in an index below `folder`."""
    path = folder / "known.npy"
    write_index(path, (value for person in world for value in _folded(person)), _KEY)
    return KnownValues([path], _KEY)


def _folded(person: Person) -> Iterator[str]:
    yield fold("name", person.name.surname, person.name.given)
    yield fold("kana", *person.name.kana)
    yield fold("phone", person.phone)
    yield fold("address", person.address)
    yield fold("insured", *person.insured)
    yield fold("chart", *person.chart)


def known_makers(world: list[Person]) -> tuple[Maker, ...]:
    """One maker for every kind of strong value; all must be found as known."""

    def of(write: Callable[[Person, Random], Value]) -> Callable[[Random], Value]:
        return lambda draw: write(draw.choice(world), draw)

    return (
        Maker(KIND, "full name", of(_full), cell=True),
        Maker(KIND, "kana name", of(_kana), cell=True),
        Maker(KIND, "telephone", of(_phone), cell=True),
        Maker(KIND, "address", of(lambda person, draw: Value(person.address, column="住所")), cell=True),
        Maker(KIND, "insured id", of(_insured), cell=True),
        Maker(KIND, "chart number", of(_chart), cell=True),
    )


def _full(person: Person, draw: Random) -> Value:
    text = person.name.surname + draw.choice(("", " ", "　")) + person.name.given
    return Value(text, draw.choice(("{}", "{}様", "（{}）", "{}に報告", "氏名：{}")), "氏名")


def _kana(person: Person, draw: Random) -> Value:
    text = draw.choice((" ", "　", "")).join(person.name.kana)
    return Value(text, draw.choice(("{}", "{}様", "（{}）", "フリガナ {}")), "カナ氏名")


def _phone(person: Person, draw: Random) -> Value:
    text = draw.choice((person.phone, person.phone.replace("-", ""), person.phone.replace("-", " ")))
    return Value(text, draw.choice(("{}", "TEL{}", "連絡先は{}")), "電話番号")


def _insured(person: Person, draw: Random) -> Value:
    return Value(draw.choice((":", "-", " ")).join(person.insured), column="insured_id")


def _chart(person: Person, draw: Random) -> Value:
    return Value(draw.choice((":", "-", " ")).join(person.chart), column="chart")
