"""保護: the people of a selection as they may go out: rules on what is counted of them, levels, who is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from anonymization.risk.assessing import Assessment, assess
from anonymization.risk.attackers import Attackers
from provision.context import Context
from provision.errors import Refused
from provision.formats.base import Column, ColumnClass
from provision.formats.tables import polars_type
from provision.model import Plan
from provision.profiles import Profile
from provision.releasing.generalising import Answer, answer, question
from provision.releasing.ladders import at_level
from provision.releasing.quasi import columns_of_people, requirements
from provision.releasing.rare import Rare, of_codes, without_rare
from provision.releasing.ruling import Applied, Piece, ruled
from provision.releasing.select import Selection

#: What people are called where a table has a name.
PEOPLE = "people"


@dataclass(frozen=True)
class People:
    """`kept`: person and every quasi-identifier as it goes out; `columns`: what it is then. `before` and `after`: the
    risk of the people selected and of those who stay."""

    kept: pl.DataFrame
    columns: Mapping[str, Column]
    answer: Answer
    selected: int
    applied: tuple[Applied, ...]
    rare: tuple[Rare, ...]
    before: Assessment
    after: Assessment


def protected(ctx: Context, plan: Plan, profile: Profile, selection: Selection) -> People:
    """Work out who may go out and how. `Refused` where too many would be left out or a risk is above the profile's."""
    columns = columns_of_people(plan, profile, ctx.catalogue)
    heads = [ctx.catalogue.dataset(name) for name in dict.fromkeys(table.dataset for table in plan.tables)]
    wanted = requirements(plan, profile, [dataset.table(dataset.head) for dataset in heads])
    start = selection.people.select("person", *columns)
    (after,), applied = ruled(plan, profile, [Piece(PEOPLE, start, columns)])
    known = after.columns
    first = question(plan, profile, start, selection.heads, columns, wanted)
    found = answer(question(plan, profile, after.frame, selection.heads, known, wanted))
    quasi = {name: known[name] for name in columns if name in plan.quasi_identifiers}
    codes = [name for name in quasi if of_codes(columns[name]) or columns[name].cls is ColumnClass.BIRTH]
    kept, rare = without_rare(found.people, codes, profile.rare_codes, PEOPLE, "person")
    left = assess(kept.select(pl.all().cast(pl.String)), found.question.quasi)
    _require_attackers(plan, profile, left.attackers)
    uses, levels = found.question.uses, found.levels
    made = {name: at_level(uses.get(name), column, levels[name]) for name, column in quasi.items()}
    typed = [pl.col(name).cast(polars_type(column)) for name, column in made.items() if column.dtype != "string"]
    return People(
        kept.with_columns(typed), made, found, selection.people.height, applied, rare,
        assess(first.people, first.quasi, first.sensitive), replace(left, sensitive=found.after.sensitive),
    )  # fmt: skip


def _require_attackers(plan: Plan, profile: Profile, found: Attackers) -> None:
    """`Refused` where somebody's risk is above what the profile allows."""
    for attacker, most in profile.attackers.limits.items():
        risk = float(found.figures()[attacker])
        if risk > most:
            raise Refused(
                f"the {attacker} risk is {risk:.4g}, the profile {profile.id} allows {most:.4g}", where=plan.id,
                rule="release.risk", remedy="raise k, or let more columns be generalised",
            )  # fmt: skip
