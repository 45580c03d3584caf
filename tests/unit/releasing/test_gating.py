"""The gate within a release: planted leaks stop it for good, are named by column and kind, and show up nowhere.

The detectors have tests of their own; here it counts that real made tables pass through them and what follows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from provision import approvals, cli, releasing
from provision.errors import GateStopped, Refused
from provision.releasing import gating, making, twin, verdicts
from provision.releasing.patients import PATIENTS
from provision.releasing.tables import Numbering
from tests.support.house import ACTOR, House
from tests.support.verdicts import gate_without_engine

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
    findings = verdict.pop("findings")
    assert verdict == rejected.payload["verdict"]
    assert len(findings) == verdict["expectations"]

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


def test_known_values_that_are_gone_are_said(house: House, made: tuple[str, Path]) -> None:
    """Officers see it; one that is there and damaged is no answer at all. Every look is in the log."""
    release, _ = made
    (entry,) = house.open().ledger.entries(type="release.made")
    index = house.home / "vault" / "known_values" / f"{entry.payload['batches'][-1]}.npy"
    whole = index.read_bytes()
    index.write_bytes(whole[:-8])
    with pytest.raises(GateStopped, match="known-value index"):
        releasing.gate(house.open(), release, actor=ACTOR)
    assert house.open().ledger.state("release", release) == "made"
    index.unlink()
    assert releasing.gate(house.open(), release, actor=ACTOR)["known_values"] == "not available"
    assert approvals.request(house.open(), release).verdict["known_values"] == "not available"
    asked = [dict(e.payload) for e in house.open().ledger.entries(type="known_values.asked")]
    size = len(entry.payload["batches"])
    assert [(one["batches"], one["gone"]) for one in asked] == [(size, 0), (size - 1, 1)]


def test_the_verdict_has_its_evidence(house: House, made: tuple[str, Path]) -> None:
    """Canaries went through the rules, none was left; the order of every table and number was measured."""
    release, _ = made
    verdict = releasing.gate(house.open(), release, actor=ACTOR)
    canaries = verdict["canaries"]
    assert isinstance(canaries, dict)
    assert canaries["planted"] > 100
    assert canaries["survived"] == 0
    assert canaries["found"] > 0.9 * canaries["planted"]
    ctx = house.open()
    rules = verdict["canary_rules"]
    assert isinstance(rules, dict)
    named = {use.rule for use in ctx.profile(ctx.plan(PLAN).profile).rules}
    assert {*rules["exercised"], *rules["crowd"], *rules["nothing"]} == named
    (entry,) = house.open().ledger.entries(type="release.made")
    tables = {"claim", "diagnosis", "service"}
    numbers = {f"{table}.{number}" for table in tables for number in ("person_number", "claim_number")}
    assert entry.payload["row_order"].keys() == tables | numbers


def test_rows_in_the_order_of_the_source_stop(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    with monkeypatch.context() as patch:
        patch.setattr(Numbering, "order", lambda _, size: np.arange(size))
        releasing.make(ctx, release, actor=ACTOR)
    with pytest.raises(GateStopped):
        releasing.gate(ctx, release, actor=ACTOR)
    (rejected,) = ctx.ledger.entries(type="release.rejected")
    stopped = {f["where"] for f in rejected.payload["verdict"]["failures"]}
    assert stopped >= {"claim", "diagnosis", "service"}
    assert {f["expectation"] for f in rejected.payload["verdict"]["failures"]} == {"ExpectRowOrderToTellNothing"}


def test_a_rule_that_forgets_a_field_stops_every_release(
    house: House, made: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payload is clean, because no patient of this world has one; the fictitious patients do."""
    release, _ = made
    real = twin.make_tables

    def leaky(*arguments: Any) -> dict[str, pl.DataFrame]:
        frames = real(*arguments)
        leak = pl.lit(PATIENTS[0].name).alias("outcome")
        return frames | {"diagnosis": frames["diagnosis"].with_columns(leak)}

    monkeypatch.setattr(twin, "make_tables", leaky)
    with pytest.raises(GateStopped):
        releasing.gate(house.open(), release, actor=ACTOR)
    (rejected,) = house.open().ledger.entries(type="release.rejected")
    assert {f["expectation"] for f in rejected.payload["verdict"]["failures"]} == {"ExpectCanariesToBeGone"}


