"""Partner SFTP: host keys, cut lines, fragments, full disks and partners who take files away, on a real sshd."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from demo.servers.sftp import SftpServer
from provision.channels.base import Consignment
from provision.channels.partner_sftp import CHANNEL
from provision.errors import FixConfiguration, Refused, RetryLater
from provision.remote.ssh import fingerprint
from tests.support.consignments import Connections, Steps, consignment
from tests.support.proxy import CuttingProxy

PLAIN = {"kind": "partner_sftp", "connection": "partner", "directory": "incoming"}


@pytest.fixture
def connections(sftp_server: SftpServer) -> Connections:
    return Connections(partner=sftp_server.connection_json())


@pytest.fixture
def drop_box(tmp_path: Path, sftp_server: SftpServer) -> Iterator[SftpServer]:
    """A partner who lets nobody read."""
    with SftpServer(tmp_path / "drop box", options="-P read") as server:
        yield server


@pytest.fixture
def read_only(tmp_path: Path, sftp_server: SftpServer) -> Iterator[SftpServer]:
    with SftpServer(tmp_path / "readonly", options="-R") as server:
        yield server


def new_key() -> tuple[str, str]:
    """A public line and a private text."""
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    return public.decode(), key.private_bytes(*form).decode()


def blob(line: str) -> bytes:
    return base64.b64decode(line.split()[1])


def remote(server: SftpServer, made: Consignment) -> Path:
    return server.data / "incoming" / made.order


def arrived(server: SftpServer, made: Consignment) -> bool:
    return all((remote(server, made) / file.name).read_bytes() == file.path.read_bytes() for file in made.files)


def settled(path: Path) -> int:
    """Size of a file once the server has written what it still had in hand."""
    size = -1
    while size != path.stat().st_size:
        size = path.stat().st_size
        time.sleep(0.3)
    return size


def test_a_wrong_host_key_ends_it_before_we_say_who_we_are(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    other, _ = new_key()
    lines = len(sftp_server.log.read_text().splitlines())
    with pytest.raises(FixConfiguration, match=r"sftp\.host_key") as caught:
        CHANNEL.deliver(
            consignment(tmp_path, PLAIN), connections.changed("partner", extra={"host_key": other}), Steps()
        )  # fmt: skip
    assert fingerprint(blob(other)) in str(caught.value)
    assert fingerprint(blob(sftp_server.host_key)) in str(caught.value)
    said = "\n".join(sftp_server.log.read_text().splitlines()[lines:])
    assert "Accepted" not in said
    assert "user" not in said.lower()


def test_a_second_pinned_key_allows_the_partner_to_change_keys(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    both = f"{new_key()[0]}\npartner.example {sftp_server.host_key} comment\n"
    receipt = CHANNEL.deliver(
        consignment(tmp_path, PLAIN), connections.changed("partner", extra={"host_key": both}), Steps()
    )
    assert receipt.evidence["host_key"] == fingerprint(blob(sftp_server.host_key))


@pytest.mark.parametrize("text", ["", "SHA256:abcdef", "ssh-ed25519 AAAA=A", "ssh-ed25519"])
def test_a_host_key_must_be_pinned(tmp_path: Path, connections: Connections, text: str) -> None:
    with pytest.raises(FixConfiguration, match="host_key"):
        CHANNEL.deliver(consignment(tmp_path, PLAIN), connections.changed("partner", extra={"host_key": text}), Steps())


def test_an_unknown_private_key_is_configuration(tmp_path: Path, connections: Connections) -> None:
    wrong = connections.changed("partner", extra={"private_key": new_key()[1]})
    with pytest.raises(FixConfiguration, match="does not let us in"):
        CHANNEL.deliver(consignment(tmp_path, PLAIN), wrong, Steps())
    broken = connections.changed("partner", extra={"private_key": "no key at all"})
    with pytest.raises(FixConfiguration, match="neither a readable private_key nor a password") as caught:
        CHANNEL.deliver(consignment(tmp_path, PLAIN), broken, Steps())
    assert "no key at all" not in str(caught.value)


def test_a_password_that_is_not_taken_is_configuration(tmp_path: Path, connections: Connections) -> None:
    wrong = connections.changed("partner", password="hardly", extra={"private_key": ""})
    with pytest.raises(FixConfiguration, match=r"sftp\.login"):
        CHANNEL.deliver(consignment(tmp_path, PLAIN), wrong, Steps())


def test_a_cut_line_is_resumed_where_it_stopped(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    made = consignment(tmp_path, PLAIN, 12_000_000)
    with CuttingProxy(sftp_server.port, 6_000_000) as proxy:
        with pytest.raises(RetryLater, match="was cut") as caught:
            CHANNEL.deliver(made, connections.changed("partner", port=proxy.port), Steps())
        assert proxy.cuts
    assert "(" in str(caught.value)
    fragment = remote(sftp_server, made) / "payload.tar.age.part"
    there = settled(fragment)
    assert 0 < there < made.files[0].size
    assert not (remote(sftp_server, made) / "payload.tar.age").exists()
    assert not remote(sftp_server, made).with_name(f"{made.order}.done").exists()

    steps = Steps()
    receipt = CHANNEL.deliver(replace(made, attempt=2), connections, steps)
    assert receipt.evidence["resumed_bytes"] == there
    assert arrived(sftp_server, made)
    assert not fragment.exists()
    steps.assert_complete(sum(file.size for file in made.files))


@pytest.mark.parametrize("damage", ["first byte", "too long"])
def test_a_fragment_that_is_no_beginning_is_started_over(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer, damage: str
) -> None:
    made = consignment(tmp_path, PLAIN, 400_000)
    content = made.files[0].path.read_bytes()
    fragment = remote(sftp_server, made) / "payload.tar.age.part"
    fragment.parent.mkdir(parents=True)
    wrong = bytes([content[0] ^ 1]) + content[1:200_000]
    fragment.write_bytes(wrong if damage == "first byte" else content + b"x")
    receipt = CHANNEL.deliver(made, connections, Steps())
    assert receipt.evidence["resumed_bytes"] == 0
    assert arrived(sftp_server, made)


def test_a_whole_fragment_only_needs_its_name(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    made = consignment(tmp_path, PLAIN, 400_000)
    fragment = remote(sftp_server, made) / "payload.tar.age.part"
    fragment.parent.mkdir(parents=True)
    shutil.copyfile(made.files[0].path, fragment)
    assert CHANNEL.deliver(made, connections, Steps()).evidence["resumed_bytes"] == 400_000
    assert arrived(sftp_server, made)


@pytest.mark.parametrize("size", [5_000, 3_000_000])
def test_a_full_disk_means_later(tmp_path: Path, connections: Connections, sftp_server: SftpServer, size: int) -> None:
    made = consignment(tmp_path, PLAIN, size)
    fragment = remote(sftp_server, made) / "payload.tar.age.part"
    fragment.parent.mkdir(parents=True)
    fragment.symlink_to("/dev/full")  # every write answers ENOSPC
    with pytest.raises(RetryLater, match=r"sftp\.failure"):
        CHANNEL.deliver(made, connections, Steps())
    fragment.unlink()
    CHANNEL.deliver(made, connections, Steps())
    assert arrived(sftp_server, made)


def test_a_missing_directory_is_configuration(tmp_path: Path, connections: Connections) -> None:
    with pytest.raises(FixConfiguration, match=r"sftp\.directory"):
        CHANNEL.deliver(consignment(tmp_path, {**PLAIN, "directory": "not-agreed"}), connections, Steps())


@pytest.mark.parametrize("directory", ["", "/", "in/../../etc", "a\nb"])
def test_a_directory_is_a_plain_path(tmp_path: Path, directory: str) -> None:
    with pytest.raises(FixConfiguration, match=r"sftp\.directory"):
        CHANNEL.check(consignment(tmp_path, {**PLAIN, "directory": directory}))


def test_no_right_to_write_is_configuration(tmp_path: Path, read_only: SftpServer) -> None:
    with pytest.raises(FixConfiguration, match=r"sftp\.permission"):
        CHANNEL.deliver(consignment(tmp_path, PLAIN), Connections(partner=read_only.connection_json()), Steps())


def test_a_drop_box_needs_read_back_switched_off(tmp_path: Path, drop_box: SftpServer) -> None:
    connections = Connections(partner=drop_box.connection_json())
    with pytest.raises(FixConfiguration, match=r"sftp\.permission"):
        CHANNEL.deliver(consignment(tmp_path, PLAIN), connections, Steps())
    made = consignment(tmp_path, {**PLAIN, "read_back": False})
    receipt = CHANNEL.deliver(made, connections, Steps())
    assert receipt.evidence["verified"] == "size"
    assert arrived(drop_box, made)
    assert CHANNEL.deliver(made, connections, Steps()).already_there


def test_files_taken_away_after_the_marker_are_not_sent_again(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    made = consignment(tmp_path, PLAIN)
    CHANNEL.deliver(made, connections, Steps())
    shutil.rmtree(remote(sftp_server, made))
    assert CHANNEL.deliver(made, connections, Steps()).already_there
    assert not remote(sftp_server, made).exists()


def test_a_delivery_that_died_before_the_marker_is_completed(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    made = consignment(tmp_path, PLAIN)
    CHANNEL.deliver(made, connections, Steps())
    marker = remote(sftp_server, made).with_name(f"{made.order}.done")
    text = marker.read_text()
    marker.unlink()
    assert not CHANNEL.deliver(made, connections, Steps()).already_there
    assert marker.read_text() == text
    assert {each["sha256"] for each in json.loads(text)["files"]} == {file.sha256 for file in made.files}


def test_a_changed_file_behind_the_marker_is_refused(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    made = consignment(tmp_path, PLAIN)
    CHANNEL.deliver(made, connections, Steps())
    payload: Any = remote(sftp_server, made) / "payload.tar.age"
    content = payload.read_bytes()
    payload.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(Refused, match=r"sftp\.taken"):
        CHANNEL.deliver(made, connections, Steps())
