"""Landing on real servers: what holds for our own inbox holds for a bucket and an SFTP folder, and networks break."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from paramiko import SFTPClient

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from provision.connections import Resolver
from provision.context import Context
from provision.errors import FixConfiguration, Quarantined, RetryLater
from provision.intake import receive, take_in
from provision.intake.landing.base import Drop, Item
from provision.intake.landing.bucket import Bucket, BucketDrop
from provision.intake.landing.sftp import SftpDrop
from provision.intake.quarantine import key_name
from provision.intake.sealed import opened, read_manifest
from tests.support.archives import gzipped, seven_zipped, tarred, zipped
from tests.support.consignments import Connections
from tests.support.intake import ACTOR, drop, heads, hospital, in_clear, platform
from tests.support.landings import Sender, bucket_sender, send, sftp_sender
from tests.support.proxy import CuttingProxy
from tests.support.uke import CHART, KANA, NAME, Claim, file

SOURCE = "test-hospital"
PLANTED = (NAME, NAME.split("　")[0], KANA, CHART)


@pytest.fixture(params=["bucket", "sftp"])
def sender(request: pytest.FixtureRequest) -> Sender:
    if request.param == "bucket":
        return bucket_sender(request.getfixturevalue("s3_server"))
    return sftp_sender(request.getfixturevalue("sftp_server"))


def opened_platform(
    home: Path, sender: Sender, resolver: Resolver | None = None, source: dict[str, Any] | None = None, **settings: Any
) -> Context:
    landing = sender.settings(**settings)
    ctx = platform(home, hospital(landing=landing, **(source or {})))
    return replace(ctx, resolver=resolver or Connections(sender=sender.connection()))


@pytest.fixture
def ctx(tmp_path: Path, sender: Sender) -> Context:
    return opened_platform(tmp_path / "home", sender)


def received(ctx: Context) -> list[str]:
    return receive(ctx, SOURCE, actor=ACTOR)


def entries(ctx: Context, kind: str) -> list[dict[str, Any]]:
    return [entry.payload for entry in ctx.ledger.entries(type=kind)]


def test_a_drop_becomes_a_batch_and_goes(ctx: Context, sender: Sender) -> None:
    send(sender, NAME, {f"{NAME}様.UKE": file(), "sub/second.UKE": file(Claim(points=5)), "sub/.DS_Store": b"x"})
    (batch,) = received(ctx)
    assert sender.names() == []
    assert in_clear(ctx.zones.home, *PLANTED, "second") == []
    sealed, identity = ctx.zones.landing() / batch, ctx.keys.identity(f"batch-{batch}")
    manifest = {item.name: item for item in read_manifest(sealed, identity)}
    assert set(manifest) == {f"{NAME}様.UKE", "sub/second.UKE"}
    with opened(sealed / manifest[f"{NAME}様.UKE"].sealed_name(), identity) as stream:
        assert stream.read() == file()
    assert entries(ctx, "batch.received")[0]["left_out"] == 1
    assert take_in(ctx, batch, actor=ACTOR)["rows_in"] > 0
    assert received(ctx) == []


def test_the_same_drop_in_our_inbox_is_the_same_batch(ctx: Context, sender: Sender, tmp_path: Path) -> None:
    send(sender, "d", {"a.UKE": file()})
    (batch,) = received(ctx)
    ours = platform(tmp_path / "other home", hospital())
    drop(ours, SOURCE, {"packed.zip": zipped({"b.UKE": file()})})
    assert received(ours) == [batch]


def test_a_drop_without_its_marker_is_left_alone(ctx: Context, sender: Sender) -> None:
    send(sender, "d", {"a.UKE": file()}, card="")
    sender.put("batch.yaml", b"x")
    assert received(ctx) == []
    assert sender.names() == ["batch.yaml", "d/a.UKE"]
    assert ctx.ledger.size == 0


def test_archives_are_opened_on_the_way(tmp_path: Path, sender: Sender) -> None:
    connections = Connections(sender=sender.connection(), archives=json.dumps({"password": "pass word"}))
    ctx = opened_platform(tmp_path / "home", sender, connections, {"archive_connection": "archives"})
    locked = seven_zipped(tmp_path / "packing", {f"{NAME}.UKE": file()}, "-ppass word", "-mem=AES256")
    inner = gzipped(tarred({"b.UKE": file(Claim(points=5))}))
    send(sender, "d", {"1.zip": locked, "2.zip": zipped({"in.tgz": inner, "__MACOSX/x": b"x"})})
    (batch,) = received(ctx)
    (payload,) = entries(ctx, "batch.received")
    assert (payload["files"], payload["archives"], payload["left_out"]) == (2, 4, 1)
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 0
    assert heads(ctx, batch).height == 2
    assert in_clear(ctx.zones.home, *PLANTED) == []


def test_a_drop_that_is_refused_goes_to_quarantine_as_it_was_sent(ctx: Context, sender: Sender) -> None:
    broken = zipped({f"{NAME}.UKE": file()})[:-5]
    send(sender, "bad", {"1.UKE": file(), "2.zip": broken})
    send(sender, "good", {"a.UKE": file(Claim(points=3))}, card='period: "2025-06"\nsequence: 1\n')
    assert len(received(ctx)) == 1
    assert sender.names() == []
    (folder,) = (f for f in ctx.zones.quarantine().iterdir() if f.is_dir())
    (problem,) = json.loads((folder / "report.json").read_text("utf-8"))
    assert (problem["file"], problem["rule"]) == ("drop 1, file 2, entry 1", "archive.broken")
    identity = ctx.keys.identity(key_name(folder.name))
    (item,) = [i for i in read_manifest(folder, identity) if i.name == "2.zip"]
    with opened(folder / item.sealed_name(), identity) as stream:
        assert stream.read() == broken
    assert in_clear(ctx.zones.home, *PLANTED) == []


def test_a_kept_drop_is_received_once_and_the_log_does_not_grow(tmp_path: Path, sender: Sender) -> None:
    ctx = opened_platform(tmp_path / "home", sender, after="keep")
    send(sender, "d", {"a.UKE": file()})
    send(sender, "bad", {"a.UKE": b"x"}, card="sequence: 1")
    send(sender, "twin", {"b.UKE": file()})
    (batch,) = received(ctx)
    there, size = sender.names(), ctx.ledger.size
    assert len(there) == 6
    assert [len(entries(ctx, kind)) for kind in ("batch.duplicate", "drop.quarantined")] == [1, 1]
    assert received(ctx) == [batch]
    take_in(ctx, batch, actor=ACTOR)
    after = ctx.ledger.size
    assert received(ctx) == []
    assert (ctx.ledger.size, sender.names(), after > size) == (after, there, True)
    send(sender, "d", {"a.UKE": file(Claim(points=8)), "more": b"."})  # another drop under the old name
    with pytest.raises(Quarantined, match=r"receive\.sequence"):
        received(ctx)


def _other_drop(sender: Sender) -> None:
    send(sender, "d", {"a.UKE": file(Claim(points=4, name="架空　次郎"))}, card="")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_file_that_changes_while_it_is_received(
    ctx: Context, sender: Sender, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Changed between looking and fetching, and changed when it had been fetched."""
    send(sender, "d", {"a.UKE": file()})
    changes = iter([lambda: _other_drop(sender)])

    def around(kind: type[Any]) -> None:
        real = kind.open

        @contextmanager
        def changing(self: Drop, item: Item) -> Iterator[BinaryIO]:
            change = next(changes, None) if item.name == "a.UKE" else None
            if change and moment == "before":
                change()
            fetching: AbstractContextManager[BinaryIO] = real(self, item)
            with fetching as stream:
                yield stream
            if change and moment == "after":
                change()

        monkeypatch.setattr(kind, "open", changing)

    around(BucketDrop)
    around(SftpDrop)
    with pytest.raises(Quarantined):
        received(ctx)
    assert [p["rule"] for p in entries(ctx, "drop.quarantined")] == ["receive.changed"]
    assert [p.name for p in ctx.zones.landing().iterdir()] == []
    assert sender.names() == []


