"""A withdrawal that lies in quarantine takes nothing back: a release says how much of that there is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from provision.context import Context
from provision.errors import Quarantined
from provision.intake import receive, take_in
from provision.releasing.batches import left_in_quarantine, now
from provision.releasing.select import Selection, select
from tests.support.intake import ACTOR, drop
from tests.support.lives import PLAN_SOURCES, Sent, bill, releasing_platform, send

CLAIMS = Sent(PLAN_SOURCES[0], "2025-04", 1, tuple(bill(who, "2025-04", search=f"S{who}") for who in "ABCDEFGH"))
BACK = Sent(PLAN_SOURCES[1], "2025-06", 1, tuple(bill(who, "2025-04", search=f"S{who}") for who in "ABC"))
NOTHING = {"batches": 0, "files": 0, "records": 0}


def sent_damaged(ctx: Context, sent: Sent, data: bytes) -> None:
    drop(ctx, sent.source, {"a.UKE": data}, "damaged", card=sent.card)
    (batch,) = receive(ctx, sent.source, actor=ACTOR)
    take_in(ctx, batch, actor=ACTOR)


def selected(ctx: Context) -> Selection:
    plan = ctx.plan("claims-for-university").model_copy(update={"sources": [PLAN_SOURCES[0]]})
    return select(ctx, plan, ctx.profile(plan.profile))


def damaged(data: bytes) -> bytes:
    """The first claim's name ends within a character."""
    name = "二子".encode("cp932")
    assert name in data
    return data.replace(name, name[:-1] + b"\xff", 1)


def test_a_withdrawal_that_was_left_out_is_told_until_it_came_again(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path)
    with ctx.ledger:
        send(ctx, CLAIMS)
        assert selected(ctx).in_quarantine == NOTHING
        sent_damaged(ctx, BACK, damaged(BACK.file))
        found = selected(ctx)
        assert (found.heads.height, found.in_quarantine) == (6, {**NOTHING, "records": 1})
        send(ctx, replace(BACK, sequence=2, supersedes=1))
        assert (selected(ctx).heads.height, selected(ctx).in_quarantine) == (5, NOTHING)


def test_a_batch_that_could_not_be_taken_is_told_by_the_release(tmp_path: Path) -> None:
    ctx = releasing_platform(tmp_path)
    with ctx.ledger:
        send(ctx, CLAIMS)
        with pytest.raises(Quarantined):
            sent_damaged(ctx, BACK, b"no claims\r\n")
        assert left_in_quarantine(ctx, [PLAN_SOURCES[0]], now(ctx)) == NOTHING
        assert selected(ctx).in_quarantine == {**NOTHING, "batches": 1}
