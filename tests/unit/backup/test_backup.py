"""Saving and restoring: what is in a set and what never is, nothing twice, nothing half, nothing that was destroyed."""

from __future__ import annotations

import io
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import polars as pl
import pyrage
import pytest

from provision import intake
from provision.backup import Set, restoring, sealing, units, verifying
from provision.backup import saving as saving_room
from provision.backup.restoring import Place
from provision.cli import main
from provision.context import Context, open_context
from provision.errors import FixConfiguration, LedgerBroken, Refused, RetryLater, TokumeiError
from provision.keys import FileKeys
from provision.ledger.signing import Signer
from provision.ledger.verify import verify
from provision.persons.asked import Asked
from provision.persons.register import Registered, enter, everybody, reopen
from provision.rotation import rotate
from tests.support.backups import Safe, lose, safe_for
from tests.support.house import ACTOR, House, NoConnections, copy_of_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copy_of_house(tmp_path / "house")


@pytest.fixture
def safe(house: House, tmp_path: Path) -> Safe:
    return safe_for(house.config, tmp_path / "safe")


def contents(safe: Safe, wanted: Set) -> dict[str, bytes]:
    """Everything of a set in clear, read with other means than the product's."""
    found = {}
    for path in (safe.place(wanted) / "units").glob("*.age"):
        plain = pyrage.decrypt(path.read_bytes(), [safe.identity(wanted)])
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            found |= {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    return found


def drop(ctx: Context, content: bytes) -> str:
    """One more batch, received and waiting."""
    folder = ctx.zones.inbox("kita-hospital") / "drop"
    folder.mkdir()
    (folder / "RECEIPTC.UKE").write_bytes(content)
    (folder / "batch.yaml").write_text('period: "2025-10"\nsequence: 1\n')
    (batch,) = intake.receive(ctx, "kita-hospital", actor=ACTOR)
    return batch


def opened(place: Place) -> Context:
    return open_context(NoConnections(), folder=place.config, home=place.home)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_sets_hold_what_they_must_and_no_key_that_encrypts(house: House, safe: Safe) -> None:
    ctx = house.open()
    drop(ctx, b"anything")
    public, secrets = ctx.signer.public, {p.stem: p.read_bytes() for p in (house.home / "vault/keys").glob("*.key")}
    assert any(name.startswith("batch-") for name in secrets)  # a batch waits, so its key is there
    safe.save(ctx)
    data, vault = contents(safe, "data"), contents(safe, "vault")
    assert {name.split("/")[0] for name in data} == {"ledger", "store", "config"}
    assert data["ledger/log.vkey"].decode().strip() == public
    assert {k: v for k, v in data.items() if k.startswith("store/")} == {
        f"store/{name}": found for name, found in tree(house.home / "store").items()
    }
    assert {name.split("/")[1] for name in vault} == {"vault.db", "known_values", "keys"}
    lasting = {name for name in secrets if name.startswith(units.LASTING)}
    assert {Path(name).stem for name in vault if name.startswith("vault/keys/")} == lasting
    for name, secret in secrets.items():
        held = [each for each, found in data.items() if secret.strip() in found]
        held += [each for each, found in vault.items() if secret.strip() in found and name not in lasting]
        assert not held, name
    for wanted in ("data", "vault"):
        identity = (safe.folder / f"{wanted}.txt").read_bytes().splitlines()[-1]
        assert not [n for found in (data, vault) for n, content in found.items() if identity in content]


def test_both_sets_make_the_same_platform_again(house: House, safe: Safe, tmp_path: Path) -> None:
    ctx = house.open()
    root, size, people = ctx.ledger.root(), ctx.ledger.size, ctx.vault.people("hokenja-01")[0].height
    before = tree(house.home / "store")
    safe.save(ctx)
    configuration = tree(house.config)
    lose(house.home, house.config)
    place = Place(tmp_path / "new" / "home", tmp_path / "new" / "config")
    restored = safe.restore("data", place)
    assert restored.ledger_size >= size
    with pytest.raises(Refused, match="vault"):
        intake.receive(opened(place), "kita-hospital", actor=ACTOR)
    safe.restore("vault", place)
    new = opened(place)
    assert new.ledger.root(size) == root
    assert tree(place.home / "store") == before
    assert tree(place.config) == configuration
    assert new.vault.people("hokenja-01")[0].height == people
    assert intake.receive(new, "kita-hospital", actor=ACTOR) == []
    assert verifying.problems(new) == []
    assert {stat.S_IMODE(p.stat().st_mode) for p in place.home.rglob("*") if p.is_dir()} == {0o700}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (place.home / "vault/keys").iterdir()} == {0o600}


