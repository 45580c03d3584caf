"""One long-term-care claim 介護給付費明細書 (様式第二, 7131): records 01, 02 and 10, and its share of the totals.

Positions are those of the field table of records (1-based within the data part), grade C: from a billing program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from provision.sampledata.calendar import Month, birthday, compact
from provision.sampledata.person import Person
from provision.sampledata.tables import phrases, rows
from provision.sampledata.uke_records import fill

#: 事業所番号, ten digits.
OFFICE = "1370399998"
_LENGTHS = {"01": 56, "02": 18, "10": 38}


@dataclass(frozen=True, slots=True)
class Service:
    """A service item. `price` is 単位数単価 in hundredths of a yen: 1090 is 10.90 yen a unit."""

    kind: str
    item: str
    units: int
    price: int
    daily: bool


@dataclass(slots=True)
class Totals:
    """What a 7111 record adds up: claims, units, cost, and who pays it, in yen."""

    claims: int = 0
    units: int = 0
    cost: int = 0
    insurance: int = 0
    public: int = 0
    user: int = 0

    def add(self, other: Totals) -> None:
        """Add another sum to this one."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class CareClaim:
    """Records of one claim as lists of columns, and what it adds to the 7111 totals (`law` is 12 or empty)."""

    records: list[list[str]] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    law: str = ""


@cache
def _bundles() -> dict[str, list[Service]]:
    """Services by kind."""
    found: dict[str, list[Service]] = {}
    for r in rows("care_services"):
        service = Service(r["kind"], r["item"], int(r["units"]), int(r["price"]), r["daily"] == "1")
        found.setdefault(service.kind, []).append(service)
    return found


def care_claim(person: Person, month: Month, draws: list[float]) -> CareClaim:
    """The claim of one user's month; `draws` are at least eight numbers from 0 to 1."""
    kinds = ["15"] if draws[1] < 0.6 else ["16"] if draws[1] < 0.8 else ["13"]
    if draws[2] < 0.25 and kinds != ["13"]:
        kinds.append("13")
    rate = 90 if draws[3] < 0.85 else 80 if draws[3] < 0.95 else 70
    claim = CareClaim(law="12" if person.welfare else "")
    details: list[list[str]] = []
    sums: list[list[str]] = []
    for kind in kinds:
        days = 4 + int(draws[4] * 10)
        units = 0
        for service in _bundles()[kind]:
            count = days if service.daily else 1
            details.append(_detail(person, month, service, count, "" if details else _note(person, draws)))
            units += service.units * count
        sums.append(_summary(person, month, kind, days, units, rate, claim.totals))
    claim.totals.claims = 1
    claim.records = [_basis(person, month, rate, claim.totals, draws), *details, *sums]
    return claim


def _blank(record: str, person: Person, month: Month, filled: dict[int, object]) -> list[str]:
    columns = [""] * _LENGTHS[record]
    start: dict[int, object] = {
        1: "7131",
        2: record,
        3: month.compact,
        4: OFFICE,
        5: person.care_insurer.rjust(8, "0"),
        6: person.care_number,
    }
    for place, value in (start | filled).items():
        columns[place - 1] = str(value)
    return columns


def _note(person: Person, draws: list[float]) -> str:
    """摘要: ten characters of free text on a few claims."""
    return fill(phrases("care"), person, draws[6])[:10] if draws[5] < 0.08 else ""


def _detail(person: Person, month: Month, service: Service, count: int, note: str) -> list[str]:
    public = count if person.welfare else 0
    units = service.units * count
    public_units = units if public else 0
    return _blank(
        "02",
        person,
        month,
        {
            7: service.kind,
            8: service.item,
            9: service.units,
            10: count,
            11: public,
            12: 0,
            13: 0,
            14: units,
            15: public_units,
            16: 0,
            17: 0,
            18: note,
        },
    )


def _summary(person: Person, month: Month, kind: str, days: int, units: int, rate: int, totals: Totals) -> list[str]:
    """Record 10 of one service kind; yen are cut, not rounded, and added to `totals`."""
    price = _bundles()[kind][0].price
    cost = units * price // 100
    insurance = cost * rate // 100
    rest = cost - insurance
    public, user = (rest, 0) if person.welfare else (0, rest)
    totals.add(Totals(0, units, cost, insurance, public, user))
    zeros: dict[int, object] = dict.fromkeys(range(18, 27), 0)
    amounts: dict[int, object] = {7: kind, 8: days, 9: units, 10: units, 11: 0, 14: units, 15: price}
    return _blank(
        "10",
        person,
        month,
        zeros | amounts | {16: insurance, 17: user, 18: units if person.welfare else 0, 19: public, 20: 0},
    )


def _basis(person: Person, month: Month, rate: int, totals: Totals, draws: list[float]) -> list[str]:
    public = person.public[0] if person.welfare else ("", "")
    since = birthday(person.birth, 65)
    zeros: dict[int, object] = dict.fromkeys((*range(36, 39), *range(42, 57)), 0)
    paid: dict[int, object] = {
        33: totals.units,
        34: totals.insurance,
        35: totals.user,
        39: totals.units if person.welfare else 0,
        40: totals.public,
        41: 0,
    }
    return _blank(
        "01",
        person,
        month,
        zeros
        | paid
        | {
            7: public[0],
            8: public[1],
            13: compact(person.birth),
            14: person.sex,
            15: person.care_level,
            17: compact(max(since, month.first - 200 - int(draws[7] * 300))),
            18: compact(month.first + 400),
            19: 1,
            20: "1370199992",
            29: rate,
            30: 100 if person.welfare else 0,
            31: 0,
            32: 0,
        },
    )


def care_evidence(person: Person) -> dict[str, str]:
    """What a care record tells of its person: birth, sex and the long-term-care number; no name."""
    numbers = {"care_insurer": person.care_insurer, "care_number": person.care_number}
    return {"birth": compact(person.birth), "sex": person.sex, **numbers}
