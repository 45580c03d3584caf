"""Drafting: the same run is the same release, and what may not be released is never drafted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from typing import Any

import pytest

from provision import releasing
from provision.errors import FixConfiguration, Refused, TokumeiError
from provision.releasing import drafting
from tests.support.house import ACTOR, House

PLAN = "claims-for-university"
PLAN_FILE, RECIPIENT_FILE = f"releases/{PLAN}.yaml", "recipients/tsukishima-university.yaml"


def _drafted(house: House) -> list[str]:
    return [e.subjects["release"] for e in house.open().ledger.entries(type="release.drafted")]


def test_the_same_run_is_the_same_release(house: House) -> None:
    first = releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)
    assert releasing.draft(house.open(), PLAN, "run-1", actor="somebody-else") == first
    assert releasing.draft(house.open(), PLAN, "run-2", actor=ACTOR) != first
    assert len(_drafted(house)) == 2


def test_a_plan_and_key_cannot_be_mistaken_for_another_pair() -> None:
    assert drafting.release_id("plan-a", "b") != drafting.release_id("plan", "-ab")


REFUSED: dict[str, Callable[[dict[str, Any]], object]] = {
    "purpose": lambda plan: plan.update(purpose="広告の配信"),
    "requester": lambda plan: plan.update(requester="stranger"),
    "agreement": lambda plan: plan.update(agreement="提供契約-2020-001"),
    "channel": lambda plan: plan.update(channel="disc"),
    "tables": lambda plan: plan["tables"].append(
        {"dataset": "care-claims", "table": "care_service", "columns": ["units"]}
    ),
    "approvers": lambda plan: plan.update(approvers=["demo-officer-1", "data-team"]),
}


@pytest.mark.parametrize(("key", "change"), REFUSED.items(), ids=REFUSED.keys())
def test_a_plan_that_rests_on_nothing_is_refused(house: House, key: str, change: Callable[..., object]) -> None:
    house.edit(PLAN_FILE, change)
    with pytest.raises(Refused) as refused:
        releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)
    assert refused.value.rule == f"release.{key}"
    assert _drafted(house) == []


def test_the_requester_is_no_approver(house: House) -> None:
    """The requester may be an officer, but then two others must decide."""
    house.edit("platform.yaml", lambda p: p["requesters"].append("demo-officer-1"))
    house.edit(PLAN_FILE, lambda plan: plan.update(requester="demo-officer-1"))
    with pytest.raises(Refused, match="two approvers besides the requester"):
        releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)


@pytest.mark.parametrize(
    ("day", "holds"),
    [("2026-03-31", False), ("2026-04-01", True), ("2029-03-31", True), ("2029-04-01", False)],
)
def test_an_agreement_holds_from_its_first_day_to_its_last(house: House, day: str, holds: bool) -> None:
    ctx = house.open()
    plan = ctx.plan(PLAN)
    expected: AbstractContextManager[object] = nullcontext()
    if not holds:
        expected = pytest.raises(Refused, match=r"\[release\.agreement\]")
    with expected:
        drafting.check(ctx, plan, ctx.recipient(plan.recipient), date.fromisoformat(day))


def test_an_agreement_that_has_not_begun_refuses_today(house: House) -> None:
    house.edit(RECIPIENT_FILE, lambda r: r["agreement"].update(starts=date(2099, 1, 1), ends=date(2099, 12, 31)))
    with pytest.raises(Refused, match="not in force"):
        releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        (RECIPIENT_FILE, "representative:", "representativ:", "recipients/tsukishima-university.yaml"),
        (PLAN_FILE, "linkage:", "linkages:", "releases/claims-for-university.yaml"),
        ("profiles/operator-policy.yaml", "law:", "laws:", "profiles/operator-policy.yaml"),
        ("sources/kita-hospital.yaml", "kind:", "kinds:", "sources/kita-hospital.yaml"),
        (PLAN_FILE, "claim_type]", "patient_name]", "releases/claims-for-university.yaml"),
    ],
)
def test_files_that_do_not_hold_stop_their_own_plan_only(
    house: House, file: str, old: str, new: str, named: str
) -> None:
    house.replace(file, old, new)
    with pytest.raises(FixConfiguration, match=named.replace(".", r"\.")):
        releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)
    if "profiles" not in file:
        assert releasing.draft(house.open(), "checkups-for-foundation", "run-1", actor=ACTOR)


def test_a_demonstration_account_stops_production(house: House) -> None:
    house.replace("platform.yaml", "environment: demo", "environment: production")
    with pytest.raises(TokumeiError, match="demonstration account"):
        releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)
    assert _drafted(house) == []


def test_a_plan_that_was_changed_since_goes_no_further(house: House) -> None:
    release = releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)
    house.edit(PLAN_FILE, lambda plan: plan.update(deadline_hours=1))  # says nothing about what goes out
    assert drafting.drafted_plan(house.open(), release).id == PLAN
    house.edit(PLAN_FILE, lambda plan: plan.update(sources=["kita-hospital"]))
    with pytest.raises(Refused) as refused:
        releasing.make(house.open(), release, actor=ACTOR)
    assert refused.value.rule == "release.plan"
    assert house.open().ledger.state("release", release) == "drafted"
