"""Every zone's clock: what it says, that it ends things once, also after a run that died; and ending a period."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provision import cli, releasing, retention
from provision.atrest import alone, shared
from provision.context import Context
from provision.errors import Refused, RetryLater
from provision.intake.fingerprints import index_path
from provision.intake.keying import scope
from provision.ledger.store import Ledger
from provision.model import Retention
from provision.releasing.batches import batches_in_force
from provision.releasing.drafting import TOKYO
from provision.releasing.earlier import compared
from provision.retention.base import months_after
from provision.retention.periods import end_period
from tests.support.intake import ACTOR, drop
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send

PLAN, CLAIMS = "claims-for-university", PLAN_SOURCES[0]
APRIL = Sent(CLAIMS, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))
MAY = Sent(CLAIMS, "2025-05", 1, tuple(bill(who, "2025-05") for who in "ABCDE"))
NEXT = Sent(CLAIMS, "2025-06", 1, tuple(bill(who, "2025-06") for who in "ABCDE"))


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    found = releasing_platform(tmp_path, cutoff_month="2025-05")
    send(found, APRIL)
    send(found, MAY)
    return found


def with_clocks(ctx: Context, **clocks: int) -> Context:
    """The same platform with other clocks; log and store are shared."""
    platform = ctx.platform.model_copy(update={"retention": Retention(**clocks)})
    changed = replace(ctx, platform=platform)
    changed.__dict__["ledger"] = ctx.ledger
    return changed


def made(ctx: Context, key: str) -> str:
    release = releasing.draft(ctx, PLAN, key, actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    return release


def run(ctx: Context) -> dict[str, int]:
    """What a run ended or found over its time."""
    return {name: count for name, count in retention.end_overdue(ctx, actor=ACTOR).items() if count}


def months_ago(month: str) -> int:
    """A `store_months` with which this month is over and the next one is not."""
    now = datetime.now(TOKYO).date()
    year, number = map(int, month.split("-"))
    return (now.year - year) * 12 + now.month - number - 1


# -- the store --------------------------------------------------------------------------------------------------------


def test_without_a_clock_nothing_goes(ctx: Context) -> None:
    made(ctx, "one")
    assert run(ctx) == {}
    assert {due.zone for due in retention.schedule(ctx) if due.at is None} == {"store", "vault", "releases"}


def test_a_batch_leaves_the_store_after_its_months(ctx: Context) -> None:
    first = made(ctx, "one")
    ended = with_clocks(ctx, store_months=months_ago("2025-04"))
    april, may = (b.batch for b in batches_in_force(ctx, [CLAIMS]))
    assert run(ended) == {"store_ended": 1}
    assert [b.batch for b in batches_in_force(ctx, [CLAIMS])] == [may]
    assert not list(ctx.zones.store().glob(f"*/{CLAIMS}/{april}"))
    assert not index_path(ctx, april).exists()
    assert index_path(ctx, may).exists()
    assert run(ended) == {}
    second = made(ctx, "two")
    found = compared(ctx, first, second)  # the earlier one is remembered
    assert (found.both, dict(found.gone.by_cause), dict(found.new.by_cause)) == (5, {}, {})


def test_a_run_that_died_is_finished_by_the_next(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = with_clocks(ctx, store_months=months_ago("2025-04"))
    april, _ = (b.batch for b in batches_in_force(ctx, [CLAIMS]))

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("provision.store.shutil.rmtree", die)
        with pytest.raises(Killed):
            run(ended)
    assert list(ctx.zones.store().glob(f"*/{CLAIMS}/.{april}.*"))  # renamed, not gone
    assert april not in [b.batch for b in batches_in_force(ctx, [CLAIMS])]
    assert not list(ctx.ledger.entries(type="store.destroyed"))
    assert run(ended) == {"store_ended": 1}
    assert not [p for p in ctx.zones.store().rglob("*") if april in p.name]
    assert (
        len(list(ctx.ledger.entries(type="store.ended"))) == len(list(ctx.ledger.entries(type="store.destroyed"))) == 1
    )


def test_rows_do_not_go_while_somebody_reads_them_and_the_other_clocks_go_on(ctx: Context) -> None:
    ended = with_clocks(ctx, store_months=months_ago("2025-04"), releases_days=1)
    release = made(ctx, "one")
    reject(past(ctx, days=2), release)
    with shared(ctx), pytest.raises(RetryLater) as later:
        run(ended)
    assert later.value.rule == "store.busy"
    assert run(ended) == {"store_ended": 1}  # the payload had gone already
    with alone(ctx), pytest.raises(RetryLater):
        made(ctx, "two")


def test_a_batch_of_a_source_that_nobody_knows_any_more_ends_too(ctx: Context) -> None:
    made(ctx, "one")
    ended = with_clocks(ctx, store_months=months_ago("2025-04"))
    others = {name: source for name, source in ctx.sources.items() if name != CLAIMS}
    assert run(replace(ended, sources=others)) == {"store_ended": 1}
    assert not list((ctx.zones.vault() / "presences").glob("*.parquet"))  # nobody can say who was in it


# -- releases, discs --------------------------------------------------------------------------------------------------


def past(ctx: Context, **ago: int) -> Context:
    """The platform with a ledger whose clock stands still in the past."""
    at = datetime.now(UTC) - timedelta(**ago)
    changed = replace(ctx)
    changed.__dict__["ledger"] = Ledger.open(ctx.zones.ledger(), clock=lambda: at)
    return changed


def reject(ctx: Context, release: str) -> None:
    about = {"plan": PLAN, "recipient": ctx.plan(PLAN).recipient}
    ctx.ledger.transition("release", release, "rejected", actor=ACTOR, subjects=about, payload={"reason": "test"})


def test_a_payload_goes_after_its_release_ended(ctx: Context) -> None:
    release, standing = made(ctx, "one"), made(ctx, "two")
    ended = with_clocks(ctx, releases_days=30)
    reject(past(ctx, days=29), release)
    assert run(ended) == {}
    assert run(with_clocks(ctx, releases_days=28)) == {"releases_emptied": 1}
    assert not (ctx.zones.release(release) / "made").exists()
    assert (ctx.zones.release(standing) / "made").exists()
    assert run(with_clocks(ctx, releases_days=28)) == {}


def test_a_payload_goes_after_its_agreement_ended(ctx: Context) -> None:
    release = made(ctx, "one")
    recipient = ctx.recipient(ctx.plan(PLAN).recipient)
    clocks = with_clocks(ctx, releases_days=30)
    for days, emptied in ((30, {}), (31, {"releases_emptied": 1})):
        ends = datetime.now(TOKYO).date() - timedelta(days=days)
        agreement = recipient.agreement.model_copy(update={"ends": ends})
        over = replace(clocks, recipients={recipient.id: recipient.model_copy(update={"agreement": agreement})})
        assert run(over) == emptied
    assert not (ctx.zones.release(release) / "made").exists()


def test_an_agreement_that_nobody_can_look_up_ends_nothing(ctx: Context) -> None:
    made(ctx, "one")
    assert run(replace(with_clocks(ctx, releases_days=1), recipients={})) == {}


@pytest.mark.parametrize(("received_days", "emptied"), [(31, {"staging_emptied": 1}), (29, {}), (None, {})])
def test_disc_images_go_when_the_disc_arrived(ctx: Context, received_days: int | None, emptied: dict[str, int]) -> None:
    before = past(ctx, days=received_days or 40)
    facts: dict[str, dict[str, object]] = {
        "ordered": {"release": "r-1", "recipient": "somebody", "channel": "disc", "digest": "0"},
        "attempting": {"attempt": 1, "ciphertext_sha256": "0"},
        "handed_over": {"receipt": {}},
        **({"received": {"how": "signed"}} if received_days else {}),
    }
    for state, payload in facts.items():
        before.ledger.transition("delivery", "r-1.disc.1", state, actor=ACTOR, payload=payload)
    folder = ctx.zones.staging() / "r-1.disc.1"
    folder.mkdir()
    (folder / "disc-1.iso").write_bytes(b"image")
    found = run(ctx)
    found.pop("outbox_emptied", None)
    assert found == emptied
    assert folder.exists() is not bool(emptied)


# -- quarantine -------------------------------------------------------------------------------------------------------


def test_a_drop_that_is_turned_away_again_has_a_clock_again(ctx: Context) -> None:
    from provision.errors import Quarantined
    from provision.intake import receive

    for days in (80, 40):
        before = past(ctx, days=days)
        drop(before, CLAIMS, {"a.UKE": b"x"}, f"bad{days}", card="period: nonsense\n")
        with pytest.raises(Quarantined):
            receive(before, CLAIMS, actor=ACTOR)
        assert run(ctx) == {"quarantine_destroyed": 1}
        assert run(ctx) == {}
    assert len(list(ctx.ledger.entries(type="quarantine.destroyed"))) == 2
    assert not [p for p in ctx.zones.quarantine().iterdir() if p.name.startswith("Q")]


# -- accumulation periods ---------------------------------------------------------------------------------------------


def aliases(ctx: Context, sent: str) -> set[str]:
    frames = [pl.read_parquet(p) for p in ctx.zones.store().glob(f"*/{CLAIMS}/{sent}/claim/*.parquet")]
    return set(pl.concat(frames)["alias"])


def test_ending_a_period_forgets_who_is_who(ctx: Context) -> None:
    name = scope(ctx.source(CLAIMS))
    first = made(ctx, "one")
    done = end_period(ctx, name, reason="期間満了", with_store=False, actor=ACTOR)
    assert (done["identities"], done["batches"], done["not_comparable"]) == (5, 2, [])
    assert not ctx.keys.exists(f"link-{name}")
    assert not list((ctx.zones.vault() / "known_values").iterdir())
    assert ctx.vault.people(name)[0].height == 0
    old = {alias for b in batches_in_force(ctx, [CLAIMS]) for alias in aliases(ctx, b.batch)}
    assert len(old) == 5
    with pytest.raises(Refused) as refused:
        end_period(ctx, name, reason="again", with_store=False, actor=ACTOR)
    assert refused.value.rule == "retention.period"
    batch = send(ctx, NEXT)
    assert not aliases(ctx, batch) & old  # strangers to what was before
    second = made(ctx, "two")
    assert compared(ctx, first, second).both == 5
    assert end_period(ctx, name, reason="二期目", with_store=True, actor=ACTOR)["identities"] == 5
    assert batches_in_force(ctx, [CLAIMS]) == ()
    assert not list(ctx.zones.store().glob(f"*/{CLAIMS}/B*"))


def test_a_period_that_died_while_it_ended_is_ended_by_the_next_run(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = scope(ctx.source(CLAIMS))

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("provision.vault.Vault.end_period", die)
        with pytest.raises(Killed):
            end_period(ctx, name, reason="期間満了", with_store=False, actor=ACTOR)
    assert not list(ctx.ledger.entries(type="vault.period_ended"))
    assert end_period(ctx, name, reason="期間満了", with_store=False, actor=ACTOR)["identities"] == 5


def test_a_period_over_its_time_waits_for_a_person(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path)
    send(past(ctx, days=70), APRIL)
    send(ctx, MAY)
    name = scope(ctx.source(CLAIMS))
    assert run(with_clocks(ctx, vault_months=4)) == {}
    for _ in range(2):
        assert run(with_clocks(ctx, vault_months=1)) == {"vault_periods_over": 1}
    assert ctx.vault.people(name)[0].height == 5
    end_period(ctx, name, reason="期間満了", with_store=False, actor=ACTOR)
    assert run(with_clocks(ctx, vault_months=1)) == {}


@pytest.mark.parametrize(("name", "reason"), [("source-nobody", "why"), ("group-test-group", " ")])
def test_a_period_needs_a_scope_and_a_reason(ctx: Context, name: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        end_period(ctx, name, reason=reason, with_store=False, actor=ACTOR)
    assert refused.value.rule == "retention.scope"


def test_the_oldest_page_views_are_named(ctx: Context) -> None:
    assert [due for due in retention.schedule(ctx) if due.zone == "access"] == []
    for day, first, last in (("2026-01-05", 1, 3), ("2026-01-06", 4, 9)):
        payload = {"day": day, "first": first, "last": last, "visits": last - first + 1, "root": "0"}
        ctx.ledger.append("access.anchored", actor=ACTOR, subjects={}, payload=payload)
    (due,) = [due for due in retention.schedule(ctx) if due.zone == "access"]
    assert (due.subject, due.facts(datetime.now(UTC))["goes"]) == ("visits of 2026-01-05 and after", "2027-01-06")
    gone = {"upto": 3, "until": "2026-01-05", "visits": 3}
    ctx.ledger.append("access.expired", actor=ACTOR, subjects={}, payload=gone)
    assert [due.subject for due in retention.schedule(ctx) if due.zone == "access"] == [
        "visits of 2026-01-06 and after"
    ]


# -- saying it --------------------------------------------------------------------------------------------------------


def test_the_command_says_what_goes_when(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clocks = with_clocks(ctx, store_months=24, vault_months=60)
    opened: Callable[[], Context] = lambda: clocks  # noqa: E731 - the command's own way in
    monkeypatch.setattr("provision.context.open_context", opened)
    assert cli.main(["retention", "--json"]) == 0
    said: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    goes = {(one["zone"], one["goes"]) for one in said}
    assert {("store", "2027-05-01"), ("store", "2027-06-01")} <= goes
    (log,) = (one for one in said if one["zone"] == "ledger")
    assert log["by"] == "nobody before that day"
    assert cli.main(["retention", "--zone", "vault"]) == 0
    assert capsys.readouterr().out.split("\t")[1:3] == ["vault", "group-test-group"]
    assert cli.main(["retention", "end-period", "group-test-group", "--reason", "期間満了"]) == 0
    assert "5 identities" in capsys.readouterr().out


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)), months=st.integers(1, 600))
def test_months_after(day: date, months: int) -> None:
    """So many months later on the calendar, never in the month after, on that day where there is one."""
    found = months_after(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day <= day.day
    assert found.day == day.day or (found + timedelta(days=1)).day == 1


def test_the_log_is_kept_three_years_at_least() -> None:
    with pytest.raises(ValueError, match="ledger_years"):
        Retention(ledger_years=2)
