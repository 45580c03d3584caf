"""The gate within a release: planted leaks stop it for good, are named by column and kind, and show up nowhere.

The detectors have tests of their own; here it counts that real made tables pass through them and what follows.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from provision import approvals, releasing
from provision.errors import GateStopped, Refused
from provision.releasing import making
from tests.support.house import ACTOR, House

PLAN = "claims-for-university"


def planted(house: House) -> dict[tuple[str, str], tuple[str, str]]:
    """Column of a table -> what is put into one of its rows, and the kind under which it is found."""
    person = next(p for p in house.truth("people") if _ill(house, p))
    surname, given = person["names"][0]  # type: ignore[index, misc]
    birth = str(person["birth"])
    return {
        ("claim", "claim_type"): (f"{surname}{given}", "known_value"),
        ("claim", "service_month"): (f"{birth[:4]}-{birth[4:6]}-{birth[6:]}", "birth_date"),
        ("diagnosis", "disease_code"): (str(person["phone"]), "known_value"),
        ("service", "service_category"): ("090-1234-5678", "telephone"),
        ("diagnosis", "outcome"): ("taro.yamada@hospital.example.jp", "email"),
        ("diagnosis", "main_disease"): ("123456789018", "my_number"),
        ("service", "procedure_code"): ("100-0001", "zip7"),
    }


def _ill(house: House, person: dict[str, object]) -> bool:
    """Somebody the hospital wrote about, with a telephone."""
    seen = {c["person"] for c in house.truth("claims") if c["source"] == "kita-hospital"}
    return person["person"] in seen and bool(person["phone"])


def plant(leaks: dict[tuple[str, str], tuple[str, str]]) -> Callable[..., dict[str, pl.DataFrame]]:
    """Tables as they are made, with every leak in one row of its column."""
    real = making.make_tables

    def make_tables(*arguments: Any) -> dict[str, pl.DataFrame]:
        frames = dict(real(*arguments))
        for (table, column), (value, _) in leaks.items():
            here = pl.int_range(pl.len()) == 3
            mixed = pl.when(here).then(pl.lit(value)).otherwise(pl.col(column).cast(pl.String))
            frames[table] = frames[table].with_columns(mixed.alias(column))
        return frames

    return make_tables


def everything_written(house: House) -> bytes:
    """Ledger, verdict and everything else of the home but vault, store and the made payload itself."""
    kept = [p for p in house.home.rglob("*") if p.is_file() and not {"vault", "store", "bag"} & set(p.parts)]
    return b"".join(path.read_bytes() for path in kept)


def test_planted_leaks_stop_the_release_for_good(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    leaks = planted(house)
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    with monkeypatch.context() as patch:
        patch.setattr(making, "make_tables", plant(leaks))
        releasing.make(ctx, release, actor=ACTOR)
    with pytest.raises(GateStopped) as stopped:
        releasing.gate(ctx, release, actor=ACTOR)
    with pytest.raises(GateStopped):
        releasing.gate(house.open(), release, actor="again")

    (rejected,) = ctx.ledger.entries(type="release.rejected")
    found = {(f["where"], f["kind"]) for f in rejected.payload["verdict"]["failures"]}
    for (table, column), (_, kind) in leaks.items():
        assert (f"{table}.{column} (parquet)", kind) in found
        assert (f"{table}.{column} (parquet)", "domain") in found
    assert "claim.claim_type (parquet) (known_value)" in str(stopped.value)
    verdict = json.loads((ctx.zones.release(release) / "verdict.json").read_text("utf-8"))
    assert verdict == rejected.payload["verdict"]

    assert ctx.ledger.state("release", release) == "rejected"
    digest = str(rejected.payload["digest"])
    for step in (
        lambda: approvals.decide(ctx, release, login="officer1", digest=digest, approve=True, reason=""),
        lambda: releasing.publish(ctx, release, actor=ACTOR),
        lambda: releasing.deliver(ctx, release, actor=ACTOR),
    ):
        with pytest.raises(Refused):
            step()
    assert approvals.pending(ctx) == []

    shown = everything_written(house) + str(stopped.value).encode() + caplog.text.encode()
    shown += "".join(capfd.readouterr()).encode()
    assert [value for value, _ in leaks.values() if value.encode() in shown] == []


def test_a_name_in_the_title_of_a_plan_stops_it(house: House) -> None:
    """Documents are read as well: what a person wrote into the configuration leaves with the payload."""
    surname, given = next(p for p in house.truth("people") if _ill(house, p))["names"][0]  # type: ignore[index, misc]
    house.edit(f"releases/{PLAN}.yaml", lambda plan: plan["title"].update(ja=f"{surname}{given}様の症例"))
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    with pytest.raises(GateStopped) as stopped:
        releasing.gate(ctx, release, actor=ACTOR)
    assert "known_value" in str(stopped.value)
    assert str(given) not in str(stopped.value)


@pytest.fixture
def made(house: House) -> tuple[str, Path]:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    return release, making.made_folder(ctx, release) / "bag"


def test_clean_tables_pass_and_the_verdict_stays(house: House, made: tuple[str, Path]) -> None:
    release, _ = made
    verdict = releasing.gate(house.open(), release, actor=ACTOR)
    assert (verdict["passed"], verdict["known_values"], verdict["failures"]) == (True, "checked", [])
    assert releasing.gate(house.open(), release, actor="again") == verdict
    assert len(list(house.open().ledger.entries(type="release.gated"))) == 1


@pytest.mark.parametrize("what", ["byte", "extra", "missing"])
def test_a_payload_that_is_not_the_made_one_is_rejected(house: House, made: tuple[str, Path], what: str) -> None:
    release, bag = made
    table = bag / "data/tables/diagnosis.parquet"
    if what == "byte":
        table.write_bytes(table.read_bytes()[:-1] + b"0")
    elif what == "extra":
        (bag / "data/tables/extra.csv").write_text("a\r\n1\r\n")
    else:
        table.unlink()
    with pytest.raises(GateStopped):
        releasing.gate(house.open(), release, actor=ACTOR)
    assert house.open().ledger.state("release", release) == "rejected"


def test_without_the_known_values_of_every_batch_nothing_passes(house: House, made: tuple[str, Path]) -> None:
    release, _ = made
    (entry,) = house.open().ledger.entries(type="release.made")
    index = house.home / "vault" / "known_values" / f"{entry.payload['batches'][-1]}.npy"
    index.rename(house.root / "away.npy")
    with pytest.raises(GateStopped, match="known-value index"):
        releasing.gate(house.open(), release, actor=ACTOR)
    assert house.open().ledger.state("release", release) == "made"
    shutil.move(house.root / "away.npy", index)
    assert releasing.gate(house.open(), release, actor=ACTOR)["known_values"] == "checked"


def test_what_was_never_made_is_not_gated(house: House) -> None:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    for name in (release, "r-nothing"):
        with pytest.raises(GateStopped):
            releasing.gate(ctx, name, actor=ACTOR)
    assert ctx.ledger.state("release", release) == "drafted"