def test_the_twin_leaves_nothing_behind(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(house.home.rglob("*"))
    ctx = house.open()
    found = twin.twin(ctx, ctx.plan(PLAN)).canaries
    assert found["medical-claims.claim.patient_name"].strong
    assert sorted(house.home.rglob("*")) == before
    assert not list(tmp_path.glob("tokumei-twin-*"))


def test_a_verdict_expires_with_detectors_and_profile(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody approves on an expired verdict; gating again is one command, and approvals of these bytes stay."""
    release = gate_without_engine(house, PLAN, monkeypatch)
    digest = approvals.request(house.open(), release).digest

    def approve(login: str) -> None:
        approvals.decide(house.open(), release, login=login, digest=digest, approve=True, reason="")

    approve("officer1")
    with monkeypatch.context() as patch:
        patch.setattr(verdicts, "gate_version", lambda: "another")
        with pytest.raises(Refused, match=f"tokumei gate {release}"):
            approve("officer2")
    profile = f"profiles/{house.open().plan(PLAN).profile}.yaml"
    house.edit(profile, lambda one: one["title"].update(en="Changed"))
    with pytest.raises(Refused) as refused:
        approve("officer2")
    assert refused.value.rule == "approval.verdict"
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    assert cli.main(["gate", release, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["passed"], said["failures"], said["known_values"]) == (True, [], "checked")
    assert verdicts.expired(house.open(), release) == ""
    approve("officer2")
    assert house.open().ledger.state("release", release) == "approved"


def test_what_a_later_verdict_stops_does_not_go_out(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An approved payload that was changed on the disk: gated again it ends, with exit code 3 and a printed verdict."""
    release = gate_without_engine(house, PLAN, monkeypatch)
    digest = approvals.request(house.open(), release).digest
    for login in ("officer1", "officer2"):
        approvals.decide(house.open(), release, login=login, digest=digest, approve=True, reason="")
    (making.made_folder(house.open(), release) / "bag/data/tables/extra.csv").write_text("a\r\n1\r\n")
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    assert cli.main(["gate", release]) == 3
    printed = capsys.readouterr()
    assert printed.out.startswith("stopped: 1 expectations")
    assert "bag.files_not_as_listed" in printed.out
    assert house.open().ledger.state("release", release) == "failed"
    with pytest.raises(Refused):
        releasing.publish(house.open(), release, actor=ACTOR)


def test_approvals_do_not_cover_a_verdict_without_known_values(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    release = gate_without_engine(house, PLAN, monkeypatch)
    digest = approvals.request(house.open(), release).digest
    for login in ("officer1", "officer2"):
        approvals.decide(house.open(), release, login=login, digest=digest, approve=True, reason="")
    assert approvals.standing(house.open(), release).complete
    for index in (house.home / "vault" / "known_values").iterdir():
        index.unlink()
    assert releasing.gate(house.open(), release, actor=ACTOR)["known_values"] == "checked"  # it was, and still holds
    gating.gate(house.open(), release, actor=ACTOR, again=True)
    assert not approvals.standing(house.open(), release).complete


def test_what_was_never_made_is_not_gated(house: House) -> None:
    ctx = house.open()
    release = releasing.draft(ctx, PLAN, "run-1", actor=ACTOR)
    for name in (release, "r-nothing"):
        with pytest.raises(GateStopped):
            releasing.gate(ctx, name, actor=ACTOR)
    assert ctx.ledger.state("release", release) == "drafted"
