"""Deciding on the page: fresh sign-in with a bearer token, the right person, the right digest; the run is woken."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

Signed = Callable[[str], dict[str, str]]


@pytest.fixture
def release(world: Any, facts: Any) -> str:
    name: str = facts.gate_one(world)
    return name


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run waits behind most of these releases: the page need not wait long to find that out."""
    from provision.auditing import prompt

    monkeypatch.setattr(prompt, "PATIENCE_SECONDS", 0.2)


@pytest.fixture
def decide(browser: Any, signed: Signed, release: str, facts: Any) -> Callable[..., Any]:
    """Decides as an officer through the page's own request."""

    def send(login: str, decision: str = "approve", reason: str = "", digest: str = facts.digest) -> Any:
        body = {"digest": digest, "decision": decision, "reason": reason}
        return browser.post(f"/provision/api/approvals/{release}", headers=signed(login), json=body)

    return send


def state(world: Any, release: str) -> str:
    found: str = world.ledger.state("release", release)
    return found


def test_the_page_shows_what_is_decided_on(browser: Any, signed: Signed, release: str, facts: Any) -> None:
    page = browser.get(f"/provision/approvals/{release}", headers=signed("officer_a")).text
    for fact in (facts.digest, "架空大学", "requester-a", "officer-a", "1,530", "匿名加工情報", "合格", "初回"):
        assert fact in page, fact
    assert release in browser.get("/provision/approvals", headers=signed("officer_a")).text


def test_the_page_is_in_the_readers_language(browser: Any, signed: Signed, release: str) -> None:
    header = signed("officer_a")
    place = f"/provision/approvals/{release}"
    for more, address, words in (
        ({}, place, "前回の提供からの変更"),
        ({"Accept-Language": "en-GB,ja;q=0.5"}, place, "What changed since the last release"),
        ({"Accept-Language": "de, ja"}, place, "前回の提供からの変更"),
        ({"Accept-Language": "en"}, f"{place}?lang=ja", "前回の提供からの変更"),
        ({"Accept-Language": "ja"}, f"{place}?lang=en", "What changed since the last release"),
        ({}, f"{place}?lang=<script>", "前回の提供からの変更"),
    ):
        browser.cookies.clear()  # a language that was chosen is remembered
        page = browser.get(address, headers={**header, **more}).text
        assert words in page, (more, address)
        assert "lang=<script>" not in page


def test_officers_see_agreement_announcement_and_the_refusals_in_words(
    browser: Any, signed: Signed, release: str
) -> None:
    page = browser.get(f"/provision/approvals/{release}?lang=en", headers=signed("officer_a")).text
    for fact in (
        "A-2026-01", "2026-01-01 – 2036-12-31", "forbidden", "within 30 days after the end", "Few named handlers",
        "art. 43(3)", "announced anew after approval", "Age band", "The requester cannot approve the own request",
        "contact@operator.example",
    ):  # fmt: skip
        assert fact in page, fact


def test_what_changed_since_the_last_release(browser: Any, signed: Signed, world: Any, facts: Any, decide: Any) -> None:
    """Two officers approved the first one: the second is shown against it, figure by figure."""
    decide("officer_a")
    decide("officer_b")
    second = facts.gate_one(world, "manual__2026-04-01", made={"people": 1600, "tables": {"claim": 4000}})
    page = browser.get(f"/provision/approvals/{second}?lang=en", headers=signed("officer_a")).text
    assert "first release" not in page
    for figure in ("1,499", "1,600", "+101", "-120", "rows of claim"):
        assert figure in page, figure
    assert "Unchanged: Columns, Recipient and agreement, Profile, Method and conditions, Risk" in page


def test_two_officers_approve(decide: Any, world: Any, release: str) -> None:
    first = decide("officer_a", reason="読みました")
    assert first.status_code == 200, first.text
    assert first.json() == {"approvals": 1, "complete": False, "rejected": False, "prompt": None}
    second = decide("officer_b")
    assert (second.json()["approvals"], second.json()["complete"]) == (2, True)
    assert second.json()["prompt"]["answered"] is False  # no run waits here, and the answer says so
    assert second.json()["prompt"]["remedy"]
    assert state(world, release) == "approved"


def test_one_rejection_ends_it(decide: Any, world: Any, release: str) -> None:
    answer = decide("officer_a", "reject", "k が小さすぎる")
    assert (answer.status_code, answer.json()["rejected"]) == (200, True)
    assert state(world, release) == "rejected"
    assert decide("officer_b").status_code == 409


def test_a_rejection_needs_a_reason(decide: Any, world: Any, release: str) -> None:
    assert decide("officer_a", "reject", "  ").status_code == 422
    assert state(world, release) == "gated"


