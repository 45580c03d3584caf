"""What the contract wants of people, as questions: k, l, t and rare codes, over one format's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from expectations.asking import Question
from expectations.classes.base import EXACT
from expectations.contract import Closeness, Contract, Diversity, PeopleContract
from expectations.people import carriers, distances, diversities, group_sizes, show_several
from expectations.read import TableText
from expectations.suite import Wanted

if TYPE_CHECKING:
    import polars as pl

T_CLOSENESS = "ExpectPeopleTClosenessToBeAtMost"
DIVERSITIES = frozenset({"distinct", "entropy", "recursive"})
CLOSENESSES = frozenset({"equal", "ordered"})


def people_questions(people: PeopleContract, tables: Mapping[str, TableText], form: str) -> Iterator[Question]:
    """Every requirement of `people` over the tables of one format. Raises `Unreadable` where it cannot be counted."""
    where = f"{people.table or 'all tables together'} ({form})"
    sizes = group_sizes(people, tables)
    k = Wanted("ExpectPeopleKAnonymityToBeAtLeast", {"k": people.k})
    yield _question(k, where, "k", sizes, "people", sizes["people"] >= people.k)
    for rare in people.rare_codes:
        counted, wanted = (
            carriers(people, rare.column, tables),
            Wanted("ExpectRareCodesToBeCarriedByAtLeastPeople", {"people": rare.people}),
        )
        if counted.height:
            yield _question(
                wanted, f"{rare.column} ({form})", "rare_code", counted, "people", counted["people"] >= rare.people
            )
    for diverse in people.diversity:
        counted = diversities(people, diverse, tables)
        recursive = diverse.kind == "recursive"
        wanted = _recursive(diverse) if recursive else _diverse(diverse)
        passed = counted["figure"] < float(diverse.times) if recursive else counted["figure"] >= _least(diverse)
        yield _question(wanted, f"{diverse.column} ({form})", "l", counted, "figure", passed)
    for close in people.closeness:
        counted, wanted = distances(people, close, tables), Wanted(T_CLOSENESS, {"most": str(close.most)})
        passed = counted["figure"] <= float(close.most) + EXACT
        yield _question(wanted, f"{close.column} ({form})", "t", counted, "figure", passed)


def of_one_value(
    people: PeopleContract, tables: Mapping[str, TableText], form: str
) -> tuple[PeopleContract, list[str]]:
    """`people` without the requirements on shares of people whose column shows several values of somebody, and these in
    words. Several values of one person would change the shares that were asked for."""
    everything: tuple[Diversity | Closeness, ...] = (*people.diversity, *people.closeness)
    asked = [one for one in everything if one.of_people]
    several = {one.column: show_several(people, one.column, tables) for one in asked}
    left = [one for one in asked if several[one.column]]
    kept = replace(
        people,
        diversity=tuple(one for one in people.diversity if one not in left),
        closeness=tuple(one for one in people.closeness if one not in left),
    )
    return kept, [f"{_words(one)} ({form}): {several[one.column]} people show more than one value" for one in left]


def _words(one: Diversity | Closeness) -> str:
    if isinstance(one, Closeness):
        return f"{one.kind} t-closeness {one.most} of {one.column}"
    times = f"{one.times}:" if one.kind == "recursive" else ""
    return f"{one.kind} l-diversity {times}{one.least} of {one.column}"


def _least(diverse: Diversity) -> float:
    return float(diverse.least) - EXACT


def _diverse(diverse: Diversity) -> Wanted:
    return Wanted("ExpectPeopleLDiversityToBeAtLeast", {"least": str(diverse.least)})


def _recursive(diverse: Diversity) -> Wanted:
    return Wanted("ExpectPeopleRecursiveLDiversityToBeBelow", {"times": str(diverse.times)})


def _question(wanted: Wanted, where: str, kind: str, counted: pl.DataFrame, column: str, passed: pl.Series) -> Question:
    """Groups of equal counts are one value to Great Expectations, so millions of groups are a few hundred values."""
    import polars as pl

    distinct = counted.with_columns(passed=passed).group_by(column, "passed").agg(pl.col("rows").sum()).sort(column)
    failing = distinct.filter(~distinct["passed"])
    rows, failing_rows = int(distinct["rows"].sum()), int(failing["rows"].sum())
    return Question(wanted, where, kind, distinct[column].to_list(), failing.height, failing_rows, rows)


def is_countable(contract: Contract) -> bool:
    """Whether the contract's people can be counted at all: named columns are there, thresholds are some."""
    people = contract.people
    if people is None:
        return True
    columns = {t.name: {c.name for c in t.columns} for t in contract.tables}
    if people.table:
        connected = {*people.quasi, *([people.person] if people.person else [])} <= columns.get(people.table, set())
    else:
        shown = set().union(*(names for names in columns.values() if people.person in names))
        connected = people.person is not None and set(people.quasi) <= shown
    limits = [rare.people for rare in people.rare_codes] + [int(one.least) for one in people.diversity]
    kinds = {one.kind for one in people.diversity} <= DIVERSITIES and {
        one.kind for one in people.closeness
    } <= CLOSENESSES
    named = [rare.column for rare in people.rare_codes]
    named += [one.column for one in people.diversity] + [one.column for one in people.closeness]
    known = all(name.partition(".")[2] in columns.get(name.partition(".")[0], set()) for name in named)
    bounded = all(0 <= one.most <= 1 for one in people.closeness) and all(limit >= 1 for limit in limits)
    return people.k >= 1 and bool(people.quasi) and connected and known and bounded and kinds
