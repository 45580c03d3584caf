"""The world's tables, read from `data/`: municipalities, insurers, diseases, acts, phrases. All illustrative."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from provision.sampledata.numbering import Wheel, checked


def rows(name: str) -> list[dict[str, str]]:
    """Rows of ``data/<name>.tsv``; lines that start with # are notes."""
    text = (files(__package__) / "data" / f"{name}.tsv").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@dataclass(frozen=True)
class Municipality:
    """A town with its three insurers: national health insurance, late elderly, long-term care."""

    prefecture: str
    city: str
    nhi: str
    late: str
    care: str
    symbol: str


@dataclass(frozen=True)
class Insurer:
    """保険者: number with check digit, kind, and how its cards are numbered."""

    number: str
    kind: str
    symbol: str
    digits: int


@dataclass(frozen=True)
class Disease:
    """傷病: claims code, name, acts and the public-expense law it may bring with it (empty: none)."""

    code: str
    name: str
    acts: tuple[str, ...]
    public: str


@dataclass(frozen=True)
class ActLine:
    """One SI, IY or TO record of an act."""

    section: str
    record: str
    code: str
    quantity: str
    name: str


@dataclass(frozen=True)
class Act:
    """剤: a group of records, points on the last. `count`: v visits, 1, d days of supply, s days of stay, m meals."""

    lines: tuple[ActLine, ...]
    points: int
    count: str
    meals: bool


@cache
def municipalities() -> Wheel[Municipality]:
    """Towns by share of people; the first is the city whose ledger is sent."""
    table = rows("municipalities")
    towns = [
        Municipality(r["prefecture"], r["city"], checked(r["nhi"]), checked(r["late"]), checked(r["care"]), r["symbol"])
        for r in table
    ]
    return Wheel(towns, [float(r["weight"]) for r in table])


@cache
def city() -> Municipality:
    """The city whose ledger is sent."""
    return municipalities()[1][0]


@cache
def employers() -> Wheel[Insurer]:
    """Insurers that are no municipality, by share of their households."""
    table = [r for r in rows("insurers") if r["kind"] != "public"]
    items = [Insurer(checked(r["body"]), r["kind"], r["symbol"] or "", int(r["digits"])) for r in table]
    return Wheel(items, [float(r["weight"]) for r in table])


@cache
def public_payer(law: str) -> str:
    """公費負担者番号 of the public expense law (法別番号, two digits)."""
    return next(checked(r["body"]) for r in rows("insurers") if r["kind"] == "public" and r["body"][:2] == law)


@cache
def acts() -> dict[str, Act]:
    """Every act by its name."""
    grouped: dict[str, list[dict[str, str]]] = {}
    for row in rows("acts"):
        grouped.setdefault(row["act"], []).append(row)
    return {name: _act(group) for name, group in grouped.items()}


def _act(group: list[dict[str, str]]) -> Act:
    lines = tuple(ActLine(r["section"], r["record"], r["code"], r["quantity"], r["name"]) for r in group)
    return Act(lines, int(group[-1]["points"]), group[-1]["count"], group[0]["section"] == "97")


#: Upper ages (exclusive) of the bands by which diseases are drawn.
BANDS = (1, 5, 15, 20, 30, 40, 50, 55, 60, 65, 75, 85, 200)


def band(age: int) -> int:
    """Index of the age band."""
    return next(i for i, top in enumerate(BANDS) if age < top)


@cache
def diseases(course: str, sex: str, age_band: int) -> Wheel[Disease] | None:
    """Diseases of a course (chronic, acute) that somebody of this sex and age band can have, or None."""
    low = BANDS[age_band - 1] if age_band else 0
    fitting = [
        r
        for r in rows("diseases")
        if r["course"] == course and r["sex"] in ("0", sex) and int(r["age_from"]) <= low <= int(r["age_to"])
    ]
    if not fitting:
        return None
    items = [Disease(r["code"], r["name"], tuple(r["acts"].split()), r["public"]) for r in fitting]
    return Wheel(items, [float(r["weight"]) for r in fitting])


@cache
def phrases(where: str) -> tuple[str, ...]:
    """Free texts for one place (CO, SJ, note, care)."""
    return tuple(r["text"] for r in rows("phrases") if r["where"] == where)
