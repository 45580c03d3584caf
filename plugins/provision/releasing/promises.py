"""ゲートへの約束: what the profile promises beyond domains and k, for the gate to count again in the payload.

Codes that enough people carry, values of sensitive columns that differ, births that tell nobody's great age.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from anonymization.rules.support.months import month_number
from expectations.contract import Closeness, CodeList, Diversity, Domain, Form, RareCodes
from provision.catalogue import Catalogue
from provision.formats.base import Column, ColumnClass
from provision.model import Plan
from provision.profiles import Profile
from provision.releasing.protecting import PEOPLE
from provision.releasing.quasi import KNOWN, requirements
from provision.releasing.rare import of_codes
from provision.releasing.ruling import options, placed
from provision.releasing.shapes import PERSON, ReleaseTable

_BIRTH, _BIRTHS = "birth_month", "births"


def rare_codes(profile: Profile, before: Sequence[ReleaseTable]) -> tuple[RareCodes, ...]:
    """Every column that a sender fills with codes, and births; `before`: the shapes as the plan has them."""
    if not profile.rare_codes:
        return ()
    return tuple(
        RareCodes(f"{shape.name}.{column.name}", profile.rare_codes)
        for shape in before
        for column in shape.columns
        if of_codes(column) or (column.cls is ColumnClass.BIRTH and column.name in shape.counted)
    )


@dataclass(frozen=True)
class OfValues:
    """Requirements on sensitive values: those the gate counts, and in words those nobody can count in the payload."""

    diversity: tuple[Diversity, ...] = ()
    closeness: tuple[Closeness, ...] = ()
    uncounted: tuple[str, ...] = ()


def of_values(
    plan: Plan, profile: Profile, known: Catalogue, shapes: Sequence[ReleaseTable], made: Mapping[str, object]
) -> OfValues:
    """l and t where the sensitive column goes out with its head table.

    Making counts one value a person. The payload may show several of somebody: never fewer different ones, so distinct
    l is counted all the same; the others are of shares, which several values change, so the gate counts them where
    nobody shows several. Of several datasets making counts the nearest one's value and who is in which: no table shows
    that.
    """
    datasets = [known.dataset(name) for name in dict.fromkeys(table.dataset for table in plan.tables)]
    asked = requirements(plan, profile, [dataset.table(dataset.head) for dataset in datasets])
    diversity, closeness, uncounted = list[Diversity](), list[Closeness](), list[str]()
    for text in (*asked.l, *asked.t):
        column = text.rpartition(":")[2]
        tables = [shape for shape in shapes if shape.head and column in {c.name for c in shape.columns}]
        if reason := _uncountable(text, tables, len(datasets), made):
            uncounted.append(f"{text}: {reason}")
        elif text in asked.t:
            closeness += [_closeness(text, shape) for shape in tables]
        else:
            diversity += [_diversity(text, shape) for shape in tables]
    return OfValues(tuple(diversity), tuple(closeness), tuple(uncounted))


def _uncountable(text: str, tables: Sequence[ReleaseTable], datasets: int, made: Mapping[str, object]) -> str:
    """Why nobody can count a requirement in the payload; "" where the gate can."""
    if not tables:
        return "the column does not go out"
    if text.startswith("distinct:"):
        return ""
    if datasets > 1:
        return "people have data of several datasets"
    rows = made["tables"]
    assert isinstance(rows, Mapping)
    # Where no row says whose it is, each has to be somebody else's.
    alone = all(
        PERSON in {c.name for c in table.columns} or int(rows[table.name]) == int(str(made["people"]))
        for table in tables
    )
    return "" if alone else "rows do not say whose they are, and people have several"


def _diversity(text: str, shape: ReleaseTable) -> Diversity:
    """As `profiles.Requirements` has it: ``distinct:L:COLUMN``, ``entropy:L:COLUMN``, ``recursive:C:L:COLUMN``."""
    kind, *numbers, column = text.split(":")
    times = Decimal(numbers[0]) if kind == "recursive" else Decimal(0)
    return Diversity(f"{shape.name}.{column}", Decimal(numbers[-1]), kind, times, of_people=kind != "distinct")


def _closeness(text: str, shape: ReleaseTable) -> Closeness:
    kind, most, column = text.split(":")
    return Closeness(f"{shape.name}.{column}", Decimal(most), kind, of_people=True)


def births(plan: Plan, profile: Profile, shape: ReleaseTable, column: Column, made: Domain) -> Domain:
    """The domain of a column of births, without any that tells of great age where the profile has a rule against it.

    That is a list: the label of the very old, and of what the domain admits the months, years and cohorts that somebody
    younger can be of.
    """
    eldest = _eldest(plan, profile)
    if shape.counted.get(column.name) != _BIRTH or eldest is None or not isinstance(made, Form):
        return made
    last = month_number(plan.cutoff_month)
    months = [_month(number) for number in range(eldest + 1, last + 1)]
    years = sorted({month[:4] for month in months})
    cohorts = {f"{int(y) // w * w:04d}-{int(y) // w * w + w - 1:04d}" for y in years for w in (5, 10)}
    every = (f"<={_month(eldest)}", *months, *years, *cohorts)
    return CodeList(_BIRTHS, frozenset(label for label in every if re.fullmatch(made.pattern, label)))


def earliest(plan: Plan, profile: Profile, made: Domain) -> str:
    """The earliest month of birth that may stand in a column with the domain that `births` made; "" for another."""
    eldest = _eldest(plan, profile)
    of_births = isinstance(made, CodeList) and made.name == _BIRTHS
    return _month(eldest + 1) if of_births and eldest is not None else ""


def _eldest(plan: Plan, profile: Profile) -> int | None:
    """The latest month in which somebody very old was born, where a rule of the profile makes their births one."""
    for use in profile.rules:
        if use.rule == "old-age" and list(placed(use, PEOPLE, [KNOWN[_BIRTH]])):
            said = options(use, plan)
            return month_number(str(said["month"])) - int(str(said.get("top", 90))) * 12
    return None


def _month(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
