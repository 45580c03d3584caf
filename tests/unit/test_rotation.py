"""鍵の交代 and the compromise drill: each key made anew, and what whoever has the former one can still do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from expectations.known_values import KnownValues, UnusableIndex, fold, write_index
from provision import logkeys, rotation
from provision.cli import main
from provision.errors import FixConfiguration, Refused
from provision.intake.fingerprints import forget, index_keys, index_path
from provision.intake.keying import scope
from provision.keys import signing_key_path
from provision.ledger.signing import Signer
from provision.ledger.verify import verify
from provision.releasing.gating import _known
from provision.retention.periods import end_period
from tests.support.house import ACTOR, House, copy_of_house

SOURCE = "minato-city"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copy_of_house(tmp_path / "house")


def rotate(house: House, name: str, **how: object) -> str:
    return rotation.rotate(house.open(), name, actor=ACTOR, **how)  # type: ignore[arg-type]


def sound(house: House, keys: str | None = None) -> bool:
    ctx = house.open()
    return verify(ctx.zones.ledger(), public_key=keys or ctx.log_keys).ok


def thief(house: House, tmp_path: Path) -> Signer:
    """Whoever copied the signing key."""
    path = tmp_path / "stolen.key"
    path.write_bytes(signing_key_path(house.open().keys).read_bytes())
    path.chmod(0o600)
    return Signer.load(path)


# -- the log's key ---------------------------------------------------------------------------------------------------


def test_old_checkpoints_stay_believed_and_the_former_key_vouches_for_the_next(house: House) -> None:
    old = house.open().signer
    before = {p.name: p.read_text() for p in (house.home / "ledger/checkpoints").glob("*.note")}
    rotate(house, "ledger-signing")
    ctx = house.open()
    assert ctx.signer.public != old.public
    assert sound(house)
    (entry,) = ctx.ledger.entries(type=rotation.ROTATED)
    assert (entry.payload["former"], entry.payload["new"]) == (old.public, ctx.signer.public)
    note = ctx.ledger.last_note()
    assert note is not None
    assert note.count("\n— ") == 2, "one size, signed by both"
    assert before.items() <= {p.name: p.read_text() for p in (house.home / "ledger/checkpoints").glob("*.note")}.items()
    assert (house.home / "ledger/log.vkey").read_text() == ctx.log_keys
    # An auditor who has the former key alone still verifies everything up to the rotation, and learns the next one.
    assert sound(house, f"{old.public}\n")
    rotate(house, "ledger-signing")
    assert sound(house)
    assert len(house.open().log_keys.splitlines()) == 3


def test_drill_a_stolen_signing_key_signs_nothing_that_is_believed(house: House, tmp_path: Path) -> None:
    stolen = thief(house, tmp_path)
    rotate(house, "ledger-signing")
    ctx = house.open()
    ctx.ledger.append("forged.entry", actor="thief", subjects={}, payload={})
    ctx.ledger.checkpoint(stolen)
    assert not sound(house)
    assert sound(house, f"{ctx.signer.public}\n{stolen.public}\n") is True, "without its end the former key would count"


def test_the_former_key_is_gone_from_the_disk(house: House) -> None:
    path = signing_key_path(house.open().keys)
    former = path.read_bytes()
    rotate(house, "ledger-signing")
    assert not [p for p in (house.home / "vault").rglob("*") if p.is_file() and former in p.read_bytes()]
    assert sorted(p.suffix for p in path.parent.glob("ledger-signing.*")) == [".key", ".retired"]


@pytest.mark.parametrize("moment", ["os.link", "os.replace", "logkeys.retire", "erase"])
def test_a_rotation_that_dies_is_run_again(house: House, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    class Killed(BaseException):
        pass

    def die(*given: object, **_: object) -> None:
        if moment != "erase" or os.path.exists(str(given[0])):
            raise Killed

    old = house.open().signer.public
    with monkeypatch.context() as patch:
        patch.setattr(f"provision.rotation.{moment}", die)
        with pytest.raises(Killed):
            rotate(house, "ledger-signing")
    ctx = house.open()
    ctx.ledger.append("test.meanwhile", actor=ACTOR, subjects={}, payload={})
    ctx.ledger.checkpoint(ctx.signer)
    assert sound(house)
    rotate(house, "ledger-signing")
    assert sound(house)
    assert house.open().signer.public != old


def test_a_lost_key_is_replaced_only_with_its_public_part_at_hand(house: House, tmp_path: Path) -> None:
    kept = house.open().log_keys
    signing_key_path(house.open().keys).unlink()
    with pytest.raises(FixConfiguration, match="not here"):
        _ = house.open().signer
    with pytest.raises(FixConfiguration, match="not here"):
        rotate(house, "ledger-signing")
    rotate(house, "ledger-signing", lost=kept)
    assert sound(house)
    (entry,) = house.open().ledger.entries(type=rotation.ROTATED)
    assert entry.payload["lost"] is True


def test_retired_lines_say_until_when_and_nothing_else_is_a_key(tmp_path: Path) -> None:
    path = tmp_path / "s.key"
    signer = Signer.create(path)
    logkeys.retire(path, [signer.public], 5)
    assert logkeys.retired(path) == [f"{signer.public} until 5"]
    logkeys.retire(path, [f"{signer.public} until 3"], 9)
    assert logkeys.retired(path) == [f"{signer.public} until 3"]
    with pytest.raises(FixConfiguration):
        logkeys.retire(path, [f"{signer.public} until never"], 9)


# -- fingerprints ----------------------------------------------------------------------------------------------------


def received(house: House) -> list[str]:
    return sorted(p.stem for p in (house.home / "vault/known_values").glob("*.npy"))


def test_the_gate_looks_under_former_keys_as_well(house: House) -> None:
    ctx = house.open()
    name = fold("name", "架空花子")
    write_index(index_path(ctx, "Bold"), [name], index_keys(ctx)[0])
    rotate(house, "known-values")
    rotate(house, "known-values")
    ctx = house.open()
    write_index(index_path(ctx, "Bnew"), [fold("name", "仮野小鳥")], index_keys(ctx)[0])
    known = _known(ctx, "r-1", ["Bold", "Bnew", "Bgone", *received(house)], ACTOR)
    assert known.gone == 1
    assert known.hits(["架空花子", "仮野小鳥", "誰でもない"]) == [True, True, False]
    assert len(set(index_keys(ctx))) == 3
    people = pl.DataFrame({"name": ["架空花子"]})
    assert forget(ctx, "Bold", people, ["name"]) == 1, "a person is erased from indexes of former keys, too"
    assert _known(ctx, "r-1", ["Bold"], ACTOR).hits(["架空花子"]) == [False]


def test_drill_after_a_stolen_fingerprint_key_nothing_is_left_to_ask(house: House) -> None:
    ctx = house.open()
    stolen, batches = index_keys(ctx)[0], received(house)
    paths = [index_path(ctx, batch) for batch in batches]
    assert KnownValues(paths, stolen).size > 0
    said = rotate(house, "known-values", compromised=True)
    assert str(len(batches)) in said
    assert received(house) == []
    assert house.open().keys.names().count("known-values") == 1
    known = _known(house.open(), "r-1", batches, ACTOR)
    assert (known.gone, known.size) == (len(batches), 0), "the verdict says that they are not available"
    write_index(index_path(ctx, "Bnew"), [fold("name", "架空花子")], index_keys(house.open())[0])
    with pytest.raises(UnusableIndex):
        KnownValues([index_path(ctx, "Bnew")], stolen)


# -- link keys -------------------------------------------------------------------------------------------------------


def test_drill_a_stolen_link_key_finds_nobody_in_the_vault(house: House) -> None:
    """Tokens cannot be keyed anew, so the period ends: the vault forgets them, and later batches have other keys."""
    ctx = house.open()
    source = ctx.source(SOURCE)
    name = f"link-{scope(source)}"
    stolen = ctx.keys.symmetric(name)
    with pytest.raises(Refused, match="end-period"):
        rotate(house, name)
    assert ctx.vault.records(scope(source)).height > 0
    end_period(ctx, scope(source), reason="鍵の漏えい", with_store=False, actor=ACTOR)
    assert ctx.vault.records(scope(source)).height == 0
    assert house.open().keys.symmetric(name) != stolen


# -- the rest --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["claim-group-x", "batch-B1", "quarantine-B1", "veto-register", "request-p-1"])
def test_keys_that_cannot_be_made_anew_say_what_to_do(house: House, name: str) -> None:
    with pytest.raises(Refused, match="cannot be made anew") as refused:
        rotate(house, name)
    assert refused.value.remedy


@pytest.mark.parametrize("name", ["portal", "known-values-7", "acknowledgement"])
def test_no_such_key(house: House, name: str) -> None:
    with pytest.raises(Refused):
        rotate(house, name)
    assert name not in house.open().keys.names()


@pytest.mark.parametrize("name", ["landing-marks", "acknowledgement"])
def test_keys_that_are_simply_made_again(house: House, name: str) -> None:
    before = house.open().keys.symmetric(name)
    assert rotate(house, name)
    assert house.open().keys.symmetric(name) != before


def test_what_the_holder_of_the_escrow_key_can_open(house: House) -> None:
    ctx = house.open()
    escrow = ctx.platform.escrow_key
    ctx.ledger.append(
        "delivery.sealed", actor=ACTOR, subjects={"delivery": "o-1", "release": "r-1", "recipient": "x"},
        payload={"files": [{"name": "a.zip.age"}], "keys": ["age1other", escrow]},
    )  # fmt: skip
    (found,) = rotation.exposed(ctx, escrow)
    assert (found.order, found.still_here) == ("o-1", False)
    (ctx.zones.outbox("o-1") / "a.zip.age").touch()
    assert [e.still_here for e in rotation.exposed(ctx, escrow)] == [True]
    assert list(rotation.exposed(ctx, "age1nobody")) == []


def test_the_commands(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    monkeypatch.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", raising=False)
    secrets = [p.read_text().split("\n")[-1] or p.read_text() for p in (house.home / "vault/keys").glob("*.key")]
    assert main(["keys", "list"]) == 0
    assert main(["keys", "rotate", "ledger-signing"]) == 0
    assert main(["keys", "list", "--json"]) == 0
    assert main(["keys", "exposed", house.open().platform.escrow_key]) == 0
    assert main(["keys", "rotate", "nothing"]) == 6
    assert main(["keys", "wrap"]) == 5
    assert main(["ledger", "verify"]) == 0
    said = capsys.readouterr().out
    assert "signed checkpoints up to entry" in said
    assert not [secret for secret in secrets if len(secret) > 20 and secret in said]


def test_every_key_of_a_house_has_a_purpose(house: House) -> None:
    purposes: list[Callable[[], object]] = [
        lambda name=name: rotation.kind_of(name) for name in house.open().keys.names()
    ]  # type: ignore[misc]
    assert len(purposes) > 4
    assert all(purpose() for purpose in purposes)
