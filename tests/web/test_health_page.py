"""The page of what to look at, and an officer who agrees to a person's request: fresh sign-in, four eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Signed = Callable[[str], dict[str, str]]
ASKED = {"asks": ["deletion", "veto"], "basis": "appi-35", "reference": "R-2026/014", "household": True,
         "quarantine": False, "found": {"group-x": {"identities": 2, "doubtful": 1}}}  # fmt: skip


@pytest.fixture
def request_of(world: Any) -> Callable[[str], str]:
    """A request that `actor` took."""

    def take(actor: str) -> str:
        world.ledger.transition("request", "p-0123456789ab", "asked", actor=actor, payload=ASKED)
        return "p-0123456789ab"

    return take


def test_what_waits_is_shown_in_the_readers_language(browser: Any, signed: Signed, world: Any, facts: Any) -> None:
    release = facts.gate_one(world)
    page = browser.get("/provision/health?lang=ja", headers=signed("officer_a")).text
    assert release in page
    assert "承認を待っています" in page
    assert f'href="./release/{release}"' in page
    assert "officer-a, officer-b" in page
    english = browser.get("/provision/health?lang=en", headers=signed("officer_a")).text
    assert "waits for officers until" in english
    assert "Requests of persons" not in english


def test_every_kind_of_sign_has_a_name() -> None:
    from provision import health
    from provision.auditing.watching import KINDS

    assert set(KINDS) == set(health.KINDS)


def test_an_officer_agrees_to_a_request(
    browser: Any, signed: Signed, world: Any, request_of: Callable[[str], str]
) -> None:
    id = request_of("operator:ichi")
    page = browser.get("/provision/health?lang=en", headers=signed("officer_a")).text
    for fact in (id, "R-2026/014", "APPI art. 35", "no use from now on", "group-x", "operator:ichi"):
        assert fact in page, fact
    for _ in range(2):
        answer = browser.post(f"/provision/api/requests/{id}/agree", headers=signed("officer_a"), json={})
        assert (answer.status_code, answer.json()) == (200, {"request": id, "state": "agreed"})
    (entry,) = world.ledger.entries(type="request.agreed")
    assert entry.actor == "officer:officer-a"
    assert (
        "p-0123456789ab" in browser.get("/provision/health?lang=en", headers=signed("officer_a")).text
    )  # to carry out


def test_an_officer_sees_which_veto_is_to_be_lifted(browser: Any, signed: Signed, world: Any) -> None:
    asked = {"asks": ["lift"], "lifts": "p-aaaaaaaaaaaa", "basis": "wrong-person", "reference": "R-2026/031",
             "found": {"group-x": {"identities": 2}}}  # fmt: skip
    world.ledger.transition("request", "p-bbbbbbbbbbbb", "asked", actor="operator:ichi", payload=asked)
    page = browser.get("/provision/health?lang=en", headers=signed("officer_a")).text
    for fact in ("p-bbbbbbbbbbbb", "p-aaaaaaaaaaaa", "a veto lifted", "entered for somebody else", "R-2026/031"):
        assert fact in page, fact
    answer = browser.post("/provision/api/requests/p-bbbbbbbbbbbb/agree", headers=signed("officer_a"), json={})
    assert answer.json() == {"request": "p-bbbbbbbbbbbb", "state": "agreed"}


def test_who_is_no_officer_or_took_it_cannot_agree(
    browser: Any, signed: Signed, world: Any, request_of: Callable[[str], str]
) -> None:
    id = request_of("officer:officer-a")
    for login, status in (("auditor", 403), ("officer_a", 403)):
        answer = browser.post(f"/provision/api/requests/{id}/agree", headers=signed(login), json={})
        assert answer.status_code == status, login
    assert world.ledger.state("request", id) == "asked"
    unknown = browser.post("/provision/api/requests/p-nobody/agree", headers=signed("officer_a"), json={})
    assert unknown.status_code == 404


def test_a_cookie_alone_agrees_to_nothing(
    browser: Any, token: Callable[[str], str], world: Any, request_of: Callable[[str], str]
) -> None:
    id = request_of("operator:ichi")
    browser.cookies.set("_token", token("officer_a"))
    answer = browser.post(f"/provision/api/requests/{id}/agree", json={})
    assert answer.status_code == 403
    assert world.ledger.state("request", id) == "asked"


def test_many_signs_of_a_kind_are_folded_and_told_once_what_to_do(browser: Any, signed: Signed, world: Any) -> None:
    subjects = {"source": "hospital-one"}
    payload = {"source": "hospital-one", "period": "2026-02", "sequence": 1, "files": 1, "digest": "0"}
    for number in range(12):
        about = {"release": "r-1", "recipient": "somebody"}
        said = {"release": "r-1", "recipient": "somebody", "channel": "mail", "digest": "0"}
        for state, facts in (("ordered", said), ("attempting", {"attempt": 1, "ciphertext_sha256": "0"}),
                             ("unknown", {"reason": "x"})):  # fmt: skip
            world.ledger.transition("delivery", f"r-1.{number}", state, actor="tester", subjects=about, payload=facts)
    world.ledger.transition("batch", "b-1", "received", actor="tester", subjects=subjects, payload=payload)
    page = browser.get("/provision/health?lang=ja", headers=signed("auditor")).text
    assert page.count("tokumei delivery resolve ORDER") == 1
    assert "ほか 4 件" in page
    assert "取込みを待っています" in page
    assert "tokumei run take-in" not in page  # it waits: nobody has to do anything


def test_where_nothing_waits_the_page_says_what_was_asked(browser: Any, signed: Signed, world: Any) -> None:
    page = browser.get("/provision/health?lang=ja", headers=signed("auditor")).text
    assert "いま確認することはありません" in page
    assert "送付の遅れ" in page
