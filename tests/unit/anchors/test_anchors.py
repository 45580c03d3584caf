"""Checkpoints carried elsewhere, to real servers; an old copy that was put back is found at the next anchor."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from demo.servers.s3 import S3Server
from demo.servers.smtp import SmtpServer
from provision import anchors
from provision.anchors import bucket
from provision.anchorsettings import Anchors
from provision.cli import main
from provision.config import load_platform
from provision.context import Context, open_context
from provision.errors import FixConfiguration, LedgerBroken, RetryLater
from provision.ledger import notes
from provision.ledger.cosignature import WitnessKey, cosigned_at
from provision.ledger.signing import Signer
from provision.ledger.verify import verify
from provision.witness.cosigning import Witness
from provision.witness.memory import Memory
from provision.witness.server import server
from tests.support.consignments import Connections
from tests.support.house import ACTOR, House, copy_of_house
from tests.support.servers import s3_server, smtp_server

__all__ = ["s3_server", "smtp_server"]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return copy_of_house(tmp_path / "house")


@pytest.fixture
def own_key(tmp_path: Path) -> Signer:
    return Signer.create(tmp_path / "witness-key", "witness.test/w1")


@pytest.fixture
def address(house: House, own_key: Signer, tmp_path: Path) -> Iterator[str]:
    """A witness that knows the house's log, named in platform.yaml."""
    witness = Witness(own_key, Memory(tmp_path / "state"), [house.open().signer.verifier])
    listening = server(witness, "127.0.0.1", 0)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{listening.server_port}"
    configure(house, witnesses=[{"key": WitnessKey.of(own_key).public, "url": url}])
    yield url
    listening.shutdown()
    listening.server_close()
    thread.join()


def configure(house: House, **settings: Any) -> None:
    house.edit("platform.yaml", lambda p: p.update(anchors=settings))


def anchor(house: House, **connections: str) -> int:
    ctx = open_context(Connections(**connections), folder=house.config, home=house.home)
    return anchors.anchor(ctx, actor=ACTOR)["anchored"]


def write(ctx: Context, count: int = 1, who: str = "tester") -> None:
    for _ in range(count):
        ctx.ledger.append("note.written", actor=who, subjects={}, payload={"n": ctx.ledger.size})


def put_back(copy: Path, house: House) -> None:
    """Restore an old copy of the whole zone, as an administrator would: database, checkpoints, everything."""
    shutil.rmtree(house.home / "ledger")
    shutil.copytree(copy, house.home / "ledger")


# -- witness ---------------------------------------------------------------------------------------------------------


def test_the_checkpoint_carries_the_witness(house: House, own_key: Signer, address: str) -> None:
    assert anchor(house) == 1
    ctx = house.open()
    (entry,) = ctx.ledger.entries(type="ledger.anchored")
    assert entry.payload["places"] == ["witness witness.test/w1"]
    note = ctx.ledger.folder.note(entry.payload["size"])
    assert cosigned_at(note, WitnessKey.of(own_key))
    assert notes.parse(note).root.hex() == entry.payload["root"]
    assert verify(ctx.ledger.place, public_key=ctx.signer.public).ok
    write(ctx, 3)
    assert anchor(house) == 1
    assert cosigned_at(house.open().ledger.folder.note(entry.payload["size"] + 4), WitnessKey.of(own_key))


