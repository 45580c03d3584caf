"""規則の適用: the profile's rules on the tables of a release, in the profile's order: learn, apply, count.

What a rule learns stays here; cells changed, rows left out and what the rule says may be told go into the facts. The
domain a column has afterwards comes from the rule, for the gate's contract and the codebook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from anonymization.risk.unfit import Unfit
from anonymization.rules import rule
from anonymization.rules.applying import together, treated
from anonymization.rules.base import Parameters
from provision.errors import FixConfiguration, Refused
from provision.formats.base import Column
from provision.model import Plan
from provision.profiles import Profile, RuleUse, Selector
from provision.releasing.domains import domain_of, word_of

#: Options whose value is the plan's: written ``$cutoff_month`` in a profile.
OF_THE_PLAN = ("cutoff_month", "first_month")
#: Whose row a row is.
PERSON = "person"

Parts = dict[str, list[str]]


@dataclass(frozen=True)
class Piece:
    """One table: its rows with ``person``, and its columns as they are by now."""

    name: str
    frame: pl.DataFrame
    columns: Mapping[str, Column]


@dataclass(frozen=True)
class Applied:
    """One rule on one table: cells it changed or emptied by column, rows it left out, and what it says of itself."""

    rule: str
    law: str
    table: str
    cells: Mapping[str, int]
    rows: int
    told: Mapping[str, object]

    def figures(self) -> dict[str, object]:
        """For the facts."""
        cells = {name: count for name, count in self.cells.items() if count}
        return {"rule": self.rule, "law": self.law, "table": self.table, "cells": sum(cells.values()),
                "columns": cells, "rows": self.rows, "told": dict(self.told)}  # fmt: skip


def ruled(plan: Plan, profile: Profile, pieces: Sequence[Piece]) -> tuple[tuple[Piece, ...], tuple[Applied, ...]]:
    """Apply the rules of a profile to tables of one release.

    `FixConfiguration` where a rule cannot be applied, `Refused` where it takes away a column that the plan asks for.
    """
    now, done = list(pieces), list[Applied]()
    for number, use in enumerate(profile.rules):
        try:
            for group in _groups(use, now):
                done += _together(plan, profile, use, now, group)
        except Unfit as error:
            raise FixConfiguration(
                str(error), where=f"config/profiles/{profile.id}.yaml", rule=f"profile.rules.{number}",
                remedy="correct the rule's options or the columns it is for, or widen the selection",
            ) from None  # fmt: skip
    return tuple(now), tuple(done)


def _together(
    plan: Plan, profile: Profile, use: RuleUse, now: list[Piece], group: Sequence[tuple[int, Parts]]
) -> list[Applied]:
    """Learn over these tables together and put what becomes of each in its place. Unfit names the tables."""
    done = []
    try:
        asked = [(now[index].frame.lazy(), parts) for index, parts in group]
        learnt = together(use.rule, asked, options(use, plan), person=PERSON)
        for (index, _), parameters in zip(group, learnt, strict=True):
            now[index], one = _applied(plan, profile, use, now[index], parameters)
            done.append(one)
    except Unfit as error:
        raise Unfit(f"{', '.join(now[index].name for index, _ in group)}: {error}") from None
    return done


def taken_away(plan: Plan, profile: Profile, table: str, column: str) -> Refused:
    """What to say where a plan asks for a column that its profile deletes."""
    return Refused(
        f"the profile {profile.id} deletes {table}.{column}", where=plan.id, rule="plan.profile",
        remedy="leave the column out of the plan",
    )  # fmt: skip


def placed(use: RuleUse, table: str, columns: Sequence[Column]) -> Iterator[Parts]:
    """The columns of a table by the part they play for a rule, once for each time the rule is applied to it.

    A rule of one column alone is applied to each; one of several parts only to a table that has what it needs.
    """
    first, *others = rule(use.rule).parts
    taken: set[str] = set()
    made: Parts = {}
    for name, selector in {first.name: use.columns, **use.parts}.items():
        found = [c.name for c in columns if c.name not in taken and concerns(selector, use, table, c)]
        taken |= set(found)
        if found:
            made[name] = found
    if not made or any(len(made.get(part.name, ())) < part.least for part in (first, *others)):
        return
    if first.most == 1 and not others:
        yield from ({first.name: [name]} for name in made[first.name])
    else:
        yield made


def concerns(selector: Selector, use: RuleUse, table: str, column: Column) -> bool:
    """Whether a column is meant: everything the selector says holds, and it is not among the exceptions."""
    places = {column.name, f"{table}.{column.name}"}
    return (
        (selector.cls is None or selector.cls == column.cls)
        and (not selector.domains or not selector.domains.isdisjoint((column.domain, column.domain.partition(":")[0])))
        and (selector.column is None or selector.column in places)
        and (selector.role is None or selector.role == column.role)
        and not places & set(use.unless)
        and not column.domain.startswith("number:")  # the random numbers of the release
    )


def options(use: RuleUse, plan: Plan) -> dict[str, object]:
    """The options of a use, those of the plan put in."""
    said = {f"${name}": getattr(plan, name) for name in OF_THE_PLAN}
    return {name: said.get(value, value) if isinstance(value, str) else value for name, value in use.options.items()}


def _groups(use: RuleUse, pieces: Sequence[Piece]) -> list[list[tuple[int, Parts]]]:
    """Tables, by their place, that a rule learns over together: all of them where it learns about people or codes."""
    named = enumerate((piece.name, [*piece.columns.values()]) for piece in pieces)
    uses = [(index, parts) for index, (name, columns) in named for parts in placed(use, name, columns)]
    made = rule(use.rule)
    several = made.shared and made.parts[0].most != 1 and len({index for index, _ in uses}) == len(uses)
    return [uses] if several and uses else [[one] for one in uses]


def _applied(plan: Plan, profile: Profile, use: RuleUse, piece: Piece, parameters: Parameters) -> tuple[Piece, Applied]:
    after = treated(piece.frame.lazy(), parameters).collect()
    names = [name for part in parameters.columns.values() for name in part]
    if gone := [name for name in names if name not in after.columns]:
        raise taken_away(plan, profile, piece.name, gone[0])
    before = {name: domain_of(column) for name, column in piece.columns.items()}
    left = rule(use.rule).leaves(parameters, before)
    columns = {**piece.columns, **{name: word_of(piece.columns[name], domain) for name, domain in left.items()}}
    return replace(piece, frame=after, columns=columns), _counted(use, piece, parameters, names, after)


def _counted(use: RuleUse, piece: Piece, parameters: Parameters, names: Sequence[str], after: pl.DataFrame) -> Applied:
    made = rule(parameters.rule)
    keep = made.keep(parameters)
    stayed = piece.frame if keep is None else piece.frame.filter(keep)
    shuffled = made.order(parameters) is not None
    cells = {} if shuffled else {name: _changed(stayed[name], after[name]) for name in names if name in piece.columns}
    told = {name: _told(value) for name, value in made.told(parameters).items()}
    said = {name: count for name, count in cells.items() if not name.startswith("\x00")}
    return Applied(use.rule, use.law, piece.name, said, piece.frame.height - stayed.height, told)


def _changed(before: pl.Series, after: pl.Series) -> int:
    """Cells that held something and hold something else now."""
    return int(before.cast(pl.String).ne_missing(after.cast(pl.String)).filter(before.is_not_null()).sum())


def _told(value: object) -> object:
    """What the log can hold: no fractions."""
    if isinstance(value, float):
        return f"{value:.10g}"
    return [_told(one) for one in value] if isinstance(value, tuple) else value
