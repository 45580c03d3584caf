"""在否: who was in a release, worked out again from its recipe and the store; see `remembered` for when it is written.

Numbers of a release are destroyed with its making, so people of two releases meet by their aliases. A record that
nothing links stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from provision.context import Context
from provision.errors import FixConfiguration, Refused
from provision.intake.keying import scope
from provision.ledger.entry import Entry
from provision.model import Plan, Profile
from provision.releasing.batches import Moment
from provision.releasing.protecting import People, protected
from provision.releasing.recipes import Recipe, recipe_of
from provision.releasing.select import Selection, moment_of, select

#: Whose record: an alias, or the record itself.
KEY = "key"


@dataclass(frozen=True)
class Presence:
    """`selected`: `KEY` of everybody selected. `kept`: `KEY` and the quasi-identifiers, as they went out, of everybody
    who stayed; a person has as many rows as keys. `people`: how many stayed."""

    recipe: Recipe
    quasi: tuple[str, ...]
    k: int
    selected: pl.DataFrame
    kept: pl.DataFrame
    people: int


class NotComparable(Exception):
    """A release that cannot be evaluated again, and why, in words."""


def presence(recipe: Recipe, selection: Selection, people: People) -> Presence:
    """Of a making that has its selection and its people at hand."""
    keys = keys_of(selection)
    quasi = tuple(name for name in recipe.plan.quasi_identifiers if name in people.kept.columns)
    text = people.kept.select("person", *(pl.col(name).cast(pl.String) for name in quasi))
    kept = keys.join(text, on="person").select(KEY, *quasi)
    return Presence(recipe, quasi, people.answer.question.k, keys.select(KEY), kept, people.kept.height)


def keys_of(selection: Selection) -> pl.DataFrame:
    """`person` and `KEY` of everybody selected, each pair once."""
    record = pl.concat_str("dataset", "batch", pl.col("claim_no").cast(pl.String), separator="/")
    return selection.heads.select("person", pl.coalesce("alias", record).alias(KEY)).unique()


def worked_out(ctx: Context, drafted: Entry, made: Entry) -> Presence:
    """Who was in a release that was made, by what the store holds. `NotComparable` where recipe, batches or people are
    not what they were."""
    recipe = recipe_of(drafted)
    if recipe is None:
        raise NotComparable("its draft keeps no recipe that this version can read")
    try:
        at = moment_of(recipe.plan, drafted.seq)
        selection = select(ctx, recipe.plan, recipe.profile, at, withdrawn_before=made.seq)
        found = presence(recipe, selection, protected(ctx, recipe.plan, recipe.profile, selection))
    except (Refused, FixConfiguration) as error:
        raise NotComparable(f"its recipe gives no release any more ({error.rule})") from None
    if sorted({b.batch for b in selection.batches}) != list(made.payload["batches"]):
        raise NotComparable("its batches are not what they were")
    if found.people != made.payload["people"]:
        raise NotComparable("people of it are no more in the store")
    return found


def selected_now(ctx: Context, plan: Plan, profile: Profile, moment: Moment) -> pl.DataFrame:
    """`KEY` of everybody a plan selects at a moment; nobody where it selects nothing."""
    try:
        return keys_of(select(ctx, plan, profile, moment)).select(KEY)
    except Refused as error:
        if error.rule != "release.empty":
            raise
        return pl.DataFrame(schema={KEY: pl.String})


def with_months(plan: Plan, other: Plan) -> Plan:
    """A plan with the months of another one."""
    return plan.model_copy(update={"first_month": other.first_month, "cutoff_month": other.cutoff_month})


def one_person(ctx: Context, sources: list[str], *frames: pl.DataFrame) -> list[pl.DataFrame]:
    """The frames with `KEY` replaced by one that all records of a person share, by all that is known now."""
    keys = pl.concat([frame.select(KEY) for frame in frames]).unique()[KEY]
    found = [pl.DataFrame(schema={KEY: pl.String, "same": pl.String})]
    for name in sorted({scope(ctx.source(source)) for source in sources}):
        people, _ = ctx.vault.people(name, keys)
        first = people.select(pl.col("alias").alias(KEY), same=pl.col("alias").min().over("person"))
        found.append(first)
    same = pl.concat(found).unique(KEY)
    joined = [frame.join(same, on=KEY, how="left") for frame in frames]
    return [frame.with_columns(pl.coalesce("same", KEY).alias(KEY)).drop("same").unique() for frame in joined]
