"""Real servers as fixtures, one of each for a whole run, however many test folders import the fixtures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.servers.process import LocalServer
from demo.servers.s3 import S3Server, weed_binary
from demo.servers.sftp import SftpServer, sshd_binary
from demo.servers.smtp import SmtpServer
from tests.support.ceph import CephStore, missing

BUCKET = "deliveries"

_running: dict[str, tuple[LocalServer, int]] = {}


def _share(name: str, server: LocalServer) -> Iterator[LocalServer]:
    """Start on first use, end with the last user: two folders importing a fixture make two fixtures of it."""
    shared, users = _running.get(name, (server, 0))
    if not users:
        shared.start()
    _running[name] = (shared, users + 1)
    try:
        yield shared
    finally:
        shared, users = _running[name]
        _running[name] = (shared, users - 1)
        if users == 1:
            shared.stop()


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    return Path(factory.mktemp(name))


@pytest.fixture(scope="session")
def smtp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Mail server with STARTTLS, AUTH and a limit of 40 MB."""
    pytest.importorskip("aiosmtpd", reason="the package aiosmtpd is not installed")
    yield from _share("smtp", SmtpServer(_folder(tmp_path_factory, "smtp"), limit=40_000_000))


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """OpenSSH for the current user."""
    try:
        sshd_binary()
    except RuntimeError as missing:
        pytest.skip(str(missing))
    yield from _share("sftp", SftpServer(_folder(tmp_path_factory, "sftp")))


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """SeaweedFS with one bucket."""
    try:
        weed_binary()
    except RuntimeError as missing:
        pytest.skip(str(missing))
    yield from _share("s3", S3Server(_folder(tmp_path_factory, "s3"), [BUCKET]))


@pytest.fixture(scope="session")
def ceph_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Ceph's object gateway with one bucket: the second store."""
    if reason := missing():
        pytest.skip(reason)
    yield from _share("ceph", CephStore(_folder(tmp_path_factory, "ceph"), [BUCKET]))


@pytest.fixture(scope="session")
def xorriso() -> str:
    """Path of xorriso."""
    found = shutil.which("xorriso")
    if not found:
        pytest.skip("the program xorriso is missing; install the Debian package xorriso")
    return found
