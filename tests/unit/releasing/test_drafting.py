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


def _refused_draft(house: House, rule: str, *places: str) -> None:
    """Drafting is refused by `rule`; the message names every one of `places`, and nothing is in the log."""
    with pytest.raises(TokumeiError) as refused:
        releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)
    assert refused.value.rule == rule
    assert [place for place in places if place not in str(refused.value)] == []
    assert refused.value.remedy
    assert _drafted(house) == []


@pytest.mark.parametrize(("key", "change"), REFUSED.items(), ids=REFUSED.keys())
def test_a_refusal_names_file_key_and_remedy(house: House, key: str, change: Callable[..., object]) -> None:
    house.edit(PLAN_FILE, change)
    _refused_draft(house, f"release.{key}", f"config/{PLAN_FILE}, {key}")


def test_an_agreement_that_ended_is_named_with_its_file_and_day(house: House) -> None:
    house.edit(RECIPIENT_FILE, lambda r: r["agreement"].update(starts=date(2020, 1, 1), ends=date(2020, 12, 31)))
    _refused_draft(house, "release.agreement", f"config/{RECIPIENT_FILE}, agreement.ends")


def test_content_categories_are_those_of_the_columns(house: House) -> None:
    """Diagnoses and services are of category 1: an agreement about another one does not cover them."""
    house.edit(RECIPIENT_FILE, lambda r: r["agreement"].update(categories=[2, 8]))
    _refused_draft(house, "tables.0.columns.1", PLAN_FILE, "content category 1", "agreement.categories")


def test_items_that_the_agreement_names_are_all_there_is(house: House) -> None:
    columns = {
        "medical-claims.claim": ["age_band", "sex", "prefecture", "service_month", "claim_type"],
        "medical-claims.diagnosis": ["disease_code", "main_disease"],
        "medical-claims.service": ["service_category", "procedure_code", "points", "times"],
    }
    house.edit(RECIPIENT_FILE, lambda r: r["agreement"].update(items=columns))
    _refused_draft(house, "tables.1.columns.2", PLAN_FILE, "does not name this item", "agreement.items")
    columns["medical-claims.diagnosis"].append("outcome")
    house.edit(RECIPIENT_FILE, lambda r: r["agreement"].update(items=columns))
    assert releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)


@pytest.mark.parametrize("promise", ["no_reidentification", "starts", "ends", "channels", "categories", "datasets"])
def test_an_agreement_without_a_term_is_none(house: House, promise: str) -> None:
    house.edit(RECIPIENT_FILE, lambda r: r["agreement"].pop(promise))
    _refused_draft(house, "config.recipient", RECIPIENT_FILE)


@pytest.mark.parametrize(
    ("term", "value"), [("no_reidentification", False), ("onward_provision", "free"), ("destroy_within_days", 0)]
)
def test_an_agreement_may_not_leave_out_what_the_law_asks(house: House, term: str, value: object) -> None:
    house.edit(RECIPIENT_FILE, lambda r: r["agreement"].update({term: value}))
    _refused_draft(house, "config.recipient", RECIPIENT_FILE)


SOURCE_FILE = "sources/kita-hospital.yaml"
DOCUMENT = {"document": "委託契約 2026-K-09 第3条", "starts": date(2026, 4, 1), "ends": date(2099, 3, 31)}


def _status(house: House, status: str, file: str = SOURCE_FILE, **permission: object) -> None:
    """Give a source another legal status, as if everything had been received under it."""

    def change(source: dict[str, Any]) -> None:
        source.update(legal_status=status, permission={**DOCUMENT, **permission} if permission else None)
        if status == "anonymised_received":
            source.pop("linkage", None)

    house.edit(file, change)


@pytest.fixture
def whatever_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of the house came as personal information; here it is not asked."""
    monkeypatch.setattr(drafting, "_check_receipts", lambda *_: None)


@pytest.mark.usefixtures("whatever_status")
@pytest.mark.parametrize(
    ("permission", "place"),
    [
        ({}, "permission"),
        ({"announced_at": ""}, "permission.announced_at"),
        ({"announced_at": "https://hospital.example", "ends": date(2026, 4, 2)}, "permission.ends"),
        ({"announced_at": "https://hospital.example", "starts": date(2099, 1, 1)}, "permission.ends"),
    ],
)
def test_data_under_commission_need_a_document_that_covers_it(
    house: House, permission: dict[str, object], place: str
) -> None:
    _status(house, "commissioned", **permission)
    _refused_draft(house, "release.legal_status", f"config/{SOURCE_FILE}, {place}")


@pytest.mark.usefixtures("whatever_status")
def test_data_under_commission_with_their_document_go_out_and_the_log_has_it(house: House) -> None:
    _status(house, "commissioned", announced_at="https://hospital.example/anonymised")
    release = releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)
    said = next(iter(house.open().ledger.entries(type="release.drafted", subject=release))).payload
    assert said["legal_status"] == {"kita-hospital": "commissioned", "minato-city": "personal"}
    assert said["permissions"]["kita-hospital"]["document"] == DOCUMENT["document"]


@pytest.mark.usefixtures("whatever_status")
def test_data_received_anonymised_need_a_contract_and_a_plan_of_their_own(house: House) -> None:
    _status(house, "anonymised_received")
    _refused_draft(house, "release.legal_status", f"config/{SOURCE_FILE}, permission", "art. 44")
    _status(house, "anonymised_received", announced_at="")
    _refused_draft(house, "release.sources", f"config/{PLAN_FILE}, sources", "art. 45")
    house.edit(PLAN_FILE, lambda plan: plan.update(sources=["kita-hospital"]))
    assert releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)


def test_a_status_the_law_does_not_let_out_is_no_status(house: House) -> None:
    """仮名加工情報 may not be provided to anybody (APPI art. 41(6)): a source cannot even say so."""
    house.edit(SOURCE_FILE, lambda source: source.update(legal_status="pseudonymised"))
    _refused_draft(house, "config.source", SOURCE_FILE)


def test_a_changed_word_in_a_file_does_not_change_what_was_received(house: House) -> None:
    """Everything of the hospital came as personal information; calling it commissioned afterwards stops the plan."""
    _status(house, "commissioned", announced_at="https://hospital.example/anonymised")
    _refused_draft(house, "release.legal_status", f"config/{SOURCE_FILE}, legal_status", "another legal status")


def test_the_log_holds_the_terms_and_the_categories_that_go_out(house: House) -> None:
    release = releasing.draft(house.open(), PLAN, "run-1", actor=ACTOR)
    said = next(iter(house.open().ledger.entries(type="release.drafted", subject=release))).payload
    assert said["categories"] == [1]
    terms = said["terms"]
    assert (terms["ends"], terms["no_reidentification"], terms["onward_provision"], terms["destroy_within_days"]) == (
        "2029-03-31", True, "forbidden", 30,
    )  # fmt: skip
    assert set(terms["security"]) == {"ja", "en"}
    assert "tsukishima-univ.example" not in str(said)  # no address of a person
    assert said["terms_digest"] == house.open().recipient("tsukishima-university").agreement.digest
