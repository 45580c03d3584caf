"""Our DAGs in a real Airflow: parsed by its DAG processor, and the alert about a late run really sent."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).parent / "config"
DAG = "release__claims_to_a"


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def wait(what: str, ready: Callable[[], Any], seconds: float = 150) -> Any:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            if found := ready():
                return found
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise TimeoutError(what)


@pytest.fixture
def mailbox() -> Iterator[Any]:
    """A real mail server that keeps what it gets."""
    from aiosmtpd.controller import Controller

    class Keep:
        def __init__(self) -> None:
            self.mails: list[Any] = []

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
            return "250 kept"

    keep = Keep()
    (port,) = free_ports(1)
    controller = Controller(keep, hostname="127.0.0.1", port=port)
    controller.start()
    keep.port = port  # type: ignore[attr-defined]
    yield keep
    controller.stop()


@pytest.fixture
def airflow(airflow_database: Path, mailbox: Any, tmp_path: Path) -> Iterator[str]:
    """Address of a whole Airflow on free ports, in a process group of its own that is ended as a group."""
    api, worker_log, trigger_log = free_ports(3)
    address = f"http://127.0.0.1:{api}"
    extra = {"disable_ssl": True, "disable_tls": True}
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": mailbox.port, "extra": extra}
    environment = {
        **os.environ,
        # `airflow standalone` starts its parts by the bare name `airflow`.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TOKUMEI_CONFIG": str(CONFIG),
        "TOKUMEI_HOME": str(tmp_path / "home"),
        "AIRFLOW__API__PORT": str(api),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_log),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_log),
        "AIRFLOW_CONN_ALERTS": json.dumps(connection),
    }
    with (tmp_path / "airflow.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=tmp_path,
        )
        try:
            wait("the API server", lambda: requests.get(f"{address}/api/v2/version", timeout=2).ok)
            yield address
        except Exception:
            print((tmp_path / "airflow.log").read_text()[-4000:])
            raise
        finally:
            for sign in (signal.SIGINT, signal.SIGKILL):
                try:
                    os.killpg(process.pid, sign)
                    process.wait(5)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue


def test_dags_are_parsed_and_a_late_run_is_told_by_mail(
    airflow: str, airflow_database: Path, mailbox: Any, password_of: Callable[[str], str]
) -> None:
    account = {"username": "admin", "password": password_of("admin")}
    token = requests.post(f"{airflow}/auth/token", json=account, timeout=10).json()["access_token"]
    api = requests.Session()
    api.headers["Authorization"] = f"Bearer {token}"

    def dag_ids() -> set[str]:
        return {dag["dag_id"] for dag in api.get(f"{airflow}/api/v2/dags", timeout=10).json()["dags"]}

    expected = {"intake__hospital_one", "intake__care_two", DAG, "stewardship", "watch"}
    wait("the DAGs", lambda: dag_ids() >= expected)
    assert dag_ids() == expected
    assert api.get(f"{airflow}/api/v2/importErrors", timeout=10).json()["total_entries"] == 0

    # A DAG that is still paused keeps its run queued: a run that is late without anything having to take hours.
    run = api.post(f"{airflow}/api/v2/dags/{DAG}/dagRuns", json={"logical_date": None}, timeout=10).json()["dag_run_id"]
    with sqlite3.connect(airflow_database, timeout=30) as database:
        (hours,) = database.execute(
            "SELECT (julianday(deadline_time) - julianday('now')) * 24 FROM deadline"
        ).fetchone()
        assert 47 < hours <= 48
        database.execute("UPDATE deadline SET deadline_time = datetime('now', '-1 minute')")
    wait("the mail", lambda: mailbox.mails, 90)
    recipients, mail = mailbox.mails[0]
    assert recipients == ["operations@operator.example"]
    assert f"Late: {DAG}" in mail["Subject"]
    text = mail.get_body(("html", "plain")).get_content()
    assert run in text
    assert "48 hours" in text
