"""One child process as a server: started in its own process group, waited for, and ended by its id only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"


class ServerFailed(RuntimeError):
    """A local server could not be started; the message ends with the tail of its log."""


def free_ports(count: int) -> list[int]:
    """`count` different loopback ports that nobody listens on just now."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"


def end_group(pid: int, program: str, grace: float = 3.0) -> bool:
    """End the process group led by `pid`, politely first. False where `pid` is gone or is not `program` any more.

    `program` must occur in the command line: a process id read from a file may have been given to somebody else.
    """
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    if program not in command or not alive(pid):
        return False
    _end(pid, grace)
    return True


def _end(pid: int, grace: float) -> None:
    sessions = _children(pid)
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not alive(pid):
            break
    for child in sessions:  # sshd gives each connection a process group of its own
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)


def _children(pid: int) -> list[int]:
    """Process ids of the children and their children, read while the parent lives."""
    try:
        direct = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*direct, *(below for child in direct for below in _children(child))]


class LocalServer(ABC):
    """A server with its data, settings and log below `folder`; the same folder may be started again."""

    program = ""  # a word of the command line by which `end_group` recognises the process
    grace = 3.0  # seconds between the polite and the final signal
    patience = 40.0  # seconds until it must answer

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.port = 0
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id, also the id of its process group; None while it is not running."""
        return self._process.pid if self._process is not None else None

    def start(self) -> Self:
        """Start and wait until it answers. Raises `ServerFailed` with the log's tail."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for attempt in (1, 2, 3):  # another program may take a port between our choice and the start
            command, environment = self.prepare(), {**os.environ, **self.environment()}
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
                )
            if self._wait():
                self.after_start()
                return self
            self.stop()
            if attempt == 3 or "in use" not in self.tail():
                break
        raise ServerFailed(f"{type(self).__name__} did not start; end of {self.log.name}:\n{self.tail()}")

    def stop(self) -> None:
        """End this server's own process group; nothing happens when it is not running."""
        if self._process is not None:
            if self._process.poll() is None:  # our own child: its id cannot be somebody else's yet
                _end(self._process.pid, self.grace)
            self._process.wait(timeout=15)
            self._process = None

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    @abstractmethod
    def prepare(self) -> Sequence[str]:
        """Choose ports, write settings and give the command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server answers as itself, not only accepts a connection."""

    @abstractmethod
    def connection_json(self) -> str:
        """The connection as JSON, the value of ``AIRFLOW_CONN_<ID>``."""

    def environment(self) -> Mapping[str, str]:
        """Additional environment variables of the process."""
        return {}

    def after_start(self) -> None:  # noqa: B027 - most servers have nothing to do here
        """What is still to do once it answers."""

    def leftovers(self) -> list[Path]:
        """Files outside `folder` that stay behind where the process is ended by its id alone."""
        return []

    def _wait(self) -> bool:
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                return False
            if self.answers():
                return True
            time.sleep(0.1)
        return False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def banner(port: int, prefix: bytes) -> bool:
    """Whether a server that speaks first says `prefix`."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.settimeout(2)
            return connection.recv(64).startswith(prefix)
    except OSError:
        return False
