"""Two releases of the same people: by number and by order nobody is linked more often than by chance."""

from __future__ import annotations

import polars as pl

from anonymization.risk.attacks.linking import Linked, between
from provision.releasing.protecting import protected
from provision.releasing.select import select
from provision.releasing.shapes import PERSON
from provision.releasing.tables import Numbering, treated_tables
from tests.support.house import House

PLAN, QUASI = "claims-for-university", ["age_band", "sex", "prefecture"]
#: Right links by chance have a Poisson distribution of mean 1: more than this happen once in a hundred million times.
MOST = 11


def no_better_than_chance(found: Linked) -> bool:
    return found.right <= MOST * found.by_chance


def test_of_a_made_release(house: House) -> None:
    """The same selection made twice; whose row a row is, is known to the maker only."""
    ctx = house.open()
    plan = ctx.plan(PLAN)
    profile = ctx.profile(plan.profile)
    selection = select(ctx, plan, profile)
    people = protected(ctx, plan, profile, selection)
    releases = []
    for _ in range(2):
        tables = treated_tables(ctx, plan, profile, selection, people.kept, people.columns).tables
        claims = next(table.frame for table in tables if table.shape.name == "claim")
        releases.append(claims.unique("person", keep="first", maintain_order=True))
    found = between(*releases, truth="person", number=PERSON, attributes=QUASI)
    assert found["by_number"].tried == people.kept.height > 50
    assert no_better_than_chance(found["by_number"])
    assert no_better_than_chance(found["by_order"])
    assert found["by_attributes"].right > found["by_attributes"].by_chance  # groups of k, not the whole village


def test_of_many_people() -> None:
    size = 20_000
    heads = pl.DataFrame({"person": range(size), "batch": "B", "dataset": "D", "claim_no": range(size)})
    people = heads.select("person", sex=pl.col("person") % 2)
    one, other = (
        numbering.shuffled(people.join(numbering.people, on="person"), "people")
        for numbering in (Numbering(heads), Numbering(heads))
    )
    found = between(one, other, truth="person", number=PERSON, attributes=["sex"])
    assert no_better_than_chance(found["by_number"])
    assert no_better_than_chance(found["by_order"])
    assert round(found["by_attributes"].right) == 2  # two groups: one right in each
