"""Signs: everything somebody has to look at, by log and configuration; nothing where all is well."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provision import cli, health, intake, releasing
from provision.context import Context
from provision.errors import FixConfiguration, Quarantined
from provision.health import Sign
from provision.ledger.store import Ledger
from provision.model import Anchors
from provision.persons.requests import ask
from tests.support.intake import ACTOR, drop
from tests.support.leaving import FIRST, asked, wish
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send

PLAN, CLAIMS = "claims-for-university", PLAN_SOURCES[0]
APRIL = Sent(CLAIMS, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))
NOW = datetime.now(UTC)


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    found = releasing_platform(tmp_path, cutoff_month="2025-04")
    later = date.today() + timedelta(days=400)
    people = {name: one.model_copy(update={"agreement": one.agreement.model_copy(update={"ends": later})})
              for name, one in found.recipients.items()}  # fmt: skip
    found = replace(found, recipients=people)
    send(found, APRIL)
    found.ledger.checkpoint(found.signer)
    return found


def told(ctx: Context, kind: str, **later: int) -> list[Sign]:
    return [sign for sign in health.signs(ctx, NOW + timedelta(**later)) if sign.kind == kind]


def test_where_all_is_well_nothing_is_said(ctx: Context) -> None:
    assert health.signs(ctx) == []
    assert set(health.counts([]).values()) == {0}
    assert len(health.counts([])) == 3 * len(health.KINDS)


def test_a_sender_is_late_after_its_day(ctx: Context) -> None:
    source = ctx.source(CLAIMS).model_copy(update={"due_day": 10})
    waits = replace(ctx, sources={**ctx.sources, CLAIMS: source})
    april_came = [s for s in health.signs(waits, datetime(2025, 5, 11, tzinfo=UTC)) if s.kind == "source_late"]
    assert april_came == []
    (sign,) = [s for s in health.signs(waits, datetime(2025, 6, 11, tzinfo=UTC)) if s.kind == "source_late"]
    assert (sign.subject, sign.since, sign.level) == (CLAIMS, "2025-06-10", "look")
    assert "2025-05" in sign.en
    on_time = [s for s in health.signs(waits, datetime(2025, 6, 10, 3, tzinfo=UTC)) if s.kind == "source_late"]
    assert on_time == []
    (january,) = [s for s in health.signs(waits, datetime(2026, 1, 20, tzinfo=UTC)) if s.kind == "source_late"]
    assert "2025-12" in january.en


def test_batches_that_wait_and_quarantine(ctx: Context) -> None:
    drop(ctx, CLAIMS, {"a.UKE": b"x"}, "bad", card='period: "2025-05"\nsequence: 1\n')
    (batch,) = intake.receive(ctx, CLAIMS, actor=ACTOR)
    assert [(s.subject, s.level) for s in told(ctx, "landing")] == [(batch, "wait")]
    assert [s.level for s in told(ctx, "landing", days=8)] == ["act"]
    with pytest.raises(Quarantined):
        intake.take_in(ctx, batch, actor=ACTOR)
    (sign,) = told(ctx, "quarantine")
    assert (sign.subject, sign.level) == (batch, "look")
    assert told(ctx, "landing") == []


def test_releases_and_whom_they_wait_for(ctx: Context) -> None:
    release = releasing.draft(ctx, PLAN, "one", actor=ACTOR)
    (sign,) = told(ctx, "release_waiting")
    assert (sign.subject, sign.level, sign.whom) == (release, "wait", "airflow")
    assert [s.level for s in told(ctx, "release_waiting", days=2)] == ["act"]
    facts = releasing.make(ctx, release, actor=ACTOR)
    about = {"plan": PLAN, "recipient": ctx.plan(PLAN).recipient}
    said = {"digest": facts["digest"], "verdict": {"passed": True}}
    ctx.ledger.transition("release", release, "gated", actor=ACTOR, subjects=about, payload=said)
    assert told(ctx, "release_waiting")[0].whom == "demo-officer-1, demo-officer-2"
    by = {"release": release, **about, "officer": "demo-officer-1"}
    said = ("digest", "notice", "recipient", "recipient_key", "agreement", "terms", "known_values", "role", "reason")
    decision = dict.fromkeys(said, "")
    ctx.ledger.append("release.approval", actor="officer:demo-officer-1", subjects=by, payload=decision)
    (sign,) = told(ctx, "release_waiting")
    assert (sign.whom, sign.level) == ("demo-officer-2", "wait")
    assert [s.level for s in told(ctx, "release_waiting", hours=50)] == ["act"]
    ctx.ledger.transition("release", release, "rejected", actor=ACTOR, subjects=about, payload={"reason": "test"})
    assert told(ctx, "release_waiting") == []


FACTS: dict[str, dict[str, object]] = {
    "ordered": {"release": "r-1", "recipient": "somebody", "channel": "mail", "digest": "0"},
    "attempting": {"attempt": 1, "ciphertext_sha256": "0"},
    "handed_over": {"receipt": {}},
    "unknown": {"reason": "no answer"},
    "bounced": {"how": "550"},
}


@pytest.mark.parametrize(
    ("states", "days", "level"),
    [
        (["ordered"], 30, []),
        (["ordered", "attempting"], 0, []),
        (["ordered", "attempting"], 2, ["act"]),
        (["ordered", "attempting", "unknown"], 0, ["act"]),
        (["ordered", "attempting", "handed_over"], 13, []),
        (["ordered", "attempting", "handed_over"], 15, ["look"]),
        (["ordered", "attempting", "handed_over", "bounced"], 0, ["act"]),
    ],
)
def test_deliveries_in_doubt(ctx: Context, states: list[str], days: int, level: list[str]) -> None:
    for state in states:
        subjects = {"release": "r-1", "recipient": "somebody"} if state == "ordered" else {}
        ctx.ledger.transition("delivery", "r-1.mail.1", state, actor=ACTOR, subjects=subjects, payload=FACTS[state])
    found = told(ctx, "delivery", days=days)
    assert [sign.level for sign in found] == level
    assert {sign.whom for sign in found} <= {"somebody"}


def test_a_request_waits_for_a_second_person(ctx: Context) -> None:
    id, _ = ask(ctx, asked("B"), wish(), actor=FIRST)
    (sign,) = told(ctx, "request")
    assert (sign.subject, sign.level, sign.whom) == (id, "look", "")
    assert FIRST in sign.ja
    assert FIRST in sign.en
    assert [s.level for s in told(ctx, "request", days=15)] == ["act"]


def test_what_ends_soon(ctx: Context) -> None:
    ends = sorted(sign.subject for sign in told(ctx, "ending", days=380))
    assert ends == sorted(f"agreement of {name}" for name in ctx.recipients)
    assert {sign.level for sign in told(ctx, "ending", days=380)} == {"look"}
    assert {sign.level for sign in told(ctx, "ending", days=420)} == {"act"}


def test_entries_that_nobody_signed(ctx: Context) -> None:
    ctx.ledger.append("test.entry", actor=ACTOR, subjects={}, payload={})
    assert told(ctx, "unsigned") == []
    (sign,) = told(ctx, "unsigned", hours=31)
    assert (sign.level, sign.en) == ("act", "1 entry is not signed")
    ctx.ledger.checkpoint(ctx.signer)
    assert told(ctx, "unsigned", hours=31) == []


def test_checkpoints_that_do_not_leave(ctx: Context) -> None:
    assert told(ctx, "unwitnessed", days=9) == []  # a demonstration
    own = ctx.platform.model_copy(update={"environment": "production"})
    (sign,) = told(replace(ctx, platform=own), "unwitnessed")
    assert (sign.level, sign.subject) == ("look", "anchors")
    mailed = Anchors(auditors=["auditor@example.jp"])
    sends = replace(ctx, platform=own.model_copy(update={"anchors": mailed}))
    assert told(sends, "unwitnessed") == []
    assert [sign.level for sign in told(sends, "unwitnessed", hours=31)] == ["act"]
    payload = {"size": ctx.ledger.size, "root": "0", "places": ["auditors' mail"]}
    ctx.ledger.append("ledger.anchored", actor=ACTOR, subjects={}, payload=payload)
    assert told(sends, "unwitnessed", hours=31) == []  # the entry about it needs no witness of its own
    ctx.ledger.append("test.entry", actor=ACTOR, subjects={}, payload={})
    assert [sign.level for sign in told(sends, "unwitnessed", hours=31)] == ["act"]


def test_a_question_that_cannot_be_answered_is_a_sign(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ctx: Context, now: datetime) -> Any:
        raise FixConfiguration("gpg is not there", remedy="install it")

    monkeypatch.setitem(health.QUESTIONS, "ending", broken)
    (sign,) = health.signs(ctx)
    assert (sign.kind, sign.level, sign.subject, sign.remedy_en) == ("ending", "act", "unanswered", "install it")


def test_the_command(ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    opened: Callable[[], Context] = lambda: ctx  # noqa: E731 - the command's own way in
    monkeypatch.setattr("provision.context.open_context", opened)
    assert cli.main(["health"]) == 0
    assert capsys.readouterr().out == "nothing waits, nothing is late\n"
    past = Ledger.open(ctx.zones.ledger(), clock=lambda: NOW - timedelta(days=2))
    past.append("test.entry", actor=ACTOR, subjects={}, payload={})
    assert cli.main(["health", "--json"]) == 0
    (sign,) = json.loads(capsys.readouterr().out)
    assert (sign["kind"], sign["level"]) == ("unsigned", "act")
    assert cli.main(["health", "--strict"]) == 1
    assert "tokumei ledger checkpoint" in capsys.readouterr().out
