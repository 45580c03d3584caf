"""Partner SFTP: free space, flushing, old servers, partners who sweep, rates and files side by side, on a real sshd."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.servers.sftp import SftpServer
from provision.channels._pace import Pace
from provision.channels.base import Consignment
from provision.channels.partner_sftp import CHANNEL
from provision.errors import FixConfiguration, RetryLater
from tests.support.consignments import Connections, Steps, consignment, outbox_file

PLAIN = {"kind": "partner_sftp", "connection": "partner", "directory": "incoming"}
OLD = "Ciphers aes128-cbc\nMACs hmac-sha1"


@pytest.fixture
def connections(sftp_server: SftpServer) -> Connections:
    return Connections(partner=sftp_server.connection_json())


@pytest.fixture
def old_server(tmp_path: Path, sftp_server: SftpServer) -> Iterator[SftpServer]:
    """A partner whose server has not been renewed for years."""
    with SftpServer(tmp_path / "old", settings=OLD, options="-P fsync,statvfs,limits") as server:
        yield server


@pytest.fixture
def small_disk(sftp_server: SftpServer) -> Iterator[str]:
    """A directory of the server on a disk of 2 MB."""
    folder = sftp_server.data / "small"
    folder.mkdir(exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("this test mounts a small disk, which needs root")
    try:
        yield "small"
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def remote(server: SftpServer, made: Consignment) -> Path:
    return server.data / "incoming" / made.order


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_disk_too_small_is_found_before_a_byte_is_sent(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer, small_disk: str
) -> None:
    made = consignment(tmp_path, {**PLAIN, "directory": small_disk}, 3_000_000)
    assert 0 < int(CHANNEL.rehearse(made, connections)["free_bytes"]) <= 2 << 20
    with pytest.raises(RetryLater, match=r"sftp\.space"):
        CHANNEL.deliver(made, connections, Steps())
    assert [path.name for path in (sftp_server.data / small_disk).rglob("*") if path.is_file()] == []
    fits = consignment(tmp_path, {**PLAIN, "directory": small_disk}, 1_000_000)
    assert not CHANNEL.deliver(fits, connections, Steps()).already_there


def test_what_lies_there_already_needs_no_room(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer, small_disk: str
) -> None:
    made = consignment(tmp_path, {**PLAIN, "directory": small_disk}, 1_500_000)
    fragment = sftp_server.data / small_disk / made.order / "payload.tar.age.part"
    fragment.parent.mkdir()
    fragment.write_bytes(made.files[0].path.read_bytes()[:1_200_000])
    assert CHANNEL.deliver(made, connections, Steps()).evidence["resumed_bytes"] == 1_200_000


def test_the_receipt_says_cipher_and_flushing(tmp_path: Path, connections: Connections) -> None:
    evidence = CHANNEL.deliver(consignment(tmp_path, PLAIN), connections, Steps()).evidence
    assert (evidence["cipher"], evidence["flushed"]) == ("aes128-gcm@openssh.com", "yes")
    assert "warning" not in evidence


def test_an_old_server_needs_its_algorithms_named_and_the_receipt_warns(tmp_path: Path, old_server: SftpServer) -> None:
    made, known = consignment(tmp_path, PLAIN, 400_000), Connections(partner=old_server.connection_json())
    for named in ("", "aes128-cbc", "hmac-sha1"):  # both are needed
        with pytest.raises(FixConfiguration, match="old_algorithms"):
            CHANNEL.deliver(made, known.changed("partner", extra={"old_algorithms": named}), Steps())
    allowed = known.changed("partner", extra={"old_algorithms": "aes128-cbc hmac-sha1"})
    assert CHANNEL.rehearse(made, allowed)["free_bytes"] == "not said"
    evidence = CHANNEL.deliver(made, allowed, Steps()).evidence
    assert evidence["warning"] == "old algorithms: aes128-cbc, hmac-sha1"
    assert evidence["flushed"] == "not said"
    assert (remote(old_server, made) / "payload.tar.age").read_bytes() == made.files[0].path.read_bytes()


@pytest.mark.parametrize("extra", [{"old_algorithms": "none"}, {"timeout": "soon"}, {"keepalive": "-1"}])
def test_a_slip_in_the_extras_is_configuration(
    tmp_path: Path, connections: Connections, extra: dict[str, object]
) -> None:
    with pytest.raises(FixConfiguration, match=next(iter(extra))):
        CHANNEL.deliver(consignment(tmp_path, PLAIN), connections.changed("partner", extra=extra), Steps())


def _died_while_naming(server: SftpServer, made: Consignment) -> None:
    """What lies there when we died after the first names, and the partner took what had one."""
    folder = remote(server, made)
    folder.with_name(f"{made.order}.done").rename(folder.with_name(f"{made.order}.done.part"))
    (folder / "envelope.json").rename(folder / "envelope.json.part")
    (folder / "payload.tar.age").unlink()
    (folder / "README_匿名加工情報.txt").unlink()


@pytest.mark.parametrize("sweeps", [True, False])
def test_what_a_sweeping_partner_took_is_not_sent_again(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer, sweeps: bool
) -> None:
    made = consignment(tmp_path, {**PLAIN, "sweeps": sweeps})
    CHANNEL.deliver(made, connections, Steps())
    _died_while_naming(sftp_server, made)
    steps = Steps()
    assert not CHANNEL.deliver(replace(made, attempt=2), connections, steps).already_there
    expected = {"envelope.json"} if sweeps else {"envelope.json", "payload.tar.age", "README_匿名加工情報.txt"}
    assert contents(remote(sftp_server, made)).keys() == expected
    assert remote(sftp_server, made).with_name(f"{made.order}.done").exists()
    steps.assert_complete(sum(file.size for file in made.files))


def test_a_partner_who_sweeps_at_once_gets_everything_once(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    made = consignment(tmp_path, {**PLAIN, "sweeps": True}, 2_000_000)
    taken, ended = tmp_path / "taken", threading.Event()
    taken.mkdir()

    def sweep() -> None:
        while not ended.is_set():
            for path in remote(sftp_server, made).glob("*"):
                if path.suffix != ".part":
                    shutil.move(path, taken / f"{path.name}.{time.monotonic_ns()}")
            time.sleep(0.001)

    thread = threading.Thread(target=sweep)
    thread.start()
    try:
        CHANNEL.deliver(made, connections, Steps())
    finally:
        ended.set()
        thread.join()
    everything = [*taken.iterdir(), *remote(sftp_server, made).iterdir()]
    assert sorted(path.read_bytes() for path in everything if "README" not in path.name) == sorted(
        file.path.read_bytes() for file in made.files
    )
    assert len(everything) == 3


def _many(tmp_path: Path, settings: dict[str, Any], count: int, size: int) -> Consignment:
    made = consignment(tmp_path, settings)
    more = [outbox_file(tmp_path / "more", f"資料{number:02}.age", os.urandom(size)) for number in range(count)]
    return replace(made, files=(*made.files, *more))


@pytest.mark.parametrize("parallel", [1, 4])
def test_files_side_by_side_arrive_like_files_in_turn(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer, parallel: int
) -> None:
    made, steps = _many(tmp_path, {**PLAIN, "parallel_files": parallel}, 9, 300_000), Steps()
    receipt = CHANNEL.deliver(made, connections, steps)
    there = contents(remote(sftp_server, made))
    assert {name: there[name] for name in there if "README" not in name} == {
        file.name: file.path.read_bytes() for file in made.files
    }
    assert receipt.evidence["sha256_11"] == made.files[10].sha256
    steps.assert_complete(sum(file.size for file in made.files))


def test_no_name_appears_before_everything_is_whole(
    tmp_path: Path, connections: Connections, sftp_server: SftpServer
) -> None:
    made = _many(tmp_path, {**PLAIN, "parallel_files": 2}, 2, 100_000)
    blocked = remote(sftp_server, made) / "資料01.age.part"
    blocked.parent.mkdir()
    blocked.symlink_to("/dev/full")
    with pytest.raises(RetryLater, match=r"sftp\.failure"):
        CHANNEL.deliver(made, connections, Steps())
    assert {path.suffix for path in blocked.parent.iterdir()} == {".part"}
    blocked.unlink()
    CHANNEL.deliver(made, connections, Steps())
    assert ".part" not in {path.suffix for path in blocked.parent.iterdir()}


def test_a_delivery_with_a_rate_arrives(tmp_path: Path, connections: Connections, sftp_server: SftpServer) -> None:
    made = consignment(tmp_path, {**PLAIN, "bytes_per_second": 2_000_000}, 1_000_000)
    CHANNEL.deliver(made, connections, Steps())
    assert (remote(sftp_server, made) / "payload.tar.age").read_bytes() == made.files[0].path.read_bytes()


@given(st.integers(1, 10**6), st.lists(st.tuples(st.integers(1, 10**6), st.floats(0, 3)), max_size=40))
def test_a_pace_is_never_faster_than_its_rate(rate: int, steps: list[tuple[int, float]]) -> None:
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace, went = Pace(rate, clock=lambda: now[0], sleep=sleep), 0
    for count, pause in steps:
        pace.wait(count)  # what went before has had its time, what goes now begins
        assert went <= rate * (now[0] - 100.0) * (1 + 1e-9) + 1e-6
        went += count
        sleep(pause)
    Pace(None, sleep=lambda _: pytest.fail("waits without a rate")).wait(10**9)