class Killed(BaseException):
    """The task dies here."""


@pytest.mark.parametrize("number", [1, 3])
def test_dying_while_a_drop_is_taken_away(
    ctx: Context, sender: Sender, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Before the `number`-th file is removed. The next run removes the rest, and takes nothing for a smaller drop."""
    send(sender, "d", {"a.UKE": file(), "b.UKE": file(Claim(points=5)), "sub/c.UKE": file(Claim(points=6))})
    with monkeypatch.context() as patched:
        _die_at_removal(patched, number)
        with pytest.raises(Killed):
            received(ctx)
    assert sender.names() != []
    size = ctx.ledger.size
    (batch,) = received(ctx)
    assert sender.names() == []
    assert ctx.ledger.size == size
    assert take_in(ctx, batch, actor=ACTOR)["files_quarantined"] == 0


def _die_at_removal(patched: pytest.MonkeyPatch, number: int) -> None:
    calls = iter(range(1, 100))

    def dying(real: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if next(calls) == number:
                raise Killed
            return real(*arguments, **named)

        return call

    remove = Bucket.remove

    def removing(self: Bucket, folder: str) -> None:
        self.client.delete_object = dying(self.client.delete_object)  # type: ignore[method-assign]
        remove(self, folder)

    patched.setattr(Bucket, "remove", removing)
    patched.setattr(SFTPClient, "remove", dying(SFTPClient.remove))


def test_a_line_that_breaks_is_tried_again_and_nothing_is_left(tmp_path: Path, sender: Sender) -> None:
    noise = os.urandom(3_000_000)
    send(sender, "d", {"a.zip": zipped({"a.UKE": noise, "b.UKE": file()})})
    known = Connections(sender=sender.connection())
    port = known.get("sender").port or int(str(known.get("sender").extra["endpoint_url"]).rpartition(":")[2])
    with CuttingProxy(port, None, back=1_000_000) as proxy:
        through = known.changed("sender", port=proxy.port, extra={"endpoint_url": f"http://127.0.0.1:{proxy.port}"})
        ctx = opened_platform(tmp_path / "home", sender, replace_host(through))
        with pytest.raises(RetryLater):
            received(ctx)
        assert proxy.cuts >= 1
    assert list(ctx.zones.landing().iterdir()) == []
    assert list(ctx.zones.quarantine().iterdir()) == []
    assert ctx.ledger.size == 0
    (batch,) = received(replace(ctx, resolver=known))
    assert entries(ctx, "batch.received")[0]["bytes"] == len(noise) + len(file())
    assert ctx.ledger.state("batch", batch) == "received"


def replace_host(connections: Connections) -> Connections:
    """The proxy listens on the loopback address."""
    return connections.changed("sender", host="127.0.0.1")


def test_a_server_that_is_not_there_is_tried_again(tmp_path: Path, sender: Sender) -> None:
    known = Connections(sender=sender.connection())
    nowhere = known.changed("sender", port=1, extra={"endpoint_url": "http://127.0.0.1:1"})
    with pytest.raises(RetryLater):
        received(opened_platform(tmp_path / "home", sender, nowhere))


def test_a_missing_bucket_and_wrong_keys(tmp_path: Path, s3_server: S3Server) -> None:
    sender = bucket_sender(s3_server)
    with pytest.raises(FixConfiguration, match="NoSuchBucket"):
        received(opened_platform(tmp_path / "1", sender, bucket="no-such-bucket"))
    wrong = Connections(sender=sender.connection()).changed("sender", password="x" * 30)
    with pytest.raises(FixConfiguration, match="list and get") as caught:
        received(opened_platform(tmp_path / "2", sender, wrong))
    assert sender.server.access_key not in str(caught.value)


def test_a_missing_directory_and_another_host_key(tmp_path: Path, sftp_server: SftpServer) -> None:
    sender = sftp_sender(sftp_server)
    with pytest.raises(FixConfiguration, match=r"sftp\.directory"):
        received(opened_platform(tmp_path / "1", sender, directory="incoming/nowhere"))
    fresh = ed25519.Ed25519PrivateKey.generate().public_key()
    line = fresh.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    other = Connections(sender=sender.connection()).changed("sender", extra={"host_key": line})
    with pytest.raises(FixConfiguration, match=r"sftp\.host_key"):
        received(opened_platform(tmp_path / "2", sender, other))


def test_a_server_that_lets_us_read_only(tmp_path: Path, sftp_server: SftpServer) -> None:
    """The batch is received once; the missing right is told every time, and the log does not grow."""
    with SftpServer(tmp_path / "readonly", options="-R") as server:
        sender = sftp_sender(server)
        send(sender, "d", {"a.UKE": file()})
        ctx = opened_platform(tmp_path / "home", sender)
        for _ in range(2):
            with pytest.raises(FixConfiguration, match=r"sftp\.permission"):
                received(ctx)
        assert [entry.type for entry in ctx.ledger.entries()] == ["batch.received"]
        assert sender.names() == ["d/a.UKE", "d/batch.yaml"]


def test_links_on_the_server_are_left_alone(tmp_path: Path, sftp_server: SftpServer) -> None:
    sender = sftp_sender(sftp_server)
    ctx = opened_platform(tmp_path / "home", sender)
    (tmp_path / "secret").write_bytes(file(Claim(points=9)))
    send(sender, "d", {"a.UKE": file()}, card="")
    (sender.folder / "d" / "b.UKE").symlink_to(tmp_path / "secret")
    (sender.folder / "linked").symlink_to(tmp_path)
    send(sender, "d", {})
    received(ctx)
    assert entries(ctx, "batch.received")[0]["files"] == 1
    assert (tmp_path / "secret").exists()
    assert [path.name for path in sender.folder.iterdir()] == ["linked"]


def test_names_on_the_server_that_are_no_utf8(tmp_path: Path, sftp_server: SftpServer) -> None:
    sender = sftp_sender(sftp_server)
    send(sender, "d", {"a.UKE": file()})
    os.rename(sender.folder / "d" / "a.UKE", os.fsencode(sender.folder / "d") + "/表.UKE".encode("cp932"))
    with pytest.raises(FixConfiguration, match=r"sftp\.names"):
        received(opened_platform(tmp_path / "home", sender))
    assert len(list((sender.folder / "d").iterdir())) == 2
    sender.clear()


def test_a_connection_without_a_password_for_archives(tmp_path: Path, sender: Sender) -> None:
    connections = Connections(sender=sender.connection(), archives="{}")
    with pytest.raises(FixConfiguration, match=r"archive\.connection"):
        received(opened_platform(tmp_path / "home", sender, connections, {"archive_connection": "archives"}))
