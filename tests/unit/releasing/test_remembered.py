"""Who was in a release is remembered before rows go, and says the same afterwards; a person counts once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import releasing
from provision.context import Context
from provision.releasing import remembered
from provision.releasing.earlier import compared, remember_all
from tests.support.intake import ACTOR
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send

PLAN, CLAIMS = "claims-for-university", PLAN_SOURCES[0]
APRIL = Sent(CLAIMS, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    found = releasing_platform(tmp_path, cutoff_month="2025-04")
    send(found, APRIL)
    return found


def made(ctx: Context, key: str) -> tuple[str, dict[str, Any]]:
    release = releasing.draft(ctx, PLAN, key, actor=ACTOR)
    return release, releasing.make(ctx, release, actor=ACTOR)


def lose_rows(ctx: Context) -> None:
    """B goes from the store without a word."""
    for part in ctx.zones.store().glob(f"medical-claims/{CLAIMS}/*/claim/*.parquet"):
        pl.read_parquet(part).filter(pl.col("birth_month") != "1953-02").write_parquet(part)


def test_what_is_remembered_says_the_same_after_rows_are_gone(ctx: Context) -> None:
    first, _ = made(ctx, "one")
    second, _ = made(ctx, "two")
    before = compared(ctx, first, second)
    assert remember_all(ctx, [CLAIMS]) == []
    files = {p: p.read_bytes() for p in (ctx.zones.vault() / "presences").iterdir()}
    assert len(files) == 2
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in files)
    lose_rows(ctx)
    assert remember_all(ctx, [CLAIMS]) == []  # twice is once: what is there is not worked out again
    assert {p: p.read_bytes() for p in files} == files
    assert compared(ctx, first, second) == before
    _, facts = made(ctx, "three")
    assert [found["compared"] for found in facts["earlier_releases"]] == [True, True]
    assert [found["gone"]["by_cause"] for found in facts["earlier_releases"]] == [{"correction": 1}] * 2


def test_of_what_nobody_can_say_any_more_it_is_said(ctx: Context) -> None:
    first, _ = made(ctx, "one")
    lose_rows(ctx)
    assert remember_all(ctx, [CLAIMS]) == [first]
    assert not list((ctx.zones.vault() / "presences").iterdir())


def test_sources_that_are_not_linked_with_these_do_not_matter(ctx: Context) -> None:
    made(ctx, "one")
    alone = ctx.source(CLAIMS).model_copy(update={"id": "another", "linkage": None})
    other = replace(ctx, sources={**ctx.sources, "another": alone})
    assert remember_all(other, ["another"]) == []
    assert not (ctx.zones.vault() / "presences").exists()


def test_a_person_of_two_aliases_is_one_after_they_go(ctx: Context) -> None:
    send(ctx, Sent(CLAIMS, "2025-04", 2, (replace(bill("B", "2025-04"), chart="K999"),)))
    first, _ = made(ctx, "one")
    remember_all(ctx, [CLAIMS])
    heads = pl.concat([pl.read_parquet(p) for p in ctx.zones.store().glob("*/*/*/claim/*.parquet")])
    theirs = heads.filter(pl.col("birth_month") == "1953-02")["alias"].unique().to_list()
    assert len(theirs) == 2
    assert remembered.had(ctx, theirs) == [first]
    for _ in range(2):
        remembered.forget(ctx, theirs)
    path = ctx.zones.vault() / "presences" / f"{first}.parquet"
    rows = pl.read_parquet(path)
    assert rows.height == 5
    assert rows.filter(pl.col("key").is_in(theirs))["key"].to_list() == [min(theirs)]
    assert remembered.had(ctx, ["nobody"]) == []
