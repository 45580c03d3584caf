"""Reading a file over SFTP ahead of what is needed: every byte once, in order, whatever a server gives."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.servers.sftp import SftpServer
from provision.connections import _from_json
from provision.remote import sftp
from provision.remote.sftp import Client
from provision.remote.ssh import session

CONTENT = random.Random(5).randbytes(3_000_000)


@dataclass
class Answers:
    """How the server of a test answers: at most `most` bytes a request, from a file that ends after `ends`."""

    most: int
    ends: int = len(CONTENT)
    asked: list[tuple[int, int]] = field(default_factory=list)


class Door(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


def files(answers: Answers) -> type[paramiko.SFTPServerInterface]:
    class File(paramiko.SFTPHandle):
        def read(self, offset: int, length: int) -> Any:
            answers.asked.append((offset, length))
            return CONTENT[offset : min(offset + min(length, answers.most), answers.ends)] or paramiko.SFTP_EOF

    class Files(paramiko.SFTPServerInterface):
        def open(self, path: str, flags: int, attr: Any) -> Any:
            return File(flags)

    return Files


@contextmanager
def opened(answers: Answers) -> Iterator[Client]:
    """Our client at a server in this process."""
    ours, theirs = socket.socketpair()
    server, client = paramiko.Transport(theirs), paramiko.Transport(ours)
    try:
        server.add_server_key(paramiko.ECDSAKey.generate())
        server.set_subsystem_handler("sftp", paramiko.SFTPServer, files(answers))
        server.start_server(event=threading.Event(), server=Door())
        client.connect(username="x", password="x")
        found = Client.from_transport(client)
        assert found is not None
        yield found
    finally:
        client.close()
        server.close()


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 70_000), st.integers(0, 400_000), st.integers(1, 400_000))
def test_every_byte_comes_once_however_little_a_server_gives(most: int, size: int, ends: int) -> None:
    answers = Answers(max(most, size // 50), ends)
    with opened(answers) as client, client.open_for_bulk("x", "rb") as file:
        assert b"".join(client.read_ahead(file, size)) == CONTENT[: min(size, ends)]


def test_nothing_is_asked_for_twice_and_not_more_than_so_much_ahead() -> None:
    answers, told = Answers(1 << 20), list[int]()
    with opened(answers) as client, client.open_for_bulk("x", "rb") as file:
        pieces = client.read_ahead(file, len(CONTENT), told.append)
        first = next(pieces)
        assert sum(told) <= sftp._AHEAD
        assert first + b"".join(pieces) == CONTENT
    assert sum(told) == len(CONTENT)
    assert sorted(answers.asked) == [
        (place, min(32_768, len(CONTENT) - place)) for place in range(0, len(CONTENT), 32_768)
    ]


def test_whoever_stops_reading_disturbs_nobody() -> None:
    with opened(Answers(1 << 20)) as client, client.open_for_bulk("x", "rb") as file:
        next(client.read_ahead(file, len(CONTENT)))
        assert b"".join(client.read_ahead(file, 100_000)) == CONTENT[:100_000]


def test_a_real_server_is_read_whole(tmp_path: Path, sftp_server: SftpServer) -> None:
    (sftp_server.data / "ahead.bin").write_bytes(CONTENT * 5)
    with session(_from_json(sftp_server.connection_json()), "partner") as line:
        assert line.client.request_size > 32_768
        with line.client.open_for_bulk("ahead.bin", "rb") as file:
            assert b"".join(line.client.read_ahead(file, 5 * len(CONTENT))) == CONTENT * 5


def test_a_refusal_is_no_end() -> None:
    """A server that will not read any more says so; that must never look like a shorter file."""
    with opened(Answers(1 << 20)) as client, client.open_for_bulk("x", "rb") as file:
        file.handle = b"no such handle"
        with pytest.raises(OSError, match="handle"):
            list(client.read_ahead(file, 10))