def test_the_same_officer_counts_once(decide: Any, world: Any, release: str) -> None:
    decide("officer_a")
    assert decide("officer_a").status_code in {200, 409}
    assert state(world, release) == "gated"


@pytest.mark.parametrize("login", ["admin", "operator", "auditor"])
def test_only_officers_decide(decide: Any, world: Any, release: str, login: str) -> None:
    before = world.ledger.size
    answer = decide(login)
    assert answer.status_code == 403
    assert set(answer.json()) == {"error", "remedy"}
    assert answer.headers["Tokumei-Rule"] == "approval.officer"
    assert world.ledger.size == before


def test_another_digest_is_refused(decide: Any, world: Any, release: str) -> None:
    assert decide("officer_a", digest="00" * 32).status_code == 409
    assert decide("officer_a", digest="not a digest").status_code == 422
    assert state(world, release) == "gated"


def test_the_cookie_decides_nothing(
    browser: Any, token: Callable[[str], str], world: Any, release: str, facts: Any
) -> None:
    """A page elsewhere can make the browser send the cookie, never the header."""
    body = {"digest": facts.digest, "decision": "approve", "reason": ""}
    before = world.ledger.size
    for path in (f"/provision/api/approvals/{release}", f"/provision/api/approvals/{release}/prompt"):
        answer = browser.post(path, json=body, headers={"Cookie": f"_token={token('officer_a')}"})
        assert answer.status_code == 403
        assert "sign in again" in answer.json()["remedy"]
    assert world.ledger.size == before


@pytest.mark.parametrize(("age", "status"), [(10, 200), (290, 200), (310, 403), (86_000, 403), (-60, 403)])
def test_the_sign_in_must_be_fresh(
    browser: Any, token: Callable[[str], str], release: str, facts: Any, age: int, status: int
) -> None:
    import os

    claims = jwt.decode(token("officer_a"), options={"verify_signature": False})
    claims["iat"] = int(time.time()) - age
    claims["nbf"] = int(time.time()) - max(age, 0)
    old = jwt.encode(claims, os.environ["AIRFLOW__API_AUTH__JWT_SECRET"], "HS512")
    body = {"digest": facts.digest, "decision": "approve", "reason": ""}
    header = {"Authorization": f"Bearer {old}"}
    answer = browser.post(f"/provision/api/approvals/{release}", headers=header, json=body)
    assert answer.status_code in ({status, 401} if age < 0 else {status}), answer.text


def test_a_request_in_another_form_is_422_and_not_repeated(browser: Any, signed: Signed, release: str) -> None:
    header = signed("officer_a")
    bodies = (b"", b"{", b"\xff", b"[]", b'{"digest": 1}', b'{"digest": "%s", "decision": "maybe"}' % (b"0" * 64))
    for body in bodies:
        answer = browser.post(f"/provision/api/approvals/{release}", headers=header, content=body)
        assert answer.status_code == 422, body
        assert "maybe" not in answer.text


def test_a_run_is_not_woken_before_the_log_holds_a_decision(browser: Any, signed: Signed, release: str) -> None:
    answer = browser.post(f"/provision/api/approvals/{release}/prompt", headers=signed("officer_a"), json={})
    assert answer.status_code == 409


def test_the_dag_of_a_plan_is_named_as_the_dag_files_name_it() -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).parents[2] / "dags"))
    try:
        from dag_parts import identifier
    finally:
        sys.path.pop(0)
    from provision.auditing.prompt import dag_of

    for plan in ("claims-to-a", "a1", "x-y-z-9"):
        assert dag_of(plan) == identifier("release", plan)


def test_known_values_that_could_not_be_looked_up_stand_out(
    browser: Any, signed: Signed, world: Any, facts: Any
) -> None:
    release = facts.gate_one(world, "without", known_values="not available")
    for language, words in (("ja", "既知値との照合ができません"), ("en", "Known values: not available")):
        assert words in browser.get(f"/provision/approvals/{release}?lang={language}", headers=signed("officer_a")).text
    other = facts.gate_one(world, "with")
    assert (
        "既知値との照合ができません"
        not in browser.get(f"/provision/approvals/{other}", headers=signed("officer_a")).text
    )


def test_nobody_decides_on_an_expired_verdict(browser: Any, signed: Signed, world: Any, facts: Any) -> None:
    release = facts.gate_one(world, "old", detectors_version="0" * 16)
    page = browser.get(f"/provision/approvals/{release}", headers=signed("officer_a")).text
    assert "判定は失効しています" in page
    assert f"tokumei gate {release}" in page
    body = {"digest": facts.digest, "decision": "approve", "reason": ""}
    answer = browser.post(f"/provision/api/approvals/{release}", headers=signed("officer_a"), json=body)
    assert answer.status_code == 409
    assert state(world, release) == "gated"
