"""Deliveries in a bad world, each against its real server: lines that are cut or go silent, servers that are killed,
full or busy, certificates and clocks that are wrong. Afterwards nothing half is visible, and a repetition completes it.

What other files hold: host keys, rights, fragments and sweeping partners in ``unit/channels/test_partner_sftp_*.py``;
answers of mail servers in ``unit/channels/test_mail_channel.py``, bounces in ``unit/channels/test_post_office.py``;
expired and changed links, races, damaged objects in ``unit/channels/test_bucket_*.py``; changed payloads, expired
agreements, two workers in ``test_believing.py``; kills at every point in ``test_kill_release.py``. The whole list is in
docs/channels.md.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from demo.servers.process import LocalServer
from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from demo.servers.tls import make_tls
from provision.channels import bucket, mail, partner_sftp
from provision.channels.base import Channel, Consignment
from provision.errors import DeliveryUnknown, FixConfiguration, Refused, RetryLater, without_values
from provision.model import AgeKey
from provision.packaging.encryption import schemes
from provision.packaging.sealing import seal_bag, write_zip
from tests.support.consignments import Connections, Steps, consignment, outbox_file
from tests.support.proxy import BusyProxy, CuttingProxy, SlowProxy, TlsProxy
from tests.support.servers import BUCKET, s3_server, sftp_server, smtp_server

__all__ = ["s3_server", "sftp_server", "smtp_server"]

SFTP = {"kind": "partner_sftp", "connection": "partner", "directory": "incoming"}
STORE = {"kind": "bucket", "connection": "store", "bucket": BUCKET, "prefix": "faults", "mail_connection": "mail"}
SIZE = 10_000_000


def mailed(address: str) -> dict[str, object]:
    return {"kind": "mail", "connection": "mail", "address": address, "limit_bytes": 39_000_000}


def at_partner(server: SftpServer, made: Consignment) -> set[str]:
    """What the partner can see of an order under final names."""
    folder = server.data / "incoming"
    found = [*folder.glob(f"{made.order}*"), *(folder / made.order).glob("*")]
    return {path.name for path in found if path.is_file() and path.suffix != ".part"}


def in_bucket(server: S3Server, made: Consignment) -> dict[str, int]:
    found = server.client().list_objects_v2(Bucket=BUCKET, Prefix=f"faults/{made.release}/").get("Contents", [])
    return {each["Key"].rpartition("/")[2]: each["Size"] for each in found}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB of this machine."""
    folder = tmp_path / "small disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("this test mounts a small disk, which needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


# -- the line is cut at 10, 50 and 99 % --------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_sftp_cut(tmp_path: Path, sftp_server: SftpServer, share: float) -> None:
    made, known = consignment(tmp_path, SFTP, SIZE), Connections(partner=sftp_server.connection_json())
    with CuttingProxy(sftp_server.port, int(SIZE * share)) as proxy, pytest.raises(RetryLater, match=r"sftp\.network"):
        partner_sftp.CHANNEL.deliver(made, known.changed("partner", port=proxy.port), Steps())
    assert at_partner(sftp_server, made) == set()
    receipt = partner_sftp.CHANNEL.deliver(replace(made, attempt=2), known, Steps())
    assert 0 < int(receipt.evidence["resumed_bytes"]) <= SIZE * share
    assert len(at_partner(sftp_server, made)) == 4


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_bucket_cut(tmp_path: Path, s3_server: S3Server, smtp_server: SmtpServer, share: float) -> None:
    made = consignment(tmp_path, {**STORE, "address": "cut@minami.example"}, SIZE)
    known = Connections(store=s3_server.connection_json(), mail=smtp_server.connection_json())
    with CuttingProxy(s3_server.port, int(8_388_608 * share)) as proxy:  # each part has a line of its own
        away = known.changed("store", extra={"endpoint_url": f"http://127.0.0.1:{proxy.port}"})
        with pytest.raises(RetryLater, match=r"bucket\.network"):
            bucket.CHANNEL.deliver(made, away, Steps())
    assert in_bucket(s3_server, made) == {}
    assert not [path for path in smtp_server.messages("cut@minami.example") if made.order in path.read_text()]
    bucket.CHANNEL.deliver(replace(made, attempt=2), known, Steps())
    assert in_bucket(s3_server, made)["payload.tar.age"] == SIZE


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_mail_cut(tmp_path: Path, smtp_server: SmtpServer, share: float) -> None:
    """Once DATA was begun we cannot know, even where the server in truth took nothing."""
    address = f"cut-{int(share * 100)}@minami.example"
    made, known = consignment(tmp_path, mailed(address), 1_000_000), Connections(mail=smtp_server.connection_json())
    with CuttingProxy(smtp_server.port, int(1_370_000 * share)) as proxy, pytest.raises(DeliveryUnknown):
        mail.CHANNEL.deliver(made, known.changed("mail", port=proxy.port), Steps())
    assert smtp_server.messages(address) == []


