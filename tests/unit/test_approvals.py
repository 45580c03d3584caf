"""Approvals: two officers, neither the requester, about exactly this digest, recipient, key, agreement and notice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from provision import approvals, releasing
from provision.approvals import Standing
from provision.errors import FixConfiguration, LedgerBroken, Refused
from provision.ledger.verify import verify
from provision.packaging.notice import notice_digest
from tests.support.house import ACTOR, House, copy_of_house
from tests.support.verdicts import gate_without_engine

PLAN = "claims-for-university"
PLAN_FILE, RECIPIENT_FILE = f"releases/{PLAN}.yaml", "recipients/tsukishima-university.yaml"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copy_of_house(tmp_path / "house")


@pytest.fixture
def release(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    return gate_without_engine(house, PLAN, monkeypatch)


def decide(house: House, release: str, login: str, *, approve: bool = True, **changes: str) -> Standing:
    ctx = house.open()
    said = {"digest": approvals.request(ctx, release).digest, "reason": "", **changes}
    return approvals.decide(ctx, release, login=login, approve=approve, **said)


def refuses(house: House, release: str, rule: str, login: str = "officer1", **said: Any) -> None:
    size = house.open().ledger.size
    with pytest.raises(Refused) as refused:
        decide(house, release, login, **said)
    assert refused.value.rule == rule
    assert house.open().ledger.size == size  # nothing was recorded


def test_two_officers_approve(house: House, release: str) -> None:
    first = decide(house, release, "officer1")
    assert (first.complete, [a.officer for a in first.approvals]) == (False, ["demo-officer-1"])
    assert house.open().ledger.state("release", release) == "gated"
    assert [r.release for r in approvals.pending(house.open())] == [release]
    second = decide(house, release, "officer2")
    assert (second.complete, second.rejected, len(second.approvals)) == (True, False, 2)
    assert house.open().ledger.state("release", release) == "approved"
    assert approvals.pending(house.open()) == []


def test_the_same_officer_twice_is_one(house: House, release: str) -> None:
    decide(house, release, "officer1")
    refuses(house, release, "approval.twice")
    refuses(house, release, "approval.twice", approve=False, reason="changed my mind")
    assert not approvals.standing(house.open(), release).complete


def test_a_stranger(house: House, release: str) -> None:
    refuses(house, release, "approval.officer", login="passer-by")
    refuses(house, release, "approval.officer", login="demo-officer-1")  # the id is not the login


def test_an_officer_whom_the_release_does_not_name(house: House, release: str) -> None:
    third = {"id": "demo-officer-3", "name": "三", "role": "privacy_officer", "login": "officer3", "demo": True}
    house.edit("platform.yaml", lambda p: p["officers"].append(third))
    refuses(house, release, "approval.officer", login="officer3")


def test_the_requester(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    third = {"id": "demo-officer-3", "name": "三", "role": "privacy_officer", "login": "officer3", "demo": True}
    approvers = ["demo-officer-1", "demo-officer-2", "demo-officer-3"]
    house.edit("platform.yaml", lambda p: (p["officers"].append(third), p["requesters"].append("demo-officer-3")))
    house.edit(PLAN_FILE, lambda p: p.update(requester="demo-officer-3", approvers=approvers))
    release = gate_without_engine(house, PLAN, monkeypatch)
    refuses(house, release, "approval.own", login="officer3")


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_another_digest(house: House, release: str, digest: str) -> None:
    refuses(house, release, "approval.digest", digest=digest)


def test_what_was_not_gated(house: House) -> None:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    made = releasing.make(ctx, release, actor=ACTOR)
    with pytest.raises(Refused) as refused:
        approvals.decide(ctx, release, login="officer1", digest=str(made["digest"]), approve=True, reason="")
    assert refused.value.rule == "approval.state"
    with pytest.raises(Refused):
        releasing.publish(ctx, release, actor=ACTOR)


def test_a_rejection_needs_a_reason_and_ends_it(house: House, release: str) -> None:
    decide(house, release, "officer1")
    refuses(house, release, "approval.reason", login="officer2", approve=False, reason=" ")
    assert decide(house, release, "officer2", approve=False, reason="対象が広すぎる").rejected
    assert house.open().ledger.state("release", release) == "rejected"
    refuses(house, release, "approval.pending", login="officer1")
    for step in (releasing.publish, releasing.deliver):
        with pytest.raises(Refused):
            step(house.open(), release, actor=ACTOR)


def test_an_approved_release_is_decided(house: House, release: str) -> None:
    for login in ("officer1", "officer2"):
        decide(house, release, login)
    refuses(house, release, "approval.pending", login="officer1", approve=False, reason="too late")


def test_demonstration_accounts_are_refused_in_production(house: House, release: str) -> None:
    decide(house, release, "officer1")
    house.replace("platform.yaml", "environment: demo", "environment: production")
    refuses(house, release, "approval.officer", login="officer2")
    assert approvals.standing(house.open(), release).approvals == ()


CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "key": (RECIPIENT_FILE, lambda r: r["encryption"].update(key=str(pyrage.x25519.Identity.generate().to_public()))),
    "recipient's name": (RECIPIENT_FILE, lambda r: r["name"].update(en="Another University")),
    "agreement": (RECIPIENT_FILE, lambda r: r["agreement"].update(id="提供契約-2027-001")),
    "a term of the agreement": (RECIPIENT_FILE, lambda r: r["agreement"].update(onward_provision="with_consent")),
    "contact": ("platform.yaml", lambda p: p["operator"].update(contact="other@health-data.example")),
    "officer": ("platform.yaml", lambda p: p["officers"][0].update(id="demo-officer-9")),
}


@pytest.mark.parametrize(("file", "change"), CHANGES.values(), ids=CHANGES.keys())
def test_what_changed_afterwards(house: House, release: str, file: str, change: Callable[..., object]) -> None:
    for login in ("officer1", "officer2"):
        decide(house, release, login)
    assert approvals.standing(house.open(), release).complete
    house.edit(file, change)
    assert not approvals.standing(house.open(), release).complete
    with pytest.raises(Refused):
        releasing.publish(house.open(), release, actor=ACTOR)
    assert not list((house.home / "published").glob("*.html"))


def test_an_agreement_that_ended_meanwhile(house: House, release: str) -> None:
    house.replace(RECIPIENT_FILE, "ends: 2029-03-31", "ends: 2026-04-02")
    refuses(house, release, "release.agreement")


def test_a_plan_that_was_changed_meanwhile(house: House, release: str) -> None:
    house.edit(PLAN_FILE, lambda plan: plan.update(k=9))
    refuses(house, release, "release.plan")


def test_approvals_of_another_release_do_not_count(house: House, release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = gate_without_engine(house, PLAN, monkeypatch, key="run-2")
    for login in ("officer1", "officer2"):
        decide(house, other, login)
    standing = approvals.standing(house.open(), release)
    assert (standing.complete, standing.approvals) == (False, ())
    with pytest.raises(Refused):
        releasing.publish(house.open(), release, actor=ACTOR)


def forged(house: House, release: str, **changes: Any) -> None:
    """An approval by the second officer, appended without the page."""
    ctx = house.open()
    asked = approvals.request(ctx, release)
    said: dict[str, Any] = {
        "actor": "officer:demo-officer-2",
        "officer": "demo-officer-2",
        "digest": asked.digest,
        "recipient": asked.recipient,
        "recipient_key": ctx.recipient(asked.recipient).encryption.identity,
        "agreement": asked.agreement,
        "terms": ctx.recipient(asked.recipient).agreement.digest,
        "notice": notice_digest(asked.notice),
        "known_values": asked.verdict["known_values"],
    } | changes
    actor, officer = said.pop("actor"), said.pop("officer")
    subjects = {"release": release, "plan": asked.plan, "recipient": asked.recipient, "officer": officer}
    payload = {**said, "role": "privacy_officer", "reason": ""}
    ctx.ledger.append("release.approval", actor=actor, subjects=subjects, payload=payload)


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": "airflow:task"},
        {"actor": "officer:demo-officer-1"},
        {"officer": "data-team", "actor": "officer:data-team"},
        {"officer": "nobody", "actor": "officer:nobody"},
        {"officer": "demo-officer-1", "actor": "officer:demo-officer-1"},
        {"digest": "0" * 64},
        {"recipient": "aozora-pharma"},
        {"recipient_key": "age1other"},
        {"agreement": "提供契約-2026-003"},
        {"terms": "0" * 64},
        {"notice": ""},
        {"known_values": "not available"},
    ],
)
def test_an_entry_appended_without_the_page_does_not_count(house: House, release: str, changes: dict[str, str]) -> None:
    decide(house, release, "officer1")
    forged(house, release, **changes)
    assert not approvals.standing(house.open(), release).complete
    assert house.open().ledger.state("release", release) == "gated"


def test_what_the_forgeries_above_lack_is_one_thing_each(house: House, release: str) -> None:
    """The control: a whole forgery looks like an approval; it carries no state, and announcing asks for that."""
    decide(house, release, "officer1")
    forged(house, release)
    assert approvals.standing(house.open(), release).complete
    goes_nowhere(house, release)


def goes_nowhere(house: House, release: str, rules: tuple[str, str] = ("release.approval", "deliver.state")) -> None:
    """Neither announced nor delivered, by these rules; nothing lies in outbox, staging or the public's folder."""
    for step, rule in zip((releasing.publish, releasing.deliver), rules, strict=True):
        with pytest.raises(Refused) as refused:
            step(house.open(), release, actor=ACTOR)
        assert refused.value.rule == rule
        assert refused.value.remedy
    assert not list(house.open().ledger.entries(type="delivery."))
    assert not [path for zone in ("outbox", "staging", "published") for path in (house.home / zone).rglob("*.*")]


