"""規則の適用: the profile's rules on one table, in the profile's order: learn, apply, count, and say what is left.

What a rule learns stays here; cells changed, rows left out and what the rule says may be told go into the facts. The
domain a column has afterwards comes from the rule, for the gate's contract and the codebook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules import rule
from anonymization.rules.applying import treated
from anonymization.rules.base import Parameters
from provision.errors import FixConfiguration, Refused
from provision.formats.base import Column
from provision.model import Plan
from provision.profiles import Profile, RuleUse, Selector
from provision.releasing.domains import domain_of, word_of

#: Options whose value is the plan's: written ``$cutoff_month`` in a profile.
OF_THE_PLAN = ("cutoff_month", "first_month")


@dataclass(frozen=True)
class Applied:
    """One rule on one table: cells it changed or emptied by column, rows it left out, and what it says of itself."""

    rule: str
    law: str
    table: str
    cells: Mapping[str, int]
    rows: int
    told: Mapping[str, object]


@dataclass(frozen=True)
class Ruled:
    """A table afterwards."""

    frame: pl.DataFrame
    columns: tuple[Column, ...]
    applied: tuple[Applied, ...]


def ruled(
    plan: Plan, profile: Profile, table: str, frame: pl.DataFrame, columns: Sequence[Column], person: str
) -> Ruled:
    """Apply the rules of a profile to a table whose rows say whose they are in `person`.

    `FixConfiguration` where a rule cannot be applied, `Refused` where it takes away a column that the plan asks for.
    """
    known, done = {column.name: column for column in columns}, []
    for number, use in enumerate(profile.rules):
        parts = placed(use, table, columns)
        if not parts:
            continue
        try:
            parameters = rule(use.rule).learn(frame.lazy(), parts, options(use, plan), person=person)
            after = treated(frame.lazy(), parameters).collect()
            left = rule(use.rule).leaves(parameters, {name: domain_of(column) for name, column in known.items()})
        except Unfit as error:
            raise FixConfiguration(
                f"{table}: {error}", where=f"config/profiles/{profile.id}.yaml", rule=f"profile.rules.{number}",
                remedy="correct the rule's options or the columns it is for",
            ) from None  # fmt: skip
        gone = [name for names in parts.values() for name in names if name not in after.columns]
        if gone:
            raise taken_away(plan, profile, table, gone[0])
        known |= {name: word_of(known[name], domain) for name, domain in left.items()}
        done.append(_counted(use, table, parameters, frame, after))
        frame = after
    return Ruled(frame, tuple(known[column.name] for column in columns), tuple(done))


def taken_away(plan: Plan, profile: Profile, table: str, column: str) -> Refused:
    """What to say where a plan asks for a column that its profile deletes."""
    return Refused(
        f"the profile {profile.id} deletes {table}.{column}", where=plan.id, rule="plan.profile",
        remedy="leave the column out of the plan",
    )  # fmt: skip


def placed(use: RuleUse, table: str, columns: Sequence[Column]) -> dict[str, list[str]]:
    """The columns of a table by the part they play for a rule; nothing where it does not concern the table.

    A rule of several parts is for the tables that have a column for each part it cannot do without.
    """
    first, *_ = parts = rule(use.rule).parts
    selectors = {first.name: use.on, **use.parts}
    taken: set[str] = set()
    made: dict[str, list[str]] = {}
    for name, selector in selectors.items():
        found = [c.name for c in columns if c.name not in taken and concerns(selector, use, table, c)]
        taken |= set(found)
        if found:
            made[name] = found
    needed = all(len(made.get(part.name, ())) >= part.least for part in parts)
    return made if needed and made else {}


def concerns(selector: Selector, use: RuleUse, table: str, column: Column) -> bool:
    """Whether a column is meant: everything the selector says holds, and it is not among the exceptions."""
    places = {column.name, f"{table}.{column.name}"}
    return (
        (selector.cls is None or selector.cls == column.cls)
        and (selector.domain is None or selector.domain in {column.domain, column.domain.partition(":")[0]})
        and (selector.column is None or selector.column in places)
        and (selector.role is None or selector.role == column.role)
        and not places & set(use.unless)
        and not column.domain.startswith("number:")  # the random numbers of the release
    )


def options(use: RuleUse, plan: Plan) -> dict[str, object]:
    """The options of a use, those of the plan put in."""
    said = {f"${name}": getattr(plan, name) for name in OF_THE_PLAN}
    return {name: said.get(value, value) if isinstance(value, str) else value for name, value in use.options.items()}


def _counted(use: RuleUse, table: str, parameters: Parameters, before: pl.DataFrame, after: pl.DataFrame) -> Applied:
    made = rule(parameters.rule)
    keep = made.keep(parameters)
    stayed = before if keep is None else before.filter(keep)
    if made.order(parameters) is not None:
        cells = {}
    else:
        treated_columns = [name for names in parameters.columns.values() for name in names]
        cells = {name: _changed(stayed[name], after[name]) for name in treated_columns}
    told = {name: _told(value) for name, value in made.told(parameters).items()}
    return Applied(use.rule, use.law, table, cells, before.height - stayed.height, told)


def _changed(before: pl.Series, after: pl.Series) -> int:
    """Cells that held something and hold something else now."""
    return int(before.cast(pl.String).ne_missing(after.cast(pl.String)).filter(before.is_not_null()).sum())


def _told(value: object) -> object:
    """What the log can hold: no fractions."""
    if isinstance(value, float):
        return f"{value:.10g}"
    return [_told(one) for one in value] if isinstance(value, tuple) else value


def merged(done: Sequence[Applied]) -> Iterator[dict[str, object]]:
    """For the facts: each rule on each table, without where it changed nothing."""
    for one in done:
        cells = {name: count for name, count in one.cells.items() if count}
        yield {"rule": one.rule, "law": one.law, "table": one.table, "cells": sum(cells.values()),
               "columns": cells, "rows": one.rows, "told": dict(one.told)}  # fmt: skip
