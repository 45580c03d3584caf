"""A year of claims in any order: the same claims in force, the same people, the same release."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provision.context import Context
from provision.releasing.claims import Fates
from provision.releasing.quasi import KNOWN
from provision.releasing.select import Selection, select
from provision.releasing.tables import make_tables, treated_tables
from tests.support.intake import platform
from tests.support.lives import HOSPITAL, MONTHS, RETURNS, YEAR, Sent, send_all, sources

Found = tuple[frozenset[tuple[str, int]], frozenset[frozenset[tuple[str, int]]], Fates, list[list[tuple[object, ...]]]]


def selected(ctx: Context) -> Selection:
    plan = ctx.plan("claims-for-university").model_copy(
        update={"sources": [HOSPITAL], "first_month": MONTHS[0], "cutoff_month": MONTHS[-1]}
    )
    return select(ctx, plan, ctx.profile(plan.profile))


def taken(home: Path, year: Iterable[Sent]) -> tuple[Context, dict[str, str]]:
    ctx = platform(home, *sources())
    return ctx, send_all(ctx, year)


def outcome(home: Path, year: Iterable[Sent]) -> Found:
    """What is in force, who is who, what became of the rest, and the made tables without their random numbers."""
    ctx, names = taken(home, year)
    with ctx.ledger:
        found = selected(ctx)
        heads = found.heads.with_columns(batch=pl.col("batch").replace_strict(names, return_dtype=pl.String))
        people: dict[int, set[tuple[str, int]]] = {}
        for batch, claim, person in heads.select("batch", "claim_no", "person").iter_rows():
            people.setdefault(person, set()).add((batch, claim))
        plan = ctx.plan("claims-for-university").model_copy(
            update={"tables": ctx.plan("claims-for-university").tables[:1]}
        )
        counted = {name: KNOWN[name] for name in plan.quasi_identifiers}
        tables = treated_tables(ctx, plan, ctx.profile(plan.profile), found, found.people, counted)
        made = make_tables(tables)["claim"]
    rows = sorted(made.drop("person_number", "claim_number").rows(), key=repr)
    claims = frozenset(place for group in people.values() for place in group)
    return claims, frozenset(frozenset(g) for g in people.values()), found.fates["medical-claims"], [rows]


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return outcome(tmp_path_factory.mktemp("in-order"), YEAR)


def test_a_year_in_force(in_order: Found) -> None:
    """By hand: which of the claims that something happened to stands, and that five patients and a late one are six."""
    claims, people, fates, _ = in_order
    assert fates == Fates(replaced=4, withdrawn=1, unmatched_withdrawals=3, ambiguous_places=1)
    assert len(people) == 6
    assert ("2025-04-1", 0) not in claims  # A, April: returned
    assert not {("2025-09-1", 5), ("2025-11-1", 5)} & claims  # billed again, corrected, and returned again
    assert ("2026-03-2", 0) in claims  # and billed once more
    assert ("2025-05-1", 1) not in claims  # B, May: withdrawn
    assert ("2025-06-1", 2) not in claims  # C, June: corrected without a number
    assert ("2025-11-1", 6) in claims
    assert {("2025-12-1", 5), ("2025-12-1", 6), ("2025-05-1", 4)} <= claims  # E, May: nobody can say
    assert {batch for batch, _ in claims if batch.startswith("2025-07")} == {"2025-07-3"}
    assert ("2025-08-1", 5) in claims  # F, April: late


ORDERS = {"last first": list(reversed(YEAR)), "returns first": sorted(YEAR, key=lambda sent: sent.source != RETURNS)}


@pytest.mark.parametrize("order", [*ORDERS, "shuffled"])
def test_any_order_of_arrival_gives_the_same(tmp_path: Path, in_order: Found, order: str) -> None:
    year = ORDERS.get(order) or Random(20250401).sample(YEAR, len(YEAR))
    assert outcome(tmp_path, year) == in_order


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(year=st.permutations(YEAR))
def test_every_order_of_arrival_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, in_order: Found, year: list[Sent]
) -> None:
    assert outcome(tmp_path_factory.mktemp("year"), year) == in_order