def transition(house: House, release: str, state: str, payload: dict[str, Any]) -> None:
    """A change of state appended to the log by a program that is not the page."""
    subjects = {"plan": PLAN, "recipient": "tsukishima-university"}
    house.open().ledger.transition("release", release, state, actor="airflow:x/y", subjects=subjects, payload=payload)


def test_a_run_marked_as_successful_has_no_approval(house: House, release: str) -> None:
    """Whoever marks the task, or the whole run, as successful in Airflow starts what follows: it reads the log."""
    goes_nowhere(house, release)
    decide(house, release, "officer1")
    goes_nowhere(house, release)


def test_a_state_without_its_approvals_is_believed_by_nobody(house: House, release: str) -> None:
    decide(house, release, "officer1")
    digest = approvals.request(house.open(), release).digest
    transition(house, release, "approved", {"digest": digest, "approvals": ["demo-officer-1", "demo-officer-2"]})
    goes_nowhere(house, release)
    said = {"name": "x.html", "sha256": "0" * 64, "on": "2026-11-28", "url": "https://x.example/x.html"}
    transition(house, release, "published", {"announcement": said})
    with pytest.raises(Refused) as refused:
        releasing.deliver(house.open(), release, actor=ACTOR)
    assert refused.value.rule == "deliver.approval"
    assert not list(house.open().ledger.entries(type="delivery."))


