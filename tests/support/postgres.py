"""A real PostgreSQL of our own for tests: one cluster a session, a fresh database with the platform's tables a test."""

from __future__ import annotations

import atexit
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from provision.ledger.postgres import prepare
from provision.ledger.postgrescatalogue import TABLES
from provision.platformsql import scripts

#: Logins as an operator would make them: pages and the portal write entries, tasks also sign, an auditor reads.
LOGINS = {"pages": "tokumei_writer", "portal": "tokumei_writer", "tasks": "tokumei_steward",
          "auditor": "tokumei_reader", "nobody": ""}  # fmt: skip


def server_programs() -> Path | None:
    """Folder of PostgreSQL's server programs, the newest there is, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    linked = shutil.which("initdb")
    candidates = [*([Path(linked).resolve()] if linked else []), *found]
    whole = [path.parent for path in candidates if path.with_name("postgres").exists()]
    return whole[-1] if whole else None


class Cluster:
    """One server on a free loopback port, below a folder of its own."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self.root = Path(tempfile.mkdtemp(prefix="tokumei-postgres-"))
        self.password = secrets.token_hex(8)
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            self._account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.root, user.pw_uid, user.pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._initdb()
        self.start()

    def url(self, database: str, login: str = "admin") -> str:
        """Address of a database for one login."""
        return f"postgresql://{login}:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.root}"]
        # fsync stays on: the log refuses to be written without it.
        self._server = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", str(self.root / "data"), "-p", str(self.port), *options],
            cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            **self._account,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                assert self._server.poll() is None, "PostgreSQL does not start"
                assert time.monotonic() < deadline, "PostgreSQL does not answer"
                time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would: the postmaster and all its processes, without a word."""
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait(60)

    def stop(self) -> None:
        """End it and remove everything."""
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(60)
        shutil.rmtree(self.root, ignore_errors=True)

    def execute(self, database: str, *statements: str) -> None:
        """Run statements as the administrator, each by itself."""
        with psycopg.connect(self.url(database), autocommit=True) as admin:
            for statement in statements:
                admin.execute(statement.encode())

    @cache  # noqa: B019 -- one cluster lives as long as the session
    def _template(self) -> str:
        self.execute("postgres", "CREATE DATABASE prepared")
        prepare(self.url("prepared"), scripts())
        for login, role in LOGINS.items():
            member = f" IN ROLE {role}" if role else ""
            self.execute("postgres", f"CREATE ROLE {login} LOGIN PASSWORD '{self.password}'{member}")
        return "prepared"

    def database(self) -> str:
        """Name of a new database with empty logs in it."""
        name = f"t{secrets.token_hex(6)}"
        self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE {self._template()}")
        return name

    def borrowed(self) -> str:
        """Name of the one database that is emptied for every test; making one takes a second."""
        name = self._borrowed()
        self.empty(name)
        return name

    @cache  # noqa: B019 -- as above
    def _borrowed(self) -> str:
        return self.database()

    def empty(self, database: str) -> None:
        """Remove all rows, as only the administrator can, and whoever is still connected."""
        with psycopg.connect(self.url(database)) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = [*(f"provision_log.{name}" for name in TABLES), "access_log.visit", "access_log.expired"]
            for table in tables:
                admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER only_grows".encode())
            admin.execute(f"TRUNCATE {', '.join(tables)}".encode())
            for table in tables:
                admin.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER only_grows".encode())

    def drop(self, database: str) -> None:
        """Remove a database."""
        self.execute("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def _initdb(self) -> None:
        secret = self.root / "password"
        secret.write_text(self.password)
        os.chmod(secret, 0o644)
        initdb = [str(self._programs / "initdb"), "-D", f"{self.root}/data", "-U", "admin", "-A", "scram-sha-256"]
        subprocess.run(
            [*initdb, f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            cwd=self.root, check=True, capture_output=True, **self._account,
        )  # fmt: skip


@cache
def _started() -> Cluster | None:
    programs = server_programs()
    if programs is None:
        return None
    made = Cluster(programs)
    atexit.register(made.stop)
    return made


def cluster() -> Cluster:
    """The session's server; skips the test where PostgreSQL is not installed."""
    found = _started()
    if found is None:
        pytest.skip("PostgreSQL is not installed (make setup-all, as root, installs it)")
    return found
