"""The local servers themselves: loopback only, ended by their own id only, startable again on the same folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.servers.process import LocalServer, ServerFailed, alive, end_group, free_ports
from demo.servers.s3 import S3Server
from demo.servers.sftp import SftpServer
from demo.servers.smtp import SmtpServer
from demo.servers.tls import make_tls
from tests.support.servers import BUCKET


def listening(pid: int) -> set[str]:
    """Local addresses (hexadecimal) of the listening TCP sockets of one process."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = os.readlink(link)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().split("\n")
    ]
    return {row[1].partition(":")[0] for row in rows if len(row) > 9 and row[3] == "0A" and row[9] in inodes}


def test_every_port_is_on_loopback(smtp_server: SmtpServer, sftp_server: SftpServer, s3_server: S3Server) -> None:
    for server in (smtp_server, sftp_server, s3_server):
        assert server.pid is not None
        assert listening(server.pid) == {"0100007F"}


def test_stopping_ends_it_and_starting_again_keeps_keys_and_mail(tmp_path: Path) -> None:
    server = SmtpServer(tmp_path)
    with server:
        first, connection = server.pid, server.connection_json()
        assert first is not None
    assert server.pid is None
    assert not alive(first)
    with SmtpServer(tmp_path) as again:
        assert again.password == server.password
        assert again.connection_json().replace(str(again.port), "") == connection.replace(str(server.port), "")


def test_open_sessions_end_with_their_server(sftp_server: SftpServer, tmp_path: Path) -> None:
    import paramiko

    with SftpServer(tmp_path) as server:
        transport = paramiko.Transport(("127.0.0.1", server.port))
        key = paramiko.Ed25519Key.from_private_key_file(str(tmp_path / "user_key"))
        import getpass

        transport.connect(username=getpass.getuser(), pkey=key)
    deadline = time.monotonic() + 5
    while transport.is_active() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not transport.is_active()


def test_a_process_id_given_to_somebody_else_is_left_alone() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        while b"time.sleep" not in Path(f"/proc/{stranger.pid}/cmdline").read_bytes():
            time.sleep(0.01)
        assert end_group(stranger.pid, "weed") is False
        assert stranger.poll() is None
        assert end_group(stranger.pid, "time.sleep") is True
        assert stranger.wait(timeout=5) == -signal.SIGTERM
        assert end_group(stranger.pid, "time.sleep") is False
    finally:
        stranger.kill()


class Broken(LocalServer):
    program = "python"

    def prepare(self) -> Sequence[str]:
        return [sys.executable, "-c", "raise SystemExit('the reason it gave')"]

    def answers(self) -> bool:
        return False

    def connection_json(self) -> str:
        return "{}"


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match="the reason it gave"):
        Broken(tmp_path).start()


def test_ports_are_different() -> None:
    assert len(set(free_ports(20))) == 20


def test_certificates_are_kept_while_they_are_valid(tmp_path: Path) -> None:
    first = make_tls(tmp_path).certificate.read_bytes()
    assert make_tls(tmp_path).certificate.read_bytes() == first
    later = datetime.now(UTC) + timedelta(days=364, hours=12)
    assert make_tls(tmp_path, now=later).certificate.read_bytes() != first
    assert (tmp_path / "server.key").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_objects_survive_a_restart_of_the_store(tmp_path: Path) -> None:
    with S3Server(tmp_path, [BUCKET]) as server:
        server.client().put_object(Bucket=BUCKET, Key="kept", Body=b"bytes")
    with S3Server(tmp_path, [BUCKET]) as again:
        assert again.client().get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"bytes"
