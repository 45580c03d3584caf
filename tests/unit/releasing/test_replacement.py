"""差替え: a reader sees the old batch or the new one, never both and never neither, also where taking in dies."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from provision.context import Context
from provision.intake import receive, take_in
from provision.releasing.select import select
from tests.support.intake import ACTOR, drop, platform
from tests.support.lives import Sent, bill, send
from tests.support.processes import PROJECT, Stage
from tests.support.uke import file

SOURCE = "kita-hospital"
OLD = Sent(SOURCE, "2025-04", 1, tuple(bill(who, "2025-04") for who in "ABCDE"))
NEW = replace(OLD, sequence=2, supersedes=1, claims=tuple(bill(who, "2025-04", 70) for who in "ABCDEFG"))


def received(ctx: Context) -> str:
    """The new batch, received and not yet taken in."""
    drop(ctx, SOURCE, {"a.UKE": file(*NEW.claims)}, card=NEW.card)
    (batch,) = receive(ctx, SOURCE, actor=ACTOR)
    return batch


def seen(home: Path) -> tuple[frozenset[str], int]:
    """Batches and number of claims that a release drafted now would have."""
    ctx = platform(home)
    with ctx.ledger:
        plan = ctx.plan("claims-for-university").model_copy(update={"sources": [SOURCE]})
        found = select(ctx, plan, ctx.profile(plan.profile))
    return frozenset(found.heads["batch"]), found.heads.height


def test_a_reader_beside_it_sees_the_old_or_the_new(tmp_path: Path) -> None:
    ctx = platform(tmp_path)
    old, new = send(ctx, OLD), received(ctx)
    views: list[tuple[frozenset[str], int]] = []
    begun, stop = threading.Event(), threading.Event()

    def read() -> None:
        while not stop.is_set():
            views.append(seen(tmp_path))
            begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert begun.wait(60)
    take_in(ctx, new, actor=ACTOR)
    stop.set()
    reader.join()
    views.append(seen(tmp_path))
    before, after = (frozenset({old}), 5), (frozenset({new}), 7)
    assert set(views) == {before, after}
    assert views == sorted(views, key=lambda view: view == after)  # and never back again


@pytest.mark.parametrize(
    ("mark", "replaced"),
    [
        pytest.param("event:7", False, marks=pytest.mark.slow),
        ("before:batch.accepted", False),
        ("after:batch.accepted", True),
    ],
)
def test_killed_in_the_middle_it_is_the_old_or_the_new(tmp_path: Path, mark: str, replaced: bool) -> None:
    stage = Stage(tmp_path, PROJECT / "config")
    ctx = platform(stage.home)
    with ctx.ledger:
        old, new = send(ctx, OLD), received(ctx)
    assert stage.step("take-in", new, mark=mark).killed
    before, after = (frozenset({old}), 5), (frozenset({new}), 7)
    assert seen(stage.home) == (after if replaced else before)
    with platform(stage.home).ledger as ledger:
        assert ledger.state("batch", new) == ("accepted" if replaced else "received")
    assert stage.step("take-in", new).status == 0
    assert seen(stage.home) == after