def test_an_announcement_that_was_never_made_opens_nothing(house: House, release: str) -> None:
    """Approved by two officers, and somebody writes into the log that the public was told."""
    for login in ("officer1", "officer2"):
        decide(house, release, login)
    said = {"name": "x.html", "sha256": "0" * 64, "on": "2026-11-28", "url": "https://x.example/x.html"}
    transition(house, release, "published", {"announcement": said})
    with pytest.raises(Refused) as refused:
        releasing.deliver(house.open(), release, actor=ACTOR)
    assert refused.value.rule == "deliver.announcement"


@pytest.mark.parametrize("forgery", ["r-claims-for-university-0000000000", "", "../../etc", "rejected"])
def test_a_result_forged_in_airflow_names_no_other_release(
    house: House, release: str, forgery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XCom carries the release's id and nothing else: another id is another release, with its own decisions."""
    if forgery == "rejected":
        forgery = gate_without_engine(house, PLAN, monkeypatch, key="run-2")
        decide(house, forgery, "officer1", approve=False, reason="対象が広すぎる")
    for step in (releasing.publish, releasing.deliver):
        with pytest.raises(Refused):
            step(house.open(), forgery, actor=ACTOR)
    assert not [path for zone in ("outbox", "staging", "published") for path in (house.home / zone).rglob("*.*")]


def test_a_release_that_expired_waits_for_nobody(house: House, release: str) -> None:
    decide(house, release, "officer1")
    transition(house, release, "expired", {"reason": "not approved in time"})
    refuses(house, release, "approval.pending", login="officer2")
    goes_nowhere(house, release)


def test_an_approval_expires(house: House, release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Approved, and left lying longer than `approval_days`: nobody looked at it as it is today."""
    for login in ("officer1", "officer2"):
        decide(house, release, login)
    late = datetime.now(UTC) + timedelta(days=31)
    monkeypatch.setattr(approvals, "_now", lambda: late)
    assert approvals.standing(house.open(), release).approvals == ()
    goes_nowhere(house, release)
    house.edit("platform.yaml", lambda said: said.update(approval_days=40))
    assert approvals.standing(house.open(), release).complete


def test_what_changed_meanwhile_may_be_decided_anew(house: House, release: str) -> None:
    decide(house, release, "officer1")
    house.edit(RECIPIENT_FILE, lambda r: r["agreement"].update(destroy_within_days=10))
    assert not approvals.standing(house.open(), release).approvals
    for login in ("officer1", "officer2"):
        standing = decide(house, release, login)
    assert standing.complete
    assert len(list(house.open().ledger.entries(type="release.approval"))) == 3


def test_a_row_written_into_the_database_is_found(house: House, release: str) -> None:
    """Changing the second officer's rejection into an approval by hand: the log says so, and nothing is delivered."""
    decide(house, release, "officer1")
    ctx = house.open()
    entry = ctx.ledger.entry(ctx.ledger.size - 1)
    assert verify(ctx.zones.ledger(), public_key=ctx.signer.public).ok
    row = entry.canonical().replace(b"demo-officer-1", b"demo-officer-2")
    row = row.replace(f'"seq":{entry.seq}'.encode(), f'"seq":{entry.seq + 1}'.encode())
    with sqlite3.connect(ctx.zones.ledger()) as database:
        leaf = database.execute("select leaf from entry where seq = ?", (entry.seq,)).fetchone()[0]
        database.execute("insert into entry values (?, ?, ?, ?)", (entry.seq + 1, entry.type, row, leaf))
        for kind, name in {**entry.subjects, "officer": "demo-officer-2"}.items():
            database.execute("insert into subject values (?, ?, ?)", (kind, name, entry.seq + 1))
    ctx = house.open()
    assert approvals.standing(ctx, release).complete  # it looks like one
    found = verify(ctx.zones.ledger(), public_key=ctx.signer.public)
    assert (found.ok, found.problems[0].seq) == (False, entry.seq + 1)
    asked = approvals.request(ctx, release)
    with pytest.raises(LedgerBroken):
        releasing.deliver(ctx, release, actor=ACTOR)
    assert asked.state == "gated"


def test_dying_between_the_decision_and_what_follows(
    house: House, release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    decide(house, release, "officer1")
    with monkeypatch.context() as patch:
        patch.setattr(approvals, "_conclude", die)
        with pytest.raises(Killed):
            decide(house, release, "officer2")
    assert house.open().ledger.state("release", release) == "gated"
    assert decide(house, release, "officer2").complete
    assert house.open().ledger.state("release", release) == "approved"
    assert len(list(house.open().ledger.entries(type="release.approval"))) == 2


def test_a_broken_file_of_one_plan_hides_no_other_release(
    house: House, release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = gate_without_engine(house, "checkups-for-foundation", monkeypatch)
    house.replace(PLAN_FILE, "linkage:", "linkages:")
    assert [r.release for r in approvals.pending(house.open())] == [other]
    with pytest.raises(FixConfiguration):
        approvals.request(house.open(), release)
