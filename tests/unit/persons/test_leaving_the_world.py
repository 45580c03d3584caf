"""The fictitious world: somebody whom hospital and city know leaves, named by what the hospital has of them only."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import intake, releasing
from provision.context import Context
from provision.errors import Refused
from provision.persons.asked import FIELDS, Asked, checked
from provision.persons.finding import find
from provision.releasing import remembered
from provision.releasing.earlier import remember_all
from provision.sampledata.world import write_world
from tests.support.house import ACTOR, MONTHS, PEOPLE, SOURCES, House, fresh_config
from tests.support.leaving import gone

PLAN = "linked-for-pharma"


def their_lines(house: House, person: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Claims of a person and what stands on them."""
    both = zip(house.truth("claims"), house.truth("evidence"), strict=True)
    return [(claim, said) for claim, said in both if claim["person"] == person and claim["source"] in SOURCES]


def somebody(house: House, ctx: Context) -> str:
    """Whom the hospital knows, a release has had and the last month brings again, the first one."""
    drops: dict[str, list[tuple[str, bool]]] = {}
    for claim in house.truth("claims"):
        place = str(claim["source"]), str(claim["drop"]).startswith(MONTHS[-1])
        drops.setdefault(str(claim["person"]), []).append(place)
    remember_all(ctx, SOURCES)
    for person, places in sorted(drops.items()):
        if ("kita-hospital", False) in places and 1 < len(places) - sum(last for _, last in places) < len(places):
            found = find(ctx, by_chart(house, person)).values()
            if remembered.had(ctx, {alias for one in found for alias in one.aliases}):
                return person
    raise AssertionError("nobody is in the release")


def by_chart(house: House, person: str) -> Asked:
    """As the hospital's receipt has it."""
    said = next(said for claim, said in their_lines(house, person) if claim["source"] == "kita-hospital")
    return checked([{**dict.fromkeys(FIELDS, ""), **{k: str(v) for k, v in said.items() if k in FIELDS}, "source": ""}])


def heads(ctx: Context) -> pl.DataFrame:
    """Everything in the store that has an alias."""
    parts = [p for p in ctx.zones.store().glob("*/*/*/*/*.parquet") if "alias" in pl.read_parquet_schema(p)]
    return pl.concat([pl.read_parquet(p, columns=["alias", "claim_no"]) for p in parts])


def months(ctx: Context, first: str, last: str, **more: Any) -> Context:
    plan = ctx.plan(PLAN).model_copy(update={"first_month": first, "cutoff_month": last, **more})
    changed = replace(ctx, plans={PLAN: plan})
    changed.__dict__["ledger"] = ctx.ledger
    return changed


def made(ctx: Context, key: str) -> tuple[str, dict[str, Any]]:
    release = releasing.draft(ctx, PLAN, key, actor=ACTOR)
    return release, releasing.make(ctx, release, actor=ACTOR)


def send(house: House, ctx: Context, drops: str) -> int:
    """Receive and take in these drops of every sender; gives how many records were left out."""
    left_out = 0
    for source in SOURCES:
        for drop in sorted((house.root / "senders" / source).glob(drops)):
            shutil.copytree(drop, ctx.zones.inbox(source) / drop.name)
        for batch in intake.receive(ctx, source, actor=ACTOR):
            intake.take_in(ctx, batch, actor=ACTOR)
            (entry,) = ctx.ledger.entries(type="batch.accepted", kind="batch", subject=batch)
            left_out += int(str(entry.payload.get("records_vetoed", 0)))
    return left_out


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Half a year, of which the last month is still to come."""
    write_world(tmp_path, seed=11, people=PEOPLE, months=MONTHS)
    fresh_config(tmp_path)
    return House(tmp_path)


def test_they_are_in_no_table_of_a_new_release_and_nobody_finds_who_left(house: House) -> None:
    ctx = house.open()
    assert send(house, ctx, "2025-0[4-8]-*") == 0
    first, _ = made(months(ctx, MONTHS[0], MONTHS[-2]), "one")
    person, before = somebody(house, ctx), heads(ctx)
    theirs = [claim["drop"].startswith(MONTHS[-1]) for claim, _ in their_lines(house, person)]
    _, done = gone(ctx, by_chart(house, person), veto=True)
    assert (done["releases"], done["scopes"], done["doubtful"]) == ([first], 1, 0)
    assert before.height - heads(ctx).height == theirs.count(False) > 1
    assert int(str(done["rows"])) > theirs.count(False)  # diagnoses, services, drugs

    # the last month comes with them in it
    assert send(house, ctx, f"{MONTHS[-1]}-*") == theirs.count(True) > 0
    assert all(not one.aliases and not one.doubtful for one in find(ctx, by_chart(house, person)).values())

    # the same selection shows who left, and is refused; another one, with which many leave, is not
    with pytest.raises(Refused) as refused:
        made(months(ctx, MONTHS[0], MONTHS[-2]), "two")
    assert refused.value.rule == "release.difference"
    coarse = [ctx.plan(PLAN).tables[0].model_copy(update={"columns": ["sex", "service_month"]})]
    _, facts = made(months(ctx, MONTHS[-1], MONTHS[-1], quasi_identifiers=["sex"], tables=coarse), "three")
    (found,) = facts["earlier_releases"]
    assert found["compared"] is True
    assert not {"veto", "deletion"} & found["gone"]["exposed"].keys()
    assert sum(found["gone"]["by_cause"].get(cause, 0) for cause in ("veto", "deletion")) == 1