def test_the_log_says_so_and_old_checkpoints_are_believed_beside_the_new_key(
    house: House, safe: Safe, tmp_path: Path
) -> None:
    old = house.open().signer
    safe.save(house.open())
    place = Place(tmp_path / "home", tmp_path / "config")
    saved = safe.restore("data", place)
    new = opened(place)
    (entry,) = new.ledger.entries(type="platform.restored")
    assert (entry.payload["set"], entry.payload["size"]) == ("data", saved.ledger_size)
    assert new.signer.public != old.public
    assert verify(new.zones.ledger(), public_key=new.log_keys).ok
    assert not verify(new.zones.ledger(), public_key=new.signer.public).ok, "the old notes are the old key's"
    assert (place.home / "ledger/log.vkey").read_text() == new.log_keys
    # Whoever has the old key signs nothing that is believed any more.
    new.ledger.append("test.more", actor=ACTOR, subjects={}, payload={})
    new.ledger.checkpoint(old)
    assert not verify(new.zones.ledger(), public_key=new.log_keys).ok


def test_a_key_that_was_retired_before_counts_no_longer_after_a_restore(
    house: House, safe: Safe, tmp_path: Path
) -> None:
    stolen = house.open().signer
    rotate(house.open(), "ledger-signing", actor=ACTOR)
    house.open().ledger.append("test.more", actor=ACTOR, subjects={}, payload={})
    ctx = house.open()
    safe.save(ctx, "data")
    (safe.folder / "log.vkey").write_text(ctx.log_keys)
    place = Place(tmp_path / "home", tmp_path / "config")
    safe.restore("data", place)
    ends = {line.partition(" until ")[0]: line for line in opened(place).log_keys.splitlines()}
    assert (
        ends[stolen.public] == {line.partition(" until ")[0]: line for line in ctx.log_keys.splitlines()}[stolen.public]
    )


