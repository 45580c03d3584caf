"""kill -9 while a person is erased: whatever the moment, they are in no release, and the next run finishes it once."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import releasing
from provision.context import open_context
from provision.ledger.verify import verify
from provision.persons.asked import FIELDS, checked
from provision.persons.finding import find
from provision.persons.requests import ask
from provision.releasing.select import select
from tests.support.house import ACTOR, House, copy_of_house
from tests.support.leaving import FIRST, wish
from tests.support.processes import Stage

pytestmark = pytest.mark.slow

PLAN = "claims-for-university"
#: Moments of the log, and so many changes in the file system of which each is a moment, too, drawn anew every time.
MARKS = ("after:request.agreed", "after:request.begun", "before:request.done", "after:request.done")
DRAWN = 6


@dataclass(frozen=True)
class Scene:
    """A house in which a request waits for its second person, and what an undisturbed run says."""

    house: House
    request: str
    plain: dict[str, Any]
    changes: int

    def copied(self, target: Path) -> Stage:
        """A copy to kill runs in."""
        shutil.copytree(self.house.root, target)
        return Stage(target, target / "config")


def somebody(house: House) -> dict[str, str]:
    """Whom the hospital knows, by the first of their receipts."""
    pairs = zip(house.truth("claims"), house.truth("evidence"), strict=True)
    said = next(said for claim, said in pairs if claim["source"] == "kita-hospital")
    return {name: str(said.get(name, "")) for name in FIELDS if name != "source"} | {"source": ""}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    house = copy_of_house(tmp_path_factory.mktemp("erase") / "house")
    ctx = house.open()
    releasing.make(ctx, releasing.draft(ctx, PLAN, "one", actor=ACTOR), actor=ACTOR)
    request, _ = ask(ctx, checked([somebody(house)]), wish(veto=True), actor=FIRST)
    ctx.ledger.close()
    waiting = Scene(house, request, {}, 0)
    done = waiting.copied(tmp_path_factory.mktemp("plain") / "house").step("carry-out", request)
    assert done.status == 0, done.errors
    return Scene(house, request, done.said["result"], int(done.said["changes"]))


def moments() -> list[str]:
    return [*MARKS, *(f"event:{number}" for number in range(DRAWN))]


@pytest.mark.parametrize("moment", moments())
def test_the_next_run_finishes_it(scene: Scene, moment: str, tmp_path: Path) -> None:
    stage = scene.copied(tmp_path / "house")
    mark = f"event:{random.randint(1, scene.changes)}" if moment.startswith("event:") else moment
    assert stage.step("carry-out", scene.request, mark=mark).killed, mark
    between = open_context(folder=stage.config, home=stage.home)
    if any(True for _ in between.vault.withdrawn(between.vault.scopes()[0]).iter_rows()):
        plan = between.plan(PLAN)
        chosen = select(between, plan, between.profile(plan.profile)).heads["alias"].unique().to_list()
        gone = between.vault.withdrawn(between.vault.scopes()[0])["alias"].to_list()
        assert not set(chosen) & set(gone), mark
    between.ledger.close()
    again = stage.step("carry-out", scene.request)
    assert again.status == 0, (mark, again.errors)
    said = {name: value for name, value in again.said["result"].items() if name != "known_values"}
    assert said == {name: value for name, value in scene.plain.items() if name != "known_values"}, mark
    ctx = open_context(folder=stage.config, home=stage.home)
    asked = checked([somebody(scene.house)])
    assert not any(one.aliases for one in find(ctx, asked).values()), mark
    gone = ctx.vault.withdrawn(ctx.vault.scopes()[0])["alias"].to_list()
    heads = [p for p in ctx.zones.store().glob("*/*/*/*/*.parquet") if "alias" in pl.read_parquet_schema(p)]
    assert not any(pl.read_parquet(p)["alias"].is_in(gone).any() for p in heads), mark
    assert not list((ctx.zones.vault() / "requests").glob("*.age")), mark
    assert ctx.ledger.state("request", scene.request) == "done"
    assert verify(ctx.zones.ledger(), public_key=ctx.signer.public).ok
