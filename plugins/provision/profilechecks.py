"""Checking profiles: rules, options and hierarchies there are, and what a plan and its profile say of each other.

Used by `checking`. Every problem names the key as it is written and how to correct it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from anonymization.hierarchies import systems
from anonymization.risk.asking import asked
from anonymization.risk.unfit import Unfit
from anonymization.rules import rules
from anonymization.rules.base import Rule
from provision import config
from provision.catalogue import Catalogue
from provision.config import ConfigProblem
from provision.errors import TokumeiError
from provision.formats.base import Column
from provision.model import Plan
from provision.profiles import Generalise, Profile, Requirements, RuleUse
from provision.releasing.ladders import check
from provision.releasing.protecting import PEOPLE
from provision.releasing.quasi import KNOWN, banded, columns_of_people
from provision.releasing.ruling import OF_THE_PLAN, placed
from provision.releasing.shapes import layout

#: A rule that takes its columns away, whatever its options.
_DELETES = "drop-column"


class _Wrong(NamedTuple):
    key: list[int | str]
    what: str
    remedy: str


def profile_problems(path: Path, profile: Profile) -> Iterator[ConfigProblem]:
    """What a profile's own file cannot know: the rules there are, their options, the code systems."""
    found = [
        *(one for number, use in enumerate(profile.rules) for one in _rule(use, ["rules", number])),
        *(one for number, use in enumerate(profile.generalise) for one in _generalise(profile, use, number)),
        *_requirements(profile.requirements),
    ]
    for key, what, remedy in found:
        line = config.line_of(path, key)
        yield ConfigProblem(config.shown(path), line, ".".join(str(part) for part in key), what, remedy)


def plan_problems(plan: Plan, profile: Profile, known: Catalogue) -> Iterator[tuple[list[int | str], str, str]]:
    """What a plan asks for and its profile does not allow: key, what, remedy."""
    try:
        people = columns_of_people(plan, profile, known)
    except TokumeiError as error:
        yield [error.rule.removeprefix("plan.")], error.what, error.remedy
        return
    for one in _requirements(plan.requirements):
        yield one.key, one.what, one.remedy
    for use in profile.generalise:
        if use.column in people and use.column not in KNOWN:
            try:
                check(use, people[use.column])
            except Unfit as error:
                yield ["quasi_identifiers"], str(error), f"correct generalise of the profile {profile.id}"
    yield from _deleted(plan, profile, known, list(people.values()))


def _deleted(
    plan: Plan, profile: Profile, known: Catalogue, people: list[Column]
) -> Iterator[tuple[list[int | str], str, str]]:
    """Columns that the profile deletes: whoever writes the plan leaves them out, so that nothing goes silently."""
    for use in profile.rules:
        if use.rule != _DELETES:
            continue
        for number, shape in enumerate(layout(plan, known)):
            own = [column for column in shape.columns if column.name not in shape.counted]
            counted = _named(use, PEOPLE, people)
            gone = _named(use, shape.name, own)
            gone |= {name for name, quasi in shape.counted.items() if quasi in counted}
            for name in sorted(gone & set(plan.tables[number].columns)):
                place = plan.tables[number].columns.index(name)
                what = f"the profile {profile.id} deletes {shape.name}.{name}"
                yield ["tables", number, "columns", place], what, "leave the column out of the plan"


def _named(use: RuleUse, table: str, columns: list[Column]) -> set[str]:
    return {name for parts in placed(use, table, columns) for names in parts.values() for name in names}


def _rule(use: RuleUse, key: list[int | str]) -> Iterator[_Wrong]:
    made = rules().get(use.rule)
    if made is None:
        yield _Wrong([*key, "rule"], "there is no such rule", f"known: {', '.join(sorted(rules()))}")
        return
    yield from _options(use, made, key)
    parts = {part.name: part for part in made.parts}
    for name in use.parts:
        if name not in parts or name == made.parts[0].name:
            others = ", ".join(list(parts)[1:]) or "none"
            yield _Wrong([*key, "parts", name], f"{use.rule} has no such other part", f"parts beside columns: {others}")
    for part in made.parts[1:]:
        if part.least and part.name not in use.parts:
            yield _Wrong([*key, "rule"], f"{use.rule} needs the part {part.name}", f"parts: {part.means}")


def _options(use: RuleUse, made: Rule, key: list[int | str]) -> Iterator[_Wrong]:
    schema = {option.name: option for option in made.schema}
    known = ", ".join(schema) or "none"
    for name, value in use.options.items():
        if name not in schema:
            yield _Wrong([*key, "with", name], f"{use.rule} has no such option", f"options: {known}")
            continue
        of_the_plan = isinstance(value, str) and value in {f"${word}" for word in OF_THE_PLAN}
        try:
            schema[name].checked(use.rule, "2000-01" if of_the_plan else value)
        except Unfit as error:
            yield _Wrong([*key, "with", name], str(error), schema[name].means)
    for option in made.schema:
        if option.default is None and not option.optional and option.name not in use.options:
            yield _Wrong([*key, "rule"], f"{use.rule} needs the option {option.name}", f"with: {option.means}")


def _generalise(profile: Profile, use: Generalise, number: int) -> Iterator[_Wrong]:
    key: list[int | str] = ["generalise", number]
    if use.hierarchy not in systems():
        yield _Wrong([*key, "hierarchy"], "there is no such hierarchy", f"known: {', '.join(sorted(systems()))}")
        return
    names = systems()[use.hierarchy].names
    for level in ("least", "most"):
        if getattr(use, level) not in names:
            yield _Wrong([*key, level], f"{use.hierarchy} has no such level", f"known: {', '.join(names)}")
            return
    if use.weight != 1 and profile.metric != "loss":
        yield _Wrong([*key, "weight"], f"the metric {profile.metric} knows no weights", "use loss, or no weights")
    try:
        if use.column in KNOWN:
            check(use, banded(KNOWN[use.column], profile))
    except Unfit as error:
        yield _Wrong([*key, "hierarchy"], str(error), "name a hierarchy and levels that fit the column")


def _requirements(wanted: Requirements) -> Iterator[_Wrong]:
    for kind in ("l", "t"):
        for number, text in enumerate(getattr(wanted, kind)):
            try:
                asked(None, **{"diversity" if kind == "l" else "closeness": [text]})
            except Unfit as error:
                yield _Wrong(["requirements", kind, number], str(error), "correct the threshold")
