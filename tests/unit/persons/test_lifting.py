"""A veto is lifted by two people: later batches have the person again, earlier releases stay what they were."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import cli, releasing
from provision.atrest import shared
from provision.context import Context
from provision.errors import Refused, RetryLater
from provision.intake.keying import scope
from provision.persons import lifting, register
from provision.persons.requests import ask as ask_to_leave
from provision.persons.requests import reject, waiting
from provision.releasing.earlier import compared, require_all_still_in
from provision.releasing.select import select
from tests.support.intake import ACTOR
from tests.support.leaving import FIRST, SECOND, asked, gone, wish
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send

PLAN, CLAIMS = "claims-for-university", PLAN_SOURCES[0]
APRIL = Sent(CLAIMS, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))
MAY = Sent(CLAIMS, "2025-05", 1, tuple(bill(who, "2025-05") for who in "ABCDE"))


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    found = releasing_platform(tmp_path, cutoff_month="2025-04")
    send(found, APRIL)
    return found


def vetoed(ctx: Context, who: str = "B", **how: bool) -> str:
    """The request of a veto that holds."""
    return gone(ctx, asked(who), **{"erase": False, "veto": True, **how})[0]


def wanted(ctx: Context, veto: str) -> str:
    """A request to lift it."""
    return lifting.ask(ctx, veto, basis="objection-withdrawn", reference="R-2026/002", actor=FIRST)[0]


def lifted(ctx: Context, veto: str) -> dict[str, Any]:
    """Asked by one operator, agreed to by another."""
    return lifting.carry_out(ctx, wanted(ctx, veto), actor=SECOND)


def people(ctx: Context) -> int:
    """How many a release would have now."""
    return select(ctx, ctx.plan(PLAN), ctx.profile(ctx.plan(PLAN).profile)).people.height


def made(ctx: Context, key: str) -> tuple[str, dict[str, Any]]:
    release = releasing.draft(ctx, PLAN, key, actor=ACTOR)
    return release, releasing.make(ctx, release, actor=ACTOR)


def stored(ctx: Context, month: str) -> bool:
    """Whether the store has anybody who was born in this month."""
    frames = [pl.read_parquet(path) for path in ctx.zones.store().glob("*/*/*/claim/*.parquet")]
    return month in set(pl.concat(frames, how="diagonal")["birth_month"])


def test_somebody_who_withdrew_the_objection_is_released_and_received_again(ctx: Context) -> None:
    before, _ = made(ctx, "one")
    veto = vetoed(ctx)
    send(ctx, MAY)
    assert people(ctx) == 4
    id = wanted(ctx, veto)
    assert people(ctx) == 4  # asked only
    done = lifting.carry_out(ctx, id, actor=SECOND)
    assert (done["asks"], done["lifts"], done["identities"]) == (["lift"], veto, 1)
    assert people(ctx) == 5
    assert lifting.standing(ctx) == register.everybody(ctx) == []
    require_all_still_in(ctx, before, "deliver")
    (entry,) = ctx.ledger.entries(type="request.lifted", kind="request", subject=veto)
    assert (entry.actor, entry.payload) == (SECOND, {"by": id})
    assert len(ctx.store.rows_of({_alias(ctx)})) == 1, "what was left out in May does not come by itself"
    send(ctx, Sent(CLAIMS, "2025-05", 2, (bill("B", "2025-05"),)))
    assert len(ctx.store.rows_of({_alias(ctx)})) == 2


def _alias(ctx: Context) -> str:
    """Of whoever was born in February."""
    frames = [pl.read_parquet(path) for path in ctx.zones.store().glob("*/*/*/claim/*.parquet")]
    (alias,) = pl.concat(frames, how="diagonal").filter(pl.col("birth_month") == "1953-02")["alias"].unique()
    return str(alias)


def test_a_release_that_was_made_meanwhile_stays_one_without_them(ctx: Context) -> None:
    veto = vetoed(ctx)
    meanwhile, facts = made(ctx, "one")
    assert facts["people"] == 4
    lifted(ctx, veto)
    after, facts = made(ctx, "two")
    assert facts["people"] == 5
    difference = compared(ctx, meanwhile, after)
    assert (difference.both, difference.gone.people, difference.new.people) == (4, 0, 1)


def test_of_two_vetoes_of_one_person_the_other_holds(ctx: Context) -> None:
    first, second = vetoed(ctx), vetoed(ctx)
    lifted(ctx, first)
    assert people(ctx) == 4
    send(ctx, MAY)
    assert [one.request for one in lifting.standing(ctx)] == [second]
    lifted(ctx, second)
    assert people(ctx) == 5


def test_of_two_vetoes_from_before_there_were_rows_of_each_the_other_holds(ctx: Context) -> None:
    """As a vault of version 0001 had it: the second veto found everything withdrawn and wrote nothing."""
    first, second = vetoed(ctx), vetoed(ctx)
    (begun,) = ctx.ledger.entries(type="request.begun", kind="request", subject=second)
    with closing(sqlite3.connect(ctx.vault.path)) as database:
        database.execute("delete from withdrawal where entry = ?", (begun.seq,))
        database.commit()
    lifted(ctx, first)
    assert people(ctx) == 4
    lifted(ctx, second)
    assert people(ctx) == 5


def test_what_was_erased_stays_erased_and_who_comes_again_is_received(ctx: Context) -> None:
    veto = vetoed(ctx, erase=True)
    lifted(ctx, veto)
    assert not stored(ctx, "1953-02")
    assert set(ctx.vault.withdrawn(scope(ctx.source(CLAIMS)))["cause"]) == {"deletion"}
    assert register.everybody(ctx)[0].kinds == ("deletion",)
    assert register.tidy(ctx) == 1
    send(ctx, MAY)
    assert stored(ctx, "1953-02")


def test_after_it_was_lifted_a_new_veto_holds_again(ctx: Context) -> None:
    lifted(ctx, vetoed(ctx))
    vetoed(ctx)
    assert people(ctx) == 4


@pytest.mark.parametrize("step", ["provision.persons.register.end_veto", "provision.vault.Vault.lift"])
def test_a_run_that_died_is_finished_by_the_next(ctx: Context, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    veto = vetoed(ctx)
    id = wanted(ctx, veto)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(step, die)
        with pytest.raises(Killed):
            lifting.carry_out(ctx, id, actor=SECOND)
    meanwhile, facts = made(ctx, "one")
    assert facts["people"] == 4
    done = lifting.carry_out(ctx, id, actor=SECOND)
    size = ctx.ledger.size
    assert lifting.carry_out(ctx, id, actor=SECOND) == done
    assert (done["identities"], ctx.ledger.size, people(ctx)) == (1, size, 5)
    after, _ = made(ctx, "two")
    assert compared(ctx, meanwhile, after).gone.people == 0


def test_two_people_and_nothing_while_the_store_is_read(ctx: Context) -> None:
    veto = vetoed(ctx)
    id = wanted(ctx, veto)
    with pytest.raises(Refused) as refused:
        lifting.carry_out(ctx, id, actor=FIRST)
    assert refused.value.rule == "request.four_eyes"
    with shared(ctx), pytest.raises(RetryLater):
        lifting.carry_out(ctx, id, actor=SECOND)
    assert people(ctx) == 4
    assert [one["request"] for one in waiting(ctx)] == [id]


def test_a_rejected_lifting_changes_nothing_and_can_be_asked_again(ctx: Context) -> None:
    veto = vetoed(ctx)
    reject(ctx, wanted(ctx, veto), basis="not-entitled", actor=SECOND)
    assert people(ctx) == 4
    lifted(ctx, veto)


@pytest.mark.parametrize(
    ("veto", "basis", "reference", "rule"),
    [
        ("p-000000000000", "order", "R-1", "request.no_veto"),
        ("", "because", "R-1", "request.basis"),
        ("", "order", "架空　花子", "request.reference"),
    ],
)
def test_what_cannot_be_asked(ctx: Context, veto: str, basis: str, reference: str, rule: str) -> None:
    stands = vetoed(ctx)
    with pytest.raises(Refused) as refused:
        lifting.ask(ctx, veto or stands, basis=basis, reference=reference, actor=FIRST)
    assert refused.value.rule == rule


def test_neither_twice_nor_an_erasure_nor_a_veto_that_was_lifted(ctx: Context) -> None:
    erased, _ = gone(ctx, asked("C"))
    veto = vetoed(ctx)
    wanted(ctx, veto)
    for request, rule in ((veto, "request.twice"), (erased, "request.no_veto")):
        with pytest.raises(Refused) as refused:
            wanted(ctx, request)
        assert refused.value.rule == rule
    lifting.carry_out(ctx, str(waiting(ctx)[0]["request"]), actor=SECOND)
    with pytest.raises(Refused):
        wanted(ctx, veto)


def test_through_the_command(ctx: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    veto = vetoed(ctx)
    monkeypatch.setattr("provision.context.open_context", lambda: ctx)

    def run(operator: str, *words: str) -> str:
        monkeypatch.setattr("provision.commands.person._operator", lambda: operator)
        assert cli.main(["person", *words]) == 0
        return capsys.readouterr().out

    assert run(FIRST, "vetoes").split("\t")[0] == veto
    said = json.loads(run(FIRST, "lift", veto, "--basis", "wrong-person", "--reference", "R-2026/003"))
    assert (said["lifts"], said["found"]) == (veto, {"group-test-group": {"identities": 1}})
    assert json.loads(run(SECOND, "agree", said["request"]))["identities"] == 1
    assert run(FIRST, "vetoes") == "no veto stands\n"
    other, _ = ask_to_leave(ctx, asked("C"), wish(), actor=FIRST)
    assert json.loads(run(SECOND, "agree", other))["asks"] == ["deletion"]  # the same command, still
