"""Every kind of sign there is says what it is and what to do, in both languages: questions are asked until all have
answered, each at every level it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provision import health
from provision.auditing import watching
from provision.context import Context
from provision.errors import FixConfiguration
from provision.health import Sign, keeping
from provision.ledger.store import Ledger
from provision.model import Anchors
from provision.releasing.chasing import REASONS
from tests.support.lives import PLAN_SOURCES, releasing_platform

NOW = datetime.now(UTC)
SOURCE = PLAN_SOURCES[0]
JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
BATCH = {"source": SOURCE, "period": "2025-04", "sequence": 1, "files": 1, "digest": "0"}
ASKED = {"asks": ["deletion"], "basis": "appi-35", "reference": "R-1", "household": True, "quarantine": False,
         "found": {}}  # fmt: skip
DELIVERIES = {
    "unknown": ("ordered", "attempting", "unknown"),
    "bounced": ("ordered", "attempting", "handed_over", "bounced"),
    "unconfirmed": ("ordered", "attempting", "handed_over"),
}
FACTS: dict[str, dict[str, object]] = {
    "ordered": {"release": "r-1", "recipient": "somebody", "channel": "mail", "digest": "0"},
    "attempting": {"attempt": 1, "ciphertext_sha256": "0"}, "handed_over": {"receipt": {}},
    "unknown": {"reason": "no answer"}, "bounced": {"how": "550"},
}  # fmt: skip
RELEASES: dict[str, dict[str, object]] = {
    "drafted": {"plan": "p", "recipient": "somebody", "agreement": "A", "purpose": "x", "requester": "a",
                "approvers": ["b"]},
    "made": {"digest": "0", "tables": {}, "risk": {}, "batches": [], "profile": {}},
    "gated": {"digest": "0", "verdict": {}}, "approved": {"digest": "0", "approvals": []},
    "published": {"announcement": {}},
}  # fmt: skip


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A platform on which everything waits, is late, in doubt or ends: its log is of a month ago, and unsigned."""
    found = releasing_platform(tmp_path, cutoff_month="2025-04")
    with Ledger.open(found.zones.ledger(), clock=lambda: NOW - timedelta(days=30)) as log:
        _batches(log)
        _people(log)
        for name, states in DELIVERIES.items():
            _goes(log, "delivery", f"r-1.{name}.mail.1", {state: FACTS[state] for state in states})
        for last in range(len(RELEASES)):
            _goes(log, "release", f"r-{last}", dict(list(RELEASES.items())[: last + 1]))
    platform = found.platform.model_copy(
        update={
            "anchors": Anchors(auditors=["auditor@example.jp"]), "escrow_openpgp": object(),
            "retention": found.platform.retention.model_copy(update={"vault_months": 0}),
        }
    )  # fmt: skip
    monkeypatch.setattr(keeping, "end_of", lambda key: (NOW + timedelta(days=20)).timestamp())
    monkeypatch.setattr(keeping, "OpenPgpKey", object)
    sources = {name: one.model_copy(update={"due_day": 1}) for name, one in found.sources.items()}
    return replace(found, platform=platform, sources=sources)


def _goes(log: Ledger, kind: str, id: str, steps: dict[str, dict[str, object]]) -> None:
    about = {"release": "r-1", "plan": "p", "recipient": "somebody"} | {kind: id}
    for state, payload in steps.items():
        log.transition(kind, id, state, actor="tester", subjects=about, payload=payload)


def _batches(log: Ledger) -> None:
    steps = {"waits": {}, "bad": {"quarantined": {"problems": []}},
             "good": {"accepted": {"rows_in": 1, "rows_out": 1, "tables": {}}}}  # fmt: skip
    for batch, more in steps.items():
        for state, payload in {"received": BATCH, **more}.items():
            log.transition("batch", batch, state, actor="tester", subjects={"source": SOURCE}, payload=payload)


def _people(log: Ledger) -> None:
    for request in ("p-1", "p-2"):
        log.transition("request", request, "asked", actor="operator:ichi", payload=ASKED)
    log.transition("request", "p-2", "agreed", actor="operator:ni", payload={"asks": ["deletion"]})


def everything(ctx: Context) -> Iterator[Sign]:
    """The signs of some days before, now, and long after, so that every level of every kind is there."""
    for days in (-29, 0, 10, 400):
        yield from health.signs(ctx, NOW + timedelta(days=days))
    alone = ctx.platform.model_copy(update={"environment": "production", "anchors": Anchors()})
    yield from health.signs(replace(ctx, platform=alone), NOW)


def test_every_kind_of_sign_is_told_in_both_languages(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(everything(ctx))
    assert {sign.kind for sign in found} == set(health.KINDS)
    assert {sign.level for sign in found} == set(watching.LEVELS)

    def broken(ctx: Context, now: datetime) -> Iterator[Sign]:
        raise FixConfiguration("gpg is not there", remedy="install it", rule="doctor.program")

    for kind in health.KINDS:
        monkeypatch.setitem(health.QUESTIONS, kind, broken)
    found += health.signs(ctx, NOW)
    assert [sign for sign in found if not JAPANESE.search(sign.ja) or not JAPANESE.search(sign.remedy_ja)] == []
    assert [
        sign for sign in found if JAPANESE.search(sign.en + sign.remedy_en) or not (sign.en and sign.remedy_en)
    ] == []


def test_every_reason_of_an_alert_is_told_in_both_languages() -> None:
    for reason in REASONS.values():
        assert JAPANESE.search(reason.ja)
        assert JAPANESE.search(reason.remedy_ja)
        assert reason.en.isascii()
        assert reason.remedy_en
        assert not JAPANESE.search(reason.remedy_en)


def test_the_page_shows_every_sign_once_and_the_most_urgent_first(ctx: Context) -> None:
    found = health.signs(ctx, NOW)
    shown = list(watching.by_level(found))
    levels = [one.level for one in shown]
    assert levels == [level for level in watching.LEVELS if level in levels]
    told = [sign for one in shown for group in one.groups for sign in group.signs]
    assert sorted(told, key=repr) == sorted(found, key=repr)
    for one in shown:
        assert one.count == sum(sign.level == one.level for sign in found)
        for group in one.groups:
            remedies = {(sign.remedy_ja, sign.remedy_en) for sign in group.signs}
            assert (group.remedy in remedies) if len(remedies) == 1 else group.remedy is None