# -- a server that says nothing any more -------------------------------------------------------------------------------


def test_a_silent_partner_means_later(tmp_path: Path, sftp_server: SftpServer) -> None:
    made, known = consignment(tmp_path, SFTP, SIZE), Connections(partner=sftp_server.connection_json())
    with CuttingProxy(sftp_server.port, SIZE // 2, stall=True) as proxy:
        slow = known.changed("partner", port=proxy.port, extra={"timeout": 2})
        with pytest.raises(RetryLater, match=r"sftp\.network"):
            partner_sftp.CHANNEL.deliver(made, slow, Steps())
    assert at_partner(sftp_server, made) == set()
    assert int(partner_sftp.CHANNEL.deliver(made, known, Steps()).evidence["resumed_bytes"]) > 0


def test_a_silent_mail_server_before_data_means_later(tmp_path: Path, smtp_server: SmtpServer) -> None:
    known = Connections(mail=smtp_server.connection_json())
    with CuttingProxy(smtp_server.port, 20, stall=True) as proxy:
        slow = known.changed("mail", port=proxy.port, extra={"timeout": 2})
        with pytest.raises(RetryLater, match=r"mail\.later"):
            mail.CHANNEL.deliver(consignment(tmp_path, mailed("silent@minami.example")), slow, Steps())
    assert smtp_server.messages("silent@minami.example") == []


@pytest.mark.parametrize("channel", [mail.CHANNEL, bucket.CHANNEL, partner_sftp.CHANNEL])
def test_a_slow_server_is_waited_for(
    tmp_path: Path, sftp_server: SftpServer, s3_server: S3Server, smtp_server: SmtpServer, channel: Channel
) -> None:
    """A time-out is for silence: a line that takes longer than it in all, but goes on, delivers."""
    address, size = "slow-line@minami.example", 1_000_000
    settings = {"mail": mailed(address), "bucket": {**STORE, "address": address}, "partner_sftp": SFTP}[channel.kind]
    made = consignment(tmp_path, settings, size)
    known = Connections(
        partner=sftp_server.connection_json(), store=s3_server.connection_json(), mail=smtp_server.connection_json()
    )
    server = {"mail": smtp_server, "bucket": s3_server, "partner_sftp": sftp_server}[channel.kind]
    with SlowProxy(server.port, size // 4) as proxy:
        patience = {"timeout": 2}
        slow = known.changed("partner", port=proxy.port, extra=patience).changed(
            "mail", port=proxy.port, extra=patience
        )
        if channel is bucket.CHANNEL:
            slow = known.changed("store", extra={"endpoint_url": f"http://127.0.0.1:{proxy.port}"})
        assert channel.deliver(made, slow, Steps()).evidence["size"] == size


# -- a store that is busy or broken ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code"), [("503 Slow Down", "SlowDown"), ("500 Internal", "InternalError")])
def test_a_busy_store_is_asked_again_and_then_later(
    tmp_path: Path, s3_server: S3Server, smtp_server: SmtpServer, status: str, code: str
) -> None:
    made = consignment(tmp_path, {**STORE, "address": "busy@minami.example"})
    known = Connections(store=s3_server.connection_json(), mail=smtp_server.connection_json())
    for count, delivered in ((1000, False), (2, True)):
        with BusyProxy(s3_server.port, count, status, code) as proxy:
            busy = known.changed("store", extra={"endpoint_url": f"http://127.0.0.1:{proxy.port}"})
            if delivered:
                bucket.CHANNEL.deliver(made, busy, Steps())
            else:
                with pytest.raises(RetryLater, match=r"bucket\.later"):
                    bucket.CHANNEL.deliver(made, busy, Steps())
            assert proxy.refused >= 2
        assert bool(in_bucket(s3_server, made)) is delivered


@pytest.mark.parametrize(
    ("status", "code"), [("403 Forbidden", "QuotaExceeded"), ("507 Insufficient Storage", "InsufficientStorage")]
)
def test_a_full_store_means_later(
    tmp_path: Path, s3_server: S3Server, smtp_server: SmtpServer, status: str, code: str
) -> None:
    made = consignment(tmp_path, {**STORE, "address": "room@minami.example"})
    known = Connections(store=s3_server.connection_json(), mail=smtp_server.connection_json())
    with BusyProxy(s3_server.port, 1000, status, code) as proxy:
        full = known.changed("store", extra={"endpoint_url": f"http://127.0.0.1:{proxy.port}"})
        with pytest.raises(RetryLater, match=r"bucket\.room"):
            bucket.CHANNEL.deliver(made, full, Steps())
    bucket.CHANNEL.deliver(replace(made, attempt=2), known, Steps())
    assert in_bucket(s3_server, made)["payload.tar.age"] == made.files[0].size


def test_a_right_that_is_missing_is_configuration(tmp_path: Path, s3_server: S3Server, smtp_server: SmtpServer) -> None:
    """The account may read and list, which is all a look at the bucket needs, and must not store."""
    made = consignment(tmp_path, {**STORE, "address": "rights@minami.example"})
    known = Connections(store=s3_server.connection_json(), mail=smtp_server.connection_json())
    login, password = s3_server.reader()
    with pytest.raises(FixConfiguration, match=r"AccessDenied.*bucket\.refused"):
        bucket.CHANNEL.deliver(made, known.changed("store", login=login, password=password), Steps())
    assert in_bucket(s3_server, made) == {}
    assert smtp_server.messages("rights@minami.example") == []


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_wrong_clock_is_named(
    tmp_path: Path, s3_server: S3Server, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    known = Connections(store=s3_server.connection_json(), mail=smtp_server.connection_json())
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: _skewed(hours))
    with pytest.raises(FixConfiguration, match=r"bucket\.clock"):
        bucket.CHANNEL.deliver(consignment(tmp_path, {**STORE, "address": "c@minami.example"}), known, Steps())


def _skewed(hours: int) -> datetime:
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(tzinfo=None)


# -- certificates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-800, 800])
def test_a_certificate_out_of_its_time_ends_it(
    tmp_path: Path, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    at = datetime.now(UTC) + timedelta(days=days)
    monkeypatch.setattr("demo.servers.smtp.make_tls", lambda folder: make_tls(folder, now=at))
    with SmtpServer(tmp_path / "smtp") as server:
        known = Connections(mail=server.connection_json())
        with pytest.raises(FixConfiguration, match=r"certificate.*mail\.tls"):
            mail.CHANNEL.deliver(consignment(tmp_path, mailed("x@minami.example")), known, Steps())
        assert server.messages("x@minami.example") == []


@pytest.mark.parametrize("which", ["unknown authority", "expired", "another name", "no such file", "right"])
def test_a_store_behind_tls_must_prove_who_it_is(
    tmp_path: Path, s3_server: S3Server, smtp_server: SmtpServer, which: str
) -> None:
    at = datetime.now(UTC) - timedelta(days=800 if which == "expired" else 0)
    files = make_tls(tmp_path / "tls", now=at)
    made = consignment(tmp_path, {**STORE, "address": "tls@minami.example"})
    known = Connections(store=s3_server.connection_json(), mail=smtp_server.connection_json())
    authority = {"unknown authority": "", "no such file": "/none.pem"}.get(which, str(files.authority))
    with TlsProxy(s3_server.port, files) as proxy:
        host = "127.1" if which == "another name" else "127.0.0.1"
        extra = {"endpoint_url": f"https://{host}:{proxy.port}", "ca_file": authority}
        behind = known.changed("store", extra=extra)
        if which == "right":
            bucket.CHANNEL.deliver(made, behind, Steps())
        else:
            with pytest.raises(FixConfiguration, match=r"bucket\.tls"):
                bucket.CHANNEL.deliver(made, behind, Steps())
    assert bool(in_bucket(s3_server, made)) is (which == "right")


# -- disks and quotas --------------------------------------------------------------------------------------------------


def test_a_quota_there_is_a_failure_without_a_reason(tmp_path: Path, sftp_server: SftpServer, small_disk: Path) -> None:
    """Where the server does not tell its room, the fragment stays and is gone on with once there is room."""
    with SftpServer(tmp_path / "mute", options="-P statvfs") as server:
        (server.data / "quota").symlink_to(small_disk)
        made = consignment(tmp_path, {**SFTP, "directory": "quota"}, 900_000)
        (small_disk / "of somebody else").write_bytes(b"x" * 500_000)
        known = Connections(partner=server.connection_json())
        with pytest.raises(RetryLater, match=r"sftp\.failure"):
            partner_sftp.CHANNEL.deliver(made, known, Steps())
        assert {path.suffix for path in (small_disk / made.order).iterdir()} == {".part"}
        (small_disk / "of somebody else").unlink()
        assert int(partner_sftp.CHANNEL.deliver(made, known, Steps()).evidence["resumed_bytes"]) > 0


def test_a_full_disk_here_leaves_no_ciphertext(tmp_path: Path, small_disk: Path) -> None:
    bag = tmp_path / "bag"
    bag.mkdir()
    (bag / "table.csv").write_bytes(b"1,2\n" * 1_000_000)
    key = _key(pyrage.x25519.Identity.generate())
    with pytest.raises(RetryLater, match=r"machine\.full"):
        without_values(seal_bag)(bag, "r", small_disk / "r.zip.age", schemes()["age"], [key])
    assert list(small_disk.iterdir()) == []


def _key(identity: pyrage.x25519.Identity) -> AgeKey:
    return AgeKey(kind="age", key=str(identity.to_public()), confirmed_on=datetime.now(UTC).date(), confirmed_by="x")


_ZEROS = bytes(1 << 20)


class _Sparse(io.RawIOBase):
    """A file on disk that keeps no block of nothing but zeros."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b", buffering=0)

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        if data != _ZEROS:
            return self._file.write(data)
        self._file.seek(len(data), 1)
        return len(data)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.fixture
def passing(tmp_path: Path) -> Iterator[Path]:
    """A folder that is gone afterwards: other tests search everything that lies in the shared temporary folder."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.mark.slow
def test_ten_gigabytes_in_one_file(passing: Path) -> None:
    """The container of a table larger than 4 GiB says so (ZIP64). Here its zeros take no disk."""
    bag = passing / "bag"
    bag.mkdir()
    with (bag / "表.csv").open("wb") as table:
        table.truncate(10 * 10**9)
    with _Sparse(passing / "r.zip") as stream:
        write_zip(bag, "r", stream)  # type: ignore[arg-type]
    with zipfile.ZipFile(passing / "r.zip") as opened:
        (info,) = opened.infolist()
        assert (info.filename, info.file_size, info.compress_size) == ("r/表.csv", 10 * 10**9, 10 * 10**9)
        with opened.open(info) as member:
            assert member.read(5) == bytes(5)
    assert (passing / "r.zip").stat().st_blocks * 512 < 10**7


# -- names, numbers and sizes ------------------------------------------------------------------------------------------


def test_ten_thousand_files_travel_as_one(passing: Path) -> None:
    """The payload may have any number of files with Japanese names; a channel hands over one ciphertext."""
    bag, identity = passing / "bag", pyrage.x25519.Identity.generate()
    for number in range(100):
        (bag / f"診療年月{number:02}").mkdir(parents=True)
    for number in range(10_000):
        (bag / f"診療年月{number % 100:02}" / f"表{number:05}.csv").write_text(f"{number}\n")
    (bag / "空.csv").write_bytes(b"")
    seal_bag(bag, "r", passing / "r.zip.age", schemes()["age"], [_key(identity)])
    pyrage.decrypt_file(str(passing / "r.zip.age"), str(passing / "r.zip"), [identity])
    with zipfile.ZipFile(passing / "r.zip") as opened:
        assert len(opened.namelist()) == 10_001
        assert opened.read("r/診療年月42/表00042.csv") == b"42\n"
        assert opened.read("r/空.csv") == b""


@pytest.mark.parametrize("channel", [mail.CHANNEL, bucket.CHANNEL, partner_sftp.CHANNEL])
def test_an_empty_file_is_never_handed_over(tmp_path: Path, channel: Channel) -> None:
    settings = {"mail": mailed("x@minami.example"), "bucket": {**STORE, "address": "x@minami.example"}}
    made = consignment(tmp_path, settings.get(channel.kind, SFTP))
    empty = outbox_file(tmp_path / "more", "空.age", b"")
    with pytest.raises(Refused, match=r"channel\.digest"):
        channel.check(replace(made, files=(*made.files, empty)))


def test_japanese_names_arrive_as_they_are(
    tmp_path: Path, sftp_server: SftpServer, s3_server: S3Server, smtp_server: SmtpServer
) -> None:
    name, address = "匿名加工情報_プログラム・データ.zip.age", "names@minami.example"
    known = Connections(
        partner=sftp_server.connection_json(), store=s3_server.connection_json(), mail=smtp_server.connection_json()
    )
    ways: list[tuple[Channel, dict[str, object]]] = [
        (partner_sftp.CHANNEL, SFTP), (bucket.CHANNEL, {**STORE, "address": address}), (mail.CHANNEL, mailed(address)),
    ]  # fmt: skip
    for channel, settings in ways:
        made = consignment(tmp_path, settings)
        made = replace(made, files=(replace(made.files[0], name=name), made.files[1]))
        channel.deliver(made, known, Steps())
        if channel is partner_sftp.CHANNEL:
            assert name in at_partner(sftp_server, made)
        if channel is bucket.CHANNEL:
            assert name in in_bucket(s3_server, made)


# -- servers that die --------------------------------------------------------------------------------------------------


def test_a_mail_server_that_dies_with_the_message_leaves_a_doubt(tmp_path: Path) -> None:
    """It took the message and died before it answered: the message is there, and only a person can find that out."""
    with SmtpServer(tmp_path / "smtp") as server:
        made, known = consignment(tmp_path, mailed("slow@minami.example")), Connections(mail=server.connection_json())
        end = threading.Timer(2, server.stop)
        end.start()
        with pytest.raises(DeliveryUnknown):
            mail.CHANNEL.deliver(made, known, Steps())
        end.join()
        with pytest.raises(RetryLater, match=r"mail\.later"):
            mail.CHANNEL.deliver(replace(made, attempt=2), known, Steps())
        assert len(server.messages("slow@minami.example")) == 1


class Killing(Steps):
    """Kills the server when a share of the bytes went."""

    def __init__(self, server: LocalServer, share: float) -> None:
        super().__init__()
        self.server, self.share = server, share

    def __call__(self, done: int, total: int) -> None:
        super().__call__(done, total)
        if self.server.pid and done >= total * self.share:
            self.server.stop()


@pytest.mark.slow
def test_an_sftp_server_that_dies_and_comes_back(tmp_path: Path, sftp_server: SftpServer) -> None:
    with SftpServer(tmp_path / "sftp") as server:
        made = consignment(tmp_path, {**SFTP, "bytes_per_second": 8_000_000}, SIZE)
        known = Connections(partner=server.connection_json())
        with pytest.raises(RetryLater):
            partner_sftp.CHANNEL.deliver(made, known, Killing(server, 0.5))
        assert at_partner(server, made) == set()
        server.start()
        receipt = partner_sftp.CHANNEL.deliver(made, Connections(partner=server.connection_json()), Steps())
        assert int(receipt.evidence["resumed_bytes"]) > 0
        assert len(at_partner(server, made)) == 4


@pytest.mark.slow
def test_a_store_that_dies_and_comes_back(tmp_path: Path, s3_server: S3Server, smtp_server: SmtpServer) -> None:
    with S3Server(tmp_path / "s3", [BUCKET]) as server:
        made = consignment(tmp_path, {**STORE, "address": "died@minami.example"}, 60_000_000)
        post = smtp_server.connection_json()
        with pytest.raises(RetryLater):
            bucket.CHANNEL.deliver(made, Connections(store=server.connection_json(), mail=post), Killing(server, 0.1))
        server.start()
        assert in_bucket(server, made) == {}
        bucket.CHANNEL.deliver(made, Connections(store=server.connection_json(), mail=post), Steps())
        assert in_bucket(server, made)["payload.tar.age"] == 60_000_000
        assert "Uploads" not in server.client().list_multipart_uploads(Bucket=BUCKET)