def test_a_signing_key_that_survived_elsewhere_goes_on(
    house: House, safe: Safe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = tmp_path / "apart" / "signing.key"
    apart.parent.mkdir(mode=0o700)
    shutil.copy(house.home / "vault/keys/ledger-signing.key", apart)
    safe.save(house.open(), "data")
    monkeypatch.setenv("TOKUMEI_SIGNING_KEY", str(apart))
    place = Place(tmp_path / "home", tmp_path / "config")
    safe.restore("data", place)
    new = opened(place)
    assert new.log_keys.splitlines() == [safe.log_key.strip()]
    assert verify(new.zones.ledger(), public_key=new.log_keys).ok


def test_another_backup_key_seals_everything_anew(house: House, safe: Safe, tmp_path: Path) -> None:
    first = safe.save(house.open(), "data")["data"]
    made = pyrage.x25519.Identity.generate()
    house.edit("platform.yaml", lambda said: said.update(backup_key=str(made.to_public())))
    again = safe.save(house.open(), "data")["data"]
    assert (again.written, again.removed) == (first.units, first.units)
    assert restoring.check(safe.place("data"), made, safe.log_key).units == first.units


def test_what_did_not_change_is_not_written_again(house: House, safe: Safe) -> None:
    ctx = house.open()
    first, second = safe.save(ctx, "data")["data"], safe.save(ctx, "data")["data"]
    assert first.written == first.units > 2
    assert (second.units, second.written, second.removed) == (first.units, 1, 1)  # the log
    safe.save(ctx, "vault")
    again = safe.save(ctx, "vault")["vault"]
    assert (again.written, again.removed) == (1, 1)  # vault.db, the copy of a moment


def test_a_batch_that_was_taken_out_is_gone_from_the_backup_and_from_the_restored_machine(
    house: House, safe: Safe, tmp_path: Path
) -> None:
    ctx = house.open()
    entry = next(iter(ctx.ledger.entries(type="batch.accepted")))
    batch, source = entry.subjects["batch"], entry.subjects["source"]
    safe.save(ctx)
    for dataset in ctx.store.datasets(source, batch):
        shutil.rmtree(house.home / "store" / dataset / source / batch)
    with pytest.raises(Refused, match="lacks batch"):
        safe.save(ctx, "data")
    assert any(batch in name for name in contents(safe, "data")), "the last backup stays"
    ctx.ledger.append("store.erased", actor=ACTOR, subjects={"batch": batch, "source": source}, payload={})
    safe.save(ctx, "data")
    assert not [name for name in contents(safe, "data") if batch in name]
    place = Place(tmp_path / "home", tmp_path / "config")
    safe.restore("data", place)
    assert verifying.problems(opened(place)) == []
    assert not list((place.home / "store").rglob(batch))


def test_what_was_received_stays_destroyed_after_a_restore(house: House, safe: Safe, tmp_path: Path) -> None:
    """The backup is of a moment at which the batch still lay there, sealed; then it was taken in and destroyed."""
    ctx = house.open()
    batch = drop(ctx, b"anything")
    safe.save(ctx)
    ctx.keys.destroy(f"batch-{batch}")
    lose(house.home)
    place = Place(tmp_path / "home", house.config.parent / "config-again")
    safe.restore("data", place)
    safe.restore("vault", place)
    new = opened(place)
    assert new.ledger.state("batch", batch) == "received"
    assert not [p for p in place.home.rglob("*") if batch in p.name]
    with pytest.raises(Refused, match="destroyed"):
        intake.take_in(new, batch, actor=ACTOR)
    # The sender still has it, and may send it again.
    folder = new.zones.inbox("kita-hospital") / "again"
    folder.mkdir()
    (folder / "RECEIPTC.UKE").write_bytes(b"anything")
    (folder / "batch.yaml").write_text('period: "2025-10"\nsequence: 1\n')
    assert intake.receive(new, "kita-hospital", actor=ACTOR) == [batch]


def test_a_damaged_log_never_replaces_a_good_backup(house: House, safe: Safe) -> None:
    ctx = house.open()
    safe.save(ctx, "data")
    before = (safe.place("data") / "manifest.age").read_bytes()
    with closing(sqlite3.connect(house.home / "ledger/ledger.db")) as db:
        db.execute("DROP TRIGGER entry_update")
        db.execute("UPDATE entry SET bytes = x'00' WHERE seq = 1")
        db.commit()
    with pytest.raises(LedgerBroken):
        safe.save(house.open(), "data")
    assert (safe.place("data") / "manifest.age").read_bytes() == before


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def _biggest(safe: Safe) -> Path:
    return max((safe.place("data") / "units").iterdir(), key=lambda p: p.stat().st_size)


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (lambda safe: _flip(_biggest(safe)), "backup.damaged"),
        (lambda safe: _biggest(safe).unlink(), "backup.damaged"),
        (lambda safe: _flip(safe.place("data") / "manifest.age"), "backup.damaged"),
        (lambda safe: (safe.folder / "data.txt").write_text((safe.folder / "vault.txt").read_text()), "backup.damaged"),
        (lambda safe: shutil.copy(safe.folder / "other.vkey", safe.folder / "log.vkey"), "backup.signature"),
        (lambda safe: (safe.place("data") / "tokumei-backup.json").unlink(), "backup.place"),
    ],
    ids=["a changed unit", "a missing unit", "a changed list", "another identity", "another log", "no backup"],
)
def test_a_backup_that_is_not_as_it_was_written_restores_nothing(
    house: House, safe: Safe, tmp_path: Path, damage: Callable[[Safe], object], rule: str
) -> None:
    safe.save(house.open(), "data")
    Signer.create(safe.folder / "other")
    (safe.folder / "other.vkey").write_text(Signer.load(safe.folder / "other").public)
    assert restoring.check(safe.place("data"), safe.identity("data"), safe.log_key).units > 2
    damage(safe)
    place = Place(tmp_path / "home", tmp_path / "config")
    for call in (
        lambda: restoring.check(safe.place("data"), safe.identity("data"), safe.log_key),
        lambda: safe.restore("data", place),
    ):
        with pytest.raises(TokumeiError) as refused:
            call()
        assert refused.value.rule == rule
    assert [p for p in (place.home, place.config) if p.exists() and tree(p) and (p / "ledger").exists()] == []


def test_rot_is_found_by_rereading_and_written_again(house: House, safe: Safe) -> None:
    ctx = house.open()
    safe.save(ctx, "data")
    _flip(_biggest(safe))
    with pytest.raises(Refused):
        restoring.check(safe.place("data"), safe.identity("data"), safe.log_key)
    assert safe.save(ctx, "data", reread=True)["data"].written == 2  # what rotted, and the log
    restoring.check(safe.place("data"), safe.identity("data"), safe.log_key)


@pytest.mark.parametrize("moment", ["put_manifest", "prune", "put"])
def test_a_backup_that_dies_leaves_the_last_one_whole(
    house: House, safe: Safe, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    ctx = house.open()
    safe.save(ctx, "data")
    shutil.rmtree(house.home / "vault" / "backups")  # it has forgotten what it wrote: everything is written again

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"provision.backup.target.Target.{moment}", die)
        with pytest.raises(Killed):
            safe.save(ctx, "data")
    assert restoring.check(safe.place("data"), safe.identity("data"), safe.log_key).units > 2
    assert safe.save(ctx, "data")["data"].units > 2
    assert all(p.suffix == ".age" and not p.name.startswith(".") for p in (safe.place("data") / "units").iterdir())


