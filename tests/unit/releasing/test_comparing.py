"""Two releases to one recipient: who is in one only, why, and that nobody withdrawn can be found by comparing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest

from provision import cli, releasing
from provision.context import Context
from provision.errors import Refused
from provision.intake.keying import scope
from provision.releasing.comparing import Difference
from provision.releasing.earlier import compared, require_all_still_in
from provision.releasing.select import select
from tests.support.intake import ACTOR
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send

PLAN = "claims-for-university"
CLAIMS, BACK = PLAN_SOURCES
APRIL = Sent(CLAIMS, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))
MAY = Sent(CLAIMS, "2025-05", 1, tuple(bill(who, "2025-05") for who in "ABCDEFG"))


def with_plan(ctx: Context, **changes: Any) -> Context:
    """The same platform with the plan changed; log and store are shared."""
    changed = replace(ctx, plans={PLAN: ctx.plan(PLAN).model_copy(update=changes)})
    changed.__dict__["ledger"] = ctx.ledger
    return changed


def made(ctx: Context, key: str) -> tuple[str, dict[str, Any]]:
    release = releasing.draft(ctx, PLAN, key, actor=ACTOR)
    return release, releasing.make(ctx, release, actor=ACTOR)


def withdraw(ctx: Context, who: str, cause: Literal["veto", "deletion"] = "veto") -> list[str]:
    """What issue-taking will do: the aliases of a person go into the register, with the entry that says so."""
    heads = pl.concat([pl.read_parquet(p) for p in ctx.zones.store().glob("*/*/*/claim/*.parquet")], how="diagonal")
    month = f"1953-{ord(who) - ord('A') + 1:02d}"
    aliases = heads.filter(pl.col("birth_month") == month)["alias"].unique().to_list()
    entry = ctx.ledger.append(
        "test.withdrawn", actor=ACTOR, key=f"{who}:{cause}", subjects={"source": CLAIMS}, payload={}
    )
    for _ in range(2):  # twice is once
        ctx.vault.withdraw(scope(ctx.source(CLAIMS)), aliases, cause, entry.seq)
    return aliases


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    found = with_plan(releasing_platform(tmp_path), cutoff_month="2025-04")
    send(found, APRIL)
    return found


# -- causes -----------------------------------------------------------------------------------------------------------


def test_the_same_people_again(ctx: Context) -> None:
    first, facts = made(ctx, "one")
    assert facts["earlier_releases"] == []
    second, facts = made(ctx, "two")
    (found,) = facts["earlier_releases"]
    assert (found["release"], found["compared"], found["both"], found["k"]) == (first, True, 5, 3)
    nobody = {"people": 0, "by_cause": {}, "groups": 0, "small_groups": 0, "exposed": {}}
    assert found["gone"] == found["new"] == nobody
    assert found["quasi_identifiers"] == ["age_band", "sex", "prefecture"]
    assert compared(ctx, second, first) == compared(ctx, first, second)


def sides(found: Difference) -> tuple[dict[str, int], dict[str, int]]:
    return dict(found.gone.by_cause), dict(found.new.by_cause)


def test_a_new_period(ctx: Context) -> None:
    first, _ = made(ctx, "one")
    send(ctx, MAY)
    second, facts = made(with_plan(ctx, cutoff_month="2025-05"), "two")
    assert sides(compared(ctx, first, second)) == ({}, {"period": 2})
    assert facts["earlier_releases"][0]["new"]["exposed"] == {"period": 2}  # F and G alone are a group of two
    third, _ = made(with_plan(ctx, first_month="2025-05", cutoff_month="2025-05"), "three")
    assert sides(compared(ctx, first, third)) == ({}, {"period": 2})
    assert sides(compared(ctx, third, first)) == ({"period": 2}, {})


@pytest.mark.parametrize(
    "later",
    [
        replace(APRIL, sequence=2, supersedes=1, claims=tuple(bill(who, "2025-04") for who in "ABCFG")),  # D, E gone
        Sent(BACK, "2025-06", 1, (bill("D", "2025-04"), bill("E", "2025-04"))),  # taken back
    ],
)
def test_a_correction(ctx: Context, later: Sent) -> None:
    first, _ = made(ctx, "one")
    send(ctx, later)
    second, facts = made(ctx, "two")
    gone, new = sides(compared(ctx, first, second))
    assert gone == {"correction": 2}
    assert new == ({"correction": 2} if later.source == CLAIMS else {})
    (found,) = facts["earlier_releases"]
    assert (found["gone"]["small_groups"], found["gone"]["exposed"]) == (1, {"correction": 2})


def test_suppression_and_selection(ctx: Context) -> None:
    """An older woman alone is left out; with two more of her like she is not. And who is in no source is selection."""
    first, _ = made(ctx, "one")
    old = [replace(bill(who, "2025-04"), birth=f"1941{n:02d}03") for n, who in enumerate("HIJ", 1)]
    send(ctx, Sent(CLAIMS, "2025-04", 2, (old[0],)))
    alone, facts = made(ctx, "alone")
    assert (facts["people"], facts["risk"]["suppressed"]) == (5, 1)
    send(ctx, Sent(CLAIMS, "2025-04", 3, (old[1], old[2])))
    three, _ = made(ctx, "three")
    assert sides(compared(ctx, alone, three)) == ({}, {"suppression": 1, "correction": 2})
    assert sides(compared(ctx, three, alone)) == ({"suppression": 1, "selection": 2}, {})
    assert sides(compared(ctx, first, alone)) == ({}, {})


# -- people withdrawn -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", ["veto", "deletion"])
def test_who_was_withdrawn_is_in_no_release_and_stops_the_next_one(
    ctx: Context, cause: Literal["veto", "deletion"]
) -> None:
    first, _ = made(ctx, "one")
    withdraw(ctx, "B", cause)
    plan = ctx.plan(PLAN)
    assert select(ctx, plan, ctx.profile(plan.profile)).people.height == 4
    release = releasing.draft(ctx, PLAN, "two", actor=ACTOR)
    with pytest.raises(Refused) as refused:
        releasing.make(ctx, release, actor=ACTOR)
    assert (refused.value.rule, refused.value.what.split()[0]) == ("release.difference", "1")
    assert first in refused.value.what
    assert ctx.ledger.state("release", release) == "drafted"


def test_a_record_that_comes_later_is_withdrawn_with_its_person(ctx: Context) -> None:
    """A new chart at the same card is another alias of the same person."""
    withdraw(ctx, "B")
    send(ctx, Sent(CLAIMS, "2025-05", 1, (replace(bill("B", "2025-04"), chart="K999"), bill("F", "2025-04"))))
    assert made(ctx, "one")[1]["people"] == 5  # A, C, D, E, F


def test_a_selection_with_which_many_leave_goes_through(ctx: Context) -> None:
    made(ctx, "one")
    withdraw(ctx, "B")
    send(ctx, Sent(CLAIMS, "2025-05", 1, tuple(bill(who, "2025-05") for who in "FGHI")))
    other = with_plan(ctx, first_month="2025-05", cutoff_month="2025-05")
    (found,) = made(other, "two")[1]["earlier_releases"]
    assert found["gone"]["by_cause"] == {"veto": 1, "period": 4}
    assert found["gone"]["exposed"] == {}


def test_a_release_after_a_withdrawal_is_evaluated_without_them(ctx: Context) -> None:
    withdraw(ctx, "B")
    first, facts = made(ctx, "one")
    assert facts["people"] == 4
    second, facts = made(ctx, "two")
    assert facts["earlier_releases"][0]["both"] == 4
    assert sides(compared(ctx, first, second)) == ({}, {})


def test_erased_from_the_vault_the_register_still_finds_them(ctx: Context) -> None:
    made(ctx, "one")
    withdraw(ctx, "B", "deletion")
    ctx.vault.end_period(scope(ctx.source(CLAIMS)))  # nobody is linked any more; aliases of one record still are
    release = releasing.draft(ctx, PLAN, "two", actor=ACTOR)
    with pytest.raises(Refused, match="1 people withdrawn"):
        releasing.make(ctx, release, actor=ACTOR)


def test_a_made_release_with_somebody_withdrawn_since_goes_nowhere(ctx: Context) -> None:
    release, _ = made(ctx, "one")
    require_all_still_in(ctx, release, "deliver")
    send(ctx, MAY)
    withdraw(ctx, "F")  # not in it
    require_all_still_in(ctx, release, "deliver")
    withdraw(ctx, "B")
    with pytest.raises(Refused, match="1 people of it were withdrawn since") as refused:
        require_all_still_in(ctx, release, "deliver")
    assert refused.value.rule == "deliver.withdrawn"
    lose_rows(ctx)
    with pytest.raises(Refused, match="cannot be looked into"):
        require_all_still_in(ctx, release, "deliver")


# -- what cannot be compared ------------------------------------------------------------------------------------------


def lose_rows(ctx: Context) -> None:
    """Somebody's rows go from the store without a word."""
    for part in ctx.zones.store().glob(f"medical-claims/{CLAIMS}/*/claim/*.parquet"):
        pl.read_parquet(part).filter(pl.col("birth_month") != "1953-02").write_parquet(part)


