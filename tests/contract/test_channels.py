"""What every channel promises, asked of each with its real server and the same consignments."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from provision.channels import channels, get
from provision.channels.base import Channel, Consignment
from provision.errors import FixConfiguration, Refused, RetryLater, TokumeiError
from tests.support.consignments import NOTICE, Connections, Steps, consignment
from tests.support.servers import BUCKET

SIZES = {"small": 5_000, "large": 12_000_000}
KINDS = ("mail", "disc", "bucket", "partner_sftp")
#: The bucket once more, over Ceph's gateway: what both stores do is the protocol, not one server's habit.
CEPH = pytest.param("ceph", marks=pytest.mark.slow)
GROUNDS = (*KINDS, CEPH)
REPEATABLE = (*(kind for kind in KINDS if kind != "mail"), CEPH)
WITH_SERVER = ("mail", "bucket", "partner_sftp", CEPH)


@dataclass
class Ground:
    """A channel, what it needs, and how its recipient gets at what was delivered."""

    channel: Channel
    settings: dict[str, object]
    connections: Connections
    received: Callable[[Consignment], dict[str, bytes]]
    notice: Callable[[Consignment], str]


def _messages(server: SmtpServer, address: str) -> list[Any]:
    return [message_from_bytes(path.read_bytes(), policy=default) for path in server.messages(address)]


def _mail_of(server: SmtpServer, address: str, order: str) -> Any:
    found = [each for each in _messages(server, address) if order in each["Message-ID"]]
    assert len(found) == 1
    return found[0]


def _body(message: Any) -> str:
    return str(message.get_body(("plain",)).get_content())


def _mail(request: pytest.FixtureRequest) -> Ground:
    server: SmtpServer = request.getfixturevalue("smtp_server")
    address = "data@minami.example"

    def received(made: Consignment) -> dict[str, bytes]:
        parts = _mail_of(server, address, made.order).iter_attachments()
        return {part.get_filename(): part.get_content() for part in parts}

    settings = {"kind": "mail", "connection": "mail", "address": address, "limit_bytes": 40_000_000}
    connections = Connections(mail=server.connection_json())
    return Ground(
        get("mail"), settings, connections, received, lambda made: _body(_mail_of(server, address, made.order))
    )


def _disc(request: pytest.FixtureRequest) -> Ground:
    xorriso, folder = request.getfixturevalue("xorriso"), request.getfixturevalue("tmp_path")

    def everything(made: Consignment) -> dict[str, bytes]:
        target = folder / f"read-{made.order}"
        if not target.exists():
            target.mkdir()
            image = made.staging / made.order / "VOL01" / "image.iso"
            command = [xorriso, "-osirrox", "on", "-indev", str(image), "-extract", "/", str(target)]
            subprocess.run(command, check=True, capture_output=True)
        return {path.name: path.read_bytes() for path in target.iterdir()}

    def received(made: Consignment) -> dict[str, bytes]:
        return {
            name: content for name, content in everything(made).items() if not name.endswith((".txt", "VOLUME.json"))
        }

    settings: dict[str, object] = {"kind": "disc", "medium": "dvd+r", "postal_address": "〒100-0001 東京都千代田区1-1"}
    return Ground(
        get("disc"),
        settings,
        Connections(),
        received,
        lambda made: everything(made)["README_匿名加工情報.txt"].decode(),
    )


def _ceph(request: pytest.FixtureRequest) -> Ground:
    return _bucket(request, "ceph_store")


def _bucket(request: pytest.FixtureRequest, server: str = "s3_server") -> Ground:
    mail: SmtpServer = request.getfixturevalue("smtp_server")
    store: S3Server = request.getfixturevalue(server)
    address = "links@minami.example"

    def received(made: Consignment) -> dict[str, bytes]:
        links = re.findall(r"(\S+)\r?\n(http://\S+)", _body(_mail_of(mail, address, made.order)))
        return {name: urllib.request.urlopen(link).read() for name, link in links}

    settings = {
        "kind": "bucket",
        "connection": "store",
        "bucket": BUCKET,
        "prefix": "releases",
        "mail_connection": "mail",
        "address": address,
    }
    connections = Connections(mail=mail.connection_json(), store=store.connection_json())
    return Ground(
        get("bucket"), settings, connections, received, lambda made: _body(_mail_of(mail, address, made.order))
    )


def _partner_sftp(request: pytest.FixtureRequest) -> Ground:
    server: SftpServer = request.getfixturevalue("sftp_server")

    def folder(made: Consignment) -> Path:
        assert (server.data / "incoming" / f"{made.order}.done").exists()
        return server.data / "incoming" / made.order

    def received(made: Consignment) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder(made).iterdir() if path.suffix != ".txt"}

    settings: dict[str, object] = {"kind": "partner_sftp", "connection": "partner", "directory": "incoming"}
    return Ground(
        get("partner_sftp"),
        settings,
        Connections(partner=server.connection_json()),
        received,
        lambda made: (folder(made) / "README_匿名加工情報.txt").read_text(),
    )


@pytest.fixture
def ground(request: pytest.FixtureRequest) -> Ground:
    """The channel of the parameter, ready to deliver."""
    made: Ground = globals()[f"_{request.param}"](request)
    return made


def test_the_four_channels_are_found_by_themselves() -> None:
    assert set(channels()) == set(KINDS)
    assert [kind for kind, channel in channels().items() if channel.at_most_once] == ["mail"]
    assert all(channel.title["ja"] and channel.title["en"] for channel in channels().values())


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("ground", GROUNDS, indirect=True)
def test_what_arrives_is_what_was_sent(
    ground: Ground, size: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made, steps = consignment(tmp_path, ground.settings, size), Steps()
    ground.channel.check(made)
    receipt = ground.channel.deliver(made, ground.connections, steps)

    assert ground.received(made) == {file.name: file.path.read_bytes() for file in made.files}
    assert all(text in ground.notice(made) for text in NOTICE.values())
    steps.assert_complete(sum(file.size for file in made.files))
    assert (receipt.order, receipt.channel, receipt.already_there) == (made.order, ground.channel.kind, False)
    assert receipt.handed_over_at.tzinfo is not None
    assert {receipt.evidence["sha256"], receipt.evidence["sha256_2"]} == {file.sha256 for file in made.files}
    _assert_discreet(json.dumps(dict(receipt.evidence)), ground)
    _assert_discreet(caplog.text, ground, names=[file.name for file in made.files])


@pytest.mark.parametrize("ground", REPEATABLE, indirect=True)
def test_a_second_delivery_finds_the_first(ground: Ground, tmp_path: Path) -> None:
    made = consignment(tmp_path, ground.settings)
    first = ground.channel.deliver(made, ground.connections, Steps())
    steps = Steps()
    second = ground.channel.deliver(replace(made, attempt=2), ground.connections, steps)

    assert (first.already_there, second.already_there) == (False, True)
    assert second.evidence["sha256"] == first.evidence["sha256"]
    assert ground.received(made) == {file.name: file.path.read_bytes() for file in made.files}
    steps.assert_complete(sum(file.size for file in made.files))


@pytest.mark.parametrize("ground", REPEATABLE, indirect=True)
def test_something_else_under_the_same_order_is_refused(ground: Ground, tmp_path: Path) -> None:
    made = consignment(tmp_path, ground.settings)
    ground.channel.deliver(made, ground.connections, Steps())
    other = consignment(tmp_path / "other", ground.settings)
    changed = replace(made, files=other.files)

    with pytest.raises(Refused):
        ground.channel.deliver(changed, ground.connections, Steps())
    assert ground.received(made) == {file.name: file.path.read_bytes() for file in made.files}


@pytest.mark.parametrize("ground", GROUNDS, indirect=True)
def test_a_missing_setting_is_named(ground: Ground, tmp_path: Path) -> None:
    for key in ground.settings.keys() - {"kind", "medium", "limit_bytes", "prefix"}:
        poor = {name: value for name, value in ground.settings.items() if name != key}
        with pytest.raises(FixConfiguration, match=key):
            ground.channel.check(consignment(tmp_path, {**poor, "kind": ground.channel.kind}))
    with pytest.raises(FixConfiguration, match="surprise"):
        ground.channel.check(consignment(tmp_path, {**ground.settings, "surprise": "yes"}))


@pytest.mark.parametrize("ground", GROUNDS, indirect=True)
def test_a_changed_outbox_is_not_sent(ground: Ground, tmp_path: Path) -> None:
    made = consignment(tmp_path, ground.settings)
    content = bytearray(made.files[0].path.read_bytes())
    content[7] ^= 1
    made.files[0].path.write_bytes(content)

    ground.channel.check(made)  # looks at sizes only
    with pytest.raises(Refused, match=r"channel\.digest"):
        ground.channel.deliver(made, ground.connections, Steps())
    made.files[0].path.unlink()
    with pytest.raises(Refused, match=r"channel\.digest"):
        ground.channel.check(made)


@pytest.mark.parametrize("ground", REPEATABLE, indirect=True)
def test_an_order_that_is_no_plain_name_is_refused(ground: Ground, tmp_path: Path) -> None:
    for order in ("../escape", "a/b", "", "a b", "."):
        with pytest.raises(Refused, match=r"channel\.order"):
            ground.channel.check(consignment(tmp_path, ground.settings, order=order))


@pytest.mark.parametrize("ground", GROUNDS, indirect=True)
def test_file_names_that_do_not_travel_are_refused(ground: Ground, tmp_path: Path) -> None:
    made = consignment(tmp_path, ground.settings)
    first, second = made.files
    for name in (
        "",
        ".hidden",
        "a/b",
        "a\nb",
        "か\u3099.age",
        "漢" * 67,
        "x" * 101,
        "README_匿名加工情報.txt",
        second.name.upper(),
    ):
        with pytest.raises(Refused, match=r"channel\.(name|files)"):
            ground.channel.check(replace(made, files=(replace(first, name=name), second)))
    with pytest.raises(Refused, match=r"channel\.files"):
        ground.channel.check(replace(made, files=()))


@pytest.mark.parametrize("ground", WITH_SERVER, indirect=True)
def test_a_server_that_is_not_there_means_later(ground: Ground, tmp_path: Path) -> None:
    gone = ground.connections
    for name in ("mail", "partner", "store"):
        if name in gone._known:
            gone = gone.changed(name, port=9, extra={"endpoint_url": "http://127.0.0.1:9", "timeout": 3})
    with pytest.raises(TokumeiError) as caught:
        ground.channel.deliver(consignment(tmp_path, ground.settings), gone, Steps())
    assert type(caught.value).__name__ == "RetryLater"
    _assert_discreet(str(caught.value), ground)


def _assert_discreet(text: str, ground: Ground, names: list[str] | None = None) -> None:
    """No credential, no signed link and, where asked, no file name."""
    assert not [secret for secret in ground.connections.secrets() if secret in text]
    assert "X-Amz-Signature" not in text
    assert not [name for name in names or [] if name in text]


@pytest.mark.parametrize("ground", GROUNDS, indirect=True)
def test_a_rehearsal_says_ready_and_leaves_nothing(
    ground: Ground, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = consignment(tmp_path, ground.settings)
    seen = ground.channel.rehearse(made, ground.connections)
    assert seen
    _assert_discreet(json.dumps(dict(seen)), ground)
    _assert_discreet(caplog.text, ground, names=[file.name for file in made.files])
    receipt = ground.channel.deliver(made, ground.connections, Steps())
    assert not receipt.already_there


@pytest.mark.parametrize("ground", WITH_SERVER, indirect=True)
def test_a_rehearsal_finds_a_server_that_is_away(ground: Ground, tmp_path: Path) -> None:
    gone = ground.connections
    for name in ("mail", "partner", "store"):
        if name in gone._known:
            gone = gone.changed(name, port=9, extra={"endpoint_url": "http://127.0.0.1:9", "timeout": 3})
    with pytest.raises(RetryLater):
        ground.channel.rehearse(consignment(tmp_path, ground.settings), gone)


def _still_there(ground: Ground, made: Consignment) -> bool:
    """Whether the recipient could still get at a file where it was put."""
    try:
        return any(file.name in ground.received(made) for file in made.files)
    except (AssertionError, OSError, subprocess.CalledProcessError):
        return False


@pytest.mark.parametrize("ground", GROUNDS, indirect=True)
def test_a_recall_takes_back_what_it_can_and_may_be_repeated(
    ground: Ground, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = consignment(tmp_path, ground.settings)
    ground.channel.deliver(made, ground.connections, Steps())
    bare = replace(made, files=())  # the outbox is long empty
    for attempt in (1, 2):
        evidence = ground.channel.recall(replace(bare, attempt=attempt), ground.connections, "架空の理由")
        assert evidence["told"]
        _assert_discreet(json.dumps(dict(evidence)), ground)
    if ground.channel.kind != "mail":
        assert not _still_there(ground, made)
    _assert_discreet(caplog.text, ground)


@pytest.mark.parametrize("ground", ["bucket", CEPH], indirect=True)
def test_a_recalled_object_is_gone_in_every_version(ground: Ground, tmp_path: Path) -> None:
    made = consignment(tmp_path, ground.settings)
    ground.channel.deliver(made, ground.connections, Steps())
    links = re.findall(r"http://\S+", ground.notice(made))
    assert urllib.request.urlopen(links[0]).status == 200
    assert ground.channel.recall(replace(made, files=()), ground.connections, "架空の理由")["removed"] == 3
    for link in links:
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(link)
    assert ground.channel.recall(replace(made, files=()), ground.connections, "架空の理由")["removed"] == 0


def test_a_recall_leaves_a_note_where_partners_may_not_delete(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    ground = _partner_sftp(request)
    server: SftpServer = request.getfixturevalue("sftp_server")
    made = consignment(tmp_path, ground.settings)
    ground.channel.deliver(made, ground.connections, Steps())
    evidence = ground.channel.recall(replace(made, files=()), ground.connections, "架空の理由")
    assert (evidence["removed"], evidence["not_allowed"]) == (4, 0)
    assert [path.name for path in (server.data / "incoming").glob(f"{made.order}*")] == [f"{made.order}.recalled.txt"]
    note = (server.data / "incoming" / f"{made.order}.recalled.txt").read_text("utf-8")
    assert "回収" in note
    assert made.order in note