@pytest.mark.parametrize("moment", ["_unpack", "_put_in_place", "_move", "_enter"])
def test_a_restore_that_dies_is_repeated(
    house: House, safe: Safe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    safe.save(house.open())
    place, calls = Place(tmp_path / "home", tmp_path / "config"), 0
    real = getattr(restoring, moment)

    def die_in_the_middle(*given: object) -> None:
        nonlocal calls
        calls += 1
        if moment != "_move" or calls == 3:
            raise KeyboardInterrupt
        real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(restoring, moment, die_in_the_middle)
        with pytest.raises(KeyboardInterrupt):
            safe.restore("data", place)
    safe.restore("data", place)
    safe.restore("data", place)
    safe.restore("vault", place)
    new = opened(place)
    assert len(list(new.ledger.entries(type="platform.restored"))) == 1
    assert verify(new.zones.ledger(), public_key=new.log_keys).ok
    assert verifying.problems(new) == []
    assert tree(place.home / "store") == tree(house.home / "store")


def test_nothing_is_restored_over_anything(house: House, safe: Safe, tmp_path: Path) -> None:
    safe.save(house.open())
    with pytest.raises(Refused, match="not empty: ledger, store"):
        safe.restore("data", Place(house.home, tmp_path / "config"))
    with pytest.raises(Refused, match="configuration"):
        safe.restore("data", Place(tmp_path / "home", house.config))
    with pytest.raises(Refused, match="no log"):
        safe.restore("vault", Place(tmp_path / "home", house.config))
    with pytest.raises(Refused, match="not empty: vault"):
        safe.restore("vault", Place(house.home, house.config))


def test_a_vault_older_than_the_data_is_refused(house: House, safe: Safe, tmp_path: Path) -> None:
    ctx = house.open()
    safe.save(ctx, "vault")
    source = {"source": "kita-hospital"}
    received = {**source, "period": "2025-10", "sequence": 1, "files": 1, "digest": ""}
    accepted = {"rows_in": 1, "rows_out": 1, "tables": {}}
    for state, payload in (("received", received), ("accepted", accepted)):
        ctx.ledger.transition("batch", "Bnew", state, actor=ACTOR, subjects=source, payload=payload)
    ctx.ledger.append("store.erased", actor=ACTOR, subjects={"batch": "Bnew"}, payload={})
    safe.save(ctx, "data")
    place = Place(tmp_path / "home", tmp_path / "config")
    safe.restore("data", place)
    with pytest.raises(Refused, match="before a batch"):
        safe.restore("vault", place)
    safe.save(ctx, "vault")
    safe.restore("vault", place)


def test_vault_and_data_do_not_share_a_place_and_a_place_is_not_shared(
    house: House, safe: Safe, tmp_path: Path
) -> None:
    ctx = house.open()
    safe.save(ctx, "data")
    with pytest.raises(Refused, match="holds the set data"):
        saving_room.backup(ctx, safe.place("data"), "vault", actor=ACTOR)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(Refused, match="other things"):
        saving_room.backup(ctx, tmp_path / "full", "data", actor=ACTOR)
    with pytest.raises(FixConfiguration, match="no such folder"):
        saving_room.backup(ctx, tmp_path / "nowhere", "data", actor=ACTOR)


def test_without_a_key_nothing_is_saved_and_one_key_for_two_purposes_is_a_problem(house: House, tmp_path: Path) -> None:
    from provision.checking import check_all

    (tmp_path / "place").mkdir()
    with pytest.raises(FixConfiguration, match="no key"):
        saving_room.backup(house.open(), tmp_path / "place", "data", actor=ACTOR)
    assert list((tmp_path / "place").iterdir()) == []
    safe_for(house.config, tmp_path / "safe")
    assert check_all(house.config) == []
    house.edit("platform.yaml", lambda said: said.update(backup_key=said["escrow_key"]))
    assert [(p.key, p.what) for p in check_all(house.config)] == [("backup_key", "another purpose has the same key")]


def test_a_private_key_in_the_configuration_stops_the_backup(house: House, safe: Safe) -> None:
    (house.config / "notes.txt").write_text((safe.folder / "data.txt").read_text())
    with pytest.raises(Refused, match="private key") as refused:
        safe.save(house.open(), "data")
    assert "SECRET" not in str(refused.value)


def test_a_file_that_grows_while_it_is_saved_is_no_backup(
    house: House, safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = house.open()
    safe.save(ctx, "data")
    real = sealing._exactly

    def shorter(file: io.BufferedReader, size: int, where: str) -> object:
        return real(file, size - 1, where)

    monkeypatch.setattr(sealing, "_exactly", shorter)
    with pytest.raises(RetryLater, match="changed"):
        safe.save(ctx, "data")
    monkeypatch.undo()
    restoring.check(safe.place("data"), safe.identity("data"), safe.log_key)


def test_two_runs_at_once_do_not_meet(house: House, safe: Safe) -> None:
    ctx = house.open()
    with saving_room._scratch(ctx), pytest.raises(RetryLater, match="another backup"):
        safe.save(ctx, "data")


def test_the_commands(
    house: House, safe: Safe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    (safe.folder / "log.vkey").write_text(house.open().signer.public)
    assert main(["backup", str(safe.place("data"))]) == 0
    assert main(["backup", str(safe.place("vault")), "--vault", "--json"]) == 0
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOKUMEI_CONFIG", str(tmp_path / "config"))
    for name in ("data", "vault"):
        given = ["--identity", str(safe.folder / f"{name}.txt"), "--log-key", str(safe.folder / "log.vkey")]
        assert main(["restore", str(safe.place(name)), *given, "--check"]) == 0  # type: ignore[arg-type]
        assert main(["restore", str(safe.place(name)), *given]) == 0  # type: ignore[arg-type]
    assert main(["ledger", "verify"]) == 0
    said = capsys.readouterr()
    assert "AGE-SECRET" not in said.out + said.err
    assert main(["restore", str(safe.place("data")), "--identity", "nowhere", "--log-key", "nowhere"]) == 5


def test_rows_that_are_missing_are_found(house: House) -> None:
    ctx = house.open()
    assert verifying.problems(ctx) == []
    path = sorted((house.home / "store").rglob("part-00000.parquet"))[0]
    frame = pl.read_parquet(path)
    frame.head(frame.height - 1).write_parquet(path)
    assert len(verifying.problems(ctx)) == 1
    path.write_bytes(b"no parquet")
    assert len(verifying.problems(ctx)) == 1


def test_who_objected_is_known_after_a_restore_and_the_portals_key_lies_apart_from_its_database(
    house: House, safe: Safe, tmp_path: Path
) -> None:
    ctx = house.open()
    asked = Asked.of([{"birth": "19310723", "sex": "2", "insurer": "139998", "number": "7054821"}])
    enter(ctx, Registered("p-1", ("veto",), 3, asked))
    (ctx.zones.vault() / "requests").mkdir(mode=0o700)
    (ctx.zones.vault() / "requests" / "p-2.age").write_bytes(b"waits")
    for zone in ("portal", "access"):
        folder = house.home / zone
        folder.mkdir(mode=0o700, exist_ok=True)
        with closing(sqlite3.connect(folder / f"{zone}.db")) as database:
            database.execute("create table if not exists t (a)")
            database.execute("insert into t values ('架空')")
            database.commit()
    FileKeys(house.home / "portal" / "keys").symmetric("portal")
    safe.save(ctx)
    data, vault = contents(safe, "data"), contents(safe, "vault")
    assert {"portal/portal.db", "access/access.db"} <= data.keys()
    assert "portal/keys/portal.key" in vault
    assert not [name for name in data if "keys" in name]
    assert not [name for name in vault if "requests" in name or "veto-register" in name]
    place = Place(tmp_path / "home", tmp_path / "config")
    for wanted in ("data", "vault"):
        safe.restore(wanted, place)  # type: ignore[arg-type]
    restored = opened(place)
    with pytest.raises(Refused, match="reopen"):
        everybody(restored)  # its key is in no backup
    assert reopen(restored, house.identity("escrow")) == 1
    (again,) = everybody(restored)
    assert (again.id, again.asked.birth) == ("p-1", "19310723")


def test_a_store_that_lost_rows_is_told_from_one_that_people_left(house: House) -> None:
    ctx = house.open()
    alias = ctx.vault.records(ctx.vault.scopes()[0])["alias"][0]
    ctx.store.without([alias])
    assert verifying.problems(ctx)
    said = {"asks": ["deletion"], "basis": "policy", "reference": "R-1", "rows": 1, "releases": []}
    for state in ("asked", "agreed", "done"):
        ctx.ledger.transition("request", "p-1", state, actor=ACTOR, payload=said)
    assert verifying.problems(ctx) == []
    shutil.rmtree(next((house.home / "store").rglob("batch.json")).parent)
    assert verifying.problems(ctx), "but a whole batch does not go that way"