def test_people_gone_from_the_store_are_reported_and_stop_where_somebody_was_withdrawn(ctx: Context) -> None:
    first, _ = made(ctx, "one")
    lose_rows(ctx)
    second, facts = made(ctx, "two")
    assert facts["earlier_releases"] == [
        {"release": first, "compared": False, "reason": "people of it are no more in the store"}
    ]
    with pytest.raises(Refused, match="cannot be compared: people of it"):
        compared(ctx, first, second)
    withdraw(ctx, "C")
    with pytest.raises(Refused, match=f"withdrawn since {first}, which cannot be compared"):
        made(ctx, "three")


def test_a_draft_without_recipe_is_reported(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """As drafted by a version that kept none."""
    with monkeypatch.context() as patch:
        patch.setattr("provision.releasing.drafting.recipe_text", lambda *_: "")
        first, _ = made(ctx, "one")
    (found,) = made(ctx, "two")[1]["earlier_releases"]
    assert (found["release"], found["compared"]) == (first, False)
    assert "recipe" in found["reason"]


def test_what_nobody_had_does_not_count(ctx: Context) -> None:
    first, _ = made(ctx, "one")
    ctx.ledger.transition(
        "release", first, "rejected", actor=ACTOR, subjects={"plan": PLAN, "recipient": ctx.plan(PLAN).recipient},
        payload={"reason": "test"},
    )  # fmt: skip
    withdraw(ctx, "B")
    assert made(ctx, "two")[1]["earlier_releases"] == []


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command(ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = made(ctx, "one")
    send(ctx, MAY)
    second, _ = made(with_plan(ctx, cutoff_month="2025-05"), "two")
    opened: Callable[[], Context] = lambda: ctx  # noqa: E731 - the command's own way in
    monkeypatch.setattr("provision.context.open_context", opened)
    assert cli.main(["releases", "compare", first, second, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == compared(ctx, first, second).figures()
    assert cli.main(["releases", "compare", first, second]) == 0
    out = capsys.readouterr().out
    assert "5 people are in both" in out
    assert f"only in {second}: 2 people (period 2); in 1 small groups: period 2" in out
    assert cli.main(["releases", "compare", first, "r-nothing"]) != 0
    assert "never made" in capsys.readouterr().err
    shutil.rmtree(ctx.zones.release(first))  # the made tables are not needed
    assert cli.main(["releases", "compare", first, second]) == 0