def test_an_auditor_asks_for_the_witness(
    house: House, own_key: Signer, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anchor(house)
    ctx = house.open()
    size = next(iter(ctx.ledger.entries(type="ledger.anchored"))).payload["size"]
    (tmp_path / "plain.note").write_text(ctx.ledger.checkpoint(ctx.signer))  # of one entry more, not cosigned yet
    (tmp_path / "cosigned.note").write_text(ctx.ledger.folder.note(size))
    words = ["ledger", "verify", "--path", str(ctx.ledger.path), "--key", ctx.signer.public]
    witness = ["--witness", WitnessKey.of(own_key).public]
    for names, code in ((["cosigned.note"], 0), (["plain.note"], 8), (["cosigned.note", "plain.note"], 8), ([], 8)):
        given = [word for name in names for word in ("--checkpoint", str(tmp_path / name))]
        assert main([*words, *witness, *given]) == code, names
    assert "plain.note is not cosigned by witness.test/w1" in capsys.readouterr().out


def test_anchoring_again_changes_nothing_more(house: House, address: str) -> None:
    assert anchor(house) == 1
    assert anchor(house) == 0  # signs over the entry of the first
    ctx = house.open()
    before = (ctx.ledger.size, ctx.ledger.last_note(), list(ctx.ledger.select("SELECT * FROM checkpoint")))
    assert anchor(house) == 0
    ctx = house.open()
    assert before == (ctx.ledger.size, ctx.ledger.last_note(), list(ctx.ledger.select("SELECT * FROM checkpoint")))


def test_an_old_copy_that_was_put_back_is_found_at_the_next_anchor(house: House, address: str, tmp_path: Path) -> None:
    anchor(house)
    anchor(house)
    shutil.copytree(house.home / "ledger", tmp_path / "backup")
    write(house.open(), 3)
    anchor(house)
    put_back(tmp_path / "backup", house)
    ctx = house.open()
    assert verify(ctx.ledger.place, public_key=ctx.signer.public).ok  # in itself nothing is wrong with it
    with pytest.raises(LedgerBroken, match="old copy"):
        anchor(house)


def test_an_old_copy_that_went_on_is_found_too(house: House, address: str, tmp_path: Path) -> None:
    anchor(house)
    shutil.copytree(house.home / "ledger", tmp_path / "backup")
    write(house.open(), 2)
    anchor(house)
    put_back(tmp_path / "backup", house)
    write(house.open(), 9, "another history")
    with pytest.raises(LedgerBroken, match="does not continue"):
        anchor(house)
    assert list(house.open().ledger.entries(type="ledger.anchored"))[1:] == []


def test_a_witness_that_cannot_be_believed_or_reached_is_said_in_words(
    house: House, own_key: Signer, address: str, tmp_path: Path
) -> None:
    stranger = WitnessKey.of(Signer.create(tmp_path / "stranger", "witness.test/w1"))
    cases: list[tuple[str, str, type[Exception], str]] = [
        (stranger.public, address, FixConfiguration, "no signature of its key"),
        (WitnessKey.of(own_key).public, f"{address}/elsewhere", FixConfiguration, "answered 404"),
        (WitnessKey.of(own_key).public, "http://127.0.0.1:1", RetryLater, "does not answer"),
    ]
    for key, url, error, words in cases:
        configure(house, witnesses=[{"key": key, "url": url}])
        with pytest.raises(error, match=words):
            anchor(house)
    assert list(house.open().ledger.entries(type="ledger.anchored")) == []


def test_a_witness_without_network_is_asked_by_hand(
    house: House, own_key: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(house, witnesses=[{"key": WitnessKey.of(own_key).public}])
    monkeypatch.setenv("TOKUMEI_HOME", str(house.home))
    monkeypatch.setenv("TOKUMEI_CONFIG", str(house.config))
    (tmp_path / "log.vkey").write_text(house.open().signer.public)
    assert main(["ledger", "witness-request"]) == 0
    (tmp_path / "request").write_text(capsys.readouterr().out)
    options = ["--key", tmp_path / "witness-key", "--state", tmp_path / "state", "--log", tmp_path / "log.vkey"]
    assert main(["witness", "cosign", str(tmp_path / "request"), *map(str, options)]) == 0
    (tmp_path / "answer").write_text(capsys.readouterr().out)
    assert main(["ledger", "countersign", str(tmp_path / "answer")]) == 0
    assert cosigned_at(house.open().ledger.last_note() or "", WitnessKey.of(own_key))
    write(house.open())
    house.open().ledger.checkpoint(house.open().signer)
    assert main(["ledger", "countersign", str(tmp_path / "answer")]) == 5  # it is of the one before


def test_without_places_nothing_is_written_but_a_checkpoint(house: House) -> None:
    size = house.open().ledger.size
    assert anchor(house) == 0
    assert house.open().ledger.size == size
    assert notes.parse(house.open().ledger.last_note() or "").size == size


# -- mail and bucket -------------------------------------------------------------------------------------------------


def test_auditors_get_note_and_leaves_and_can_verify_with_them(
    house: House, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    configure(house, auditors=["audit@auditors.example", "second@auditors.example"])
    assert anchor(house, tokumei_smtp=smtp_server.connection_json()) == 1
    message = message_from_bytes(smtp_server.messages("audit@auditors.example")[-1].read_bytes(), policy=default)
    assert smtp_server.messages("second@auditors.example")
    for part in message.iter_attachments():
        (tmp_path / str(part.get_filename())).write_bytes(part.get_content())
    ctx = house.open()
    (note,) = tmp_path.glob("*.note")
    assert note.with_suffix(".leaves").stat().st_size % 32 == 0
    assert note.read_text() in str(message.get_body().get_content()).replace("\r\n", "\n")  # type: ignore[union-attr]
    kept = {"checkpoint_notes": [note.read_text()], "kept": [tmp_path]}
    assert verify(ctx.ledger.place, public_key=ctx.signer.public, **kept).ok  # type: ignore[arg-type]


def test_a_locked_bucket_keeps_checkpoints_and_shows_an_old_copy(
    house: House, s3_server: S3Server, tmp_path: Path
) -> None:
    client = s3_server.client()
    client.create_bucket(Bucket="anchors", ObjectLockEnabledForBucket=True)
    configure(house, bucket={"connection": "anchors", "bucket": "anchors", "prefix": "log/", "retain_days": 30})
    connection = {"anchors": s3_server.connection_json()}
    assert anchor(house, **connection) == 1
    shutil.copytree(house.home / "ledger", tmp_path / "backup")
    size = house.open().ledger.size - 1
    locked = client.get_object_retention(Bucket="anchors", Key=f"log/{size}.note")["Retention"]
    assert locked["Mode"] == "COMPLIANCE"
    ctx = open_context(Connections(**connection), folder=house.config, home=house.home)
    place = ctx.platform.anchors.bucket
    assert place is not None
    bucket.put(ctx, place, ctx.ledger.folder.note(size))  # again: what is there stays
    assert len(client.list_object_versions(Bucket="anchors", Prefix=f"log/{size}.note")["Versions"]) == 1
    write(house.open(), 4)
    assert anchor(house, **connection) == 1
    put_back(tmp_path / "backup", house)
    with pytest.raises(LedgerBroken, match="old copy"):
        anchor(house, **connection)
    write(house.open(), 9, "another history")
    with pytest.raises(LedgerBroken, match="not those of the checkpoint in the bucket"):
        anchor(house, **connection)


# -- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"witnesses": [{"key": "nonsense", "url": "https://witness.example"}]},
        {"bucket": {"connection": "a", "bucket": "b", "prefix": "no-slash"}},
        {"bucket": {"connection": "a", "bucket": "b", "retain_days": 0}},
    ],
)
def test_settings_that_do_not_hold_are_named(house: House, settings: dict[str, Any]) -> None:
    assert Anchors() == Anchors(witnesses=[], auditors=[], bucket=None)
    configure(house, **settings)
    platform, problems = load_platform(house.config)
    assert platform is None
    assert "anchors" in problems[0].message
