"""Airflow for the demonstration: API server, scheduler and DAG processor on embedded SQLite, and a small REST client.

The parts are started one by one, as in production, and not through `airflow standalone`: every process is ours to end.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from demo.servers.process import HOST, LocalServer, free_ports

ROOT = Path(__file__).resolve().parents[1]
#: login -> role of Airflow's embedded sign-in. `operator` starts DAGs, the officers decide, the auditor reads.
ACCOUNTS = {"operator": "op", "officer1": "user", "officer2": "user", "auditor": "viewer"}


@dataclass
class Airflow:
    """One embedded Airflow below `folder`; `extra` are the variables its tasks need (zones, config, connections)."""

    folder: Path
    extra: Mapping[str, str]
    reread: int = 3600  # seconds until DAG files, and with them the configuration, are read again

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.log_port, self.trigger_port = free_ports(3)
        self.passwords = {login: secrets.token_urlsafe(12) for login in ACCOUNTS}
        self.parts: list[Part] = []

    @property
    def url(self) -> str:
        """Address of pages and API."""
        return f"http://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Everything Airflow and our tasks read from the environment."""
        passwords = self.folder / "passwords.json"
        return {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "3",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{u}:{r}" for u, r in ACCOUNTS.items()),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.folder}/airflow.db",
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": self._secret("api-secret"),
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secret("jwt-secret"),
            "AIRFLOW__CORE__FERNET_KEY": "",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(self.log_port),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(self.trigger_port),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": str(self.reread),
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": str(self.reread),
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            # a parked task's end is reported up to this late; an answer before that fails the task
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "GX_ANALYTICS_ENABLED": "false",
            "PYTHONPATH": str(ROOT),
            **self.extra,
        }

    def start(self) -> None:
        """Migrate, then start the parts; returns when API server answers and every DAG is known."""
        (self.folder / "passwords.json").write_text(json.dumps(self.passwords))
        (self.folder / "passwords.json").chmod(0o600)
        with (self.folder / "migrate.log").open("wb") as log:
            command = [sys.executable, "-m", "airflow", "db", "migrate"]
            subprocess.run(command, env=_clean(self.environment()), stdout=log, stderr=log, check=True)
        for name in ("dag-processor", "scheduler", "api-server"):
            self.parts.append(Part(self, name))
            self.parts[-1].start()

    def stop(self) -> None:
        """End every part."""
        for part in reversed(self.parts):
            part.stop()

    def _secret(self, name: str) -> str:
        path = self.folder / f"{name}.txt"
        if not path.exists():
            path.write_text(secrets.token_hex(40))
            path.chmod(0o600)
        return path.read_text()

    def client(self, login: str) -> Client:
        """A signed-in client of the API."""
        return Client(self.url, login, self.passwords[login])


class Part(LocalServer):
    """One process of Airflow."""

    program = "airflow"
    grace = 8.0
    patience = 120.0

    def __init__(self, airflow: Airflow, name: str) -> None:
        super().__init__(airflow.folder / name)
        self.airflow, self.name = airflow, name

    def prepare(self) -> Sequence[str]:
        """The command, as production starts it."""
        return [sys.executable, "-m", "airflow", self.name]

    def environment(self) -> Mapping[str, str]:
        """The shared environment."""
        return self.airflow.environment()

    def answers(self) -> bool:
        """The API server answers on its port; the others only have to stay alive."""
        if self.name != "api-server":
            return True
        try:
            return requests.get(f"{self.airflow.url}/api/v2/version", timeout=2).ok
        except requests.RequestException:
            return False

    def connection_json(self) -> str:
        """Airflow is no connection."""
        return "{}"


class Client:
    """Signs in as one account and calls the API as that account."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self.url, self.login, self.password = url, login, password
        self.token = ""

    def sign_in(self) -> None:
        """Get a fresh token with the password."""
        answer = requests.post(
            f"{self.url}/auth/token", json={"username": self.login, "password": self.password}, timeout=30
        )
        answer.raise_for_status()
        self.token = answer.json()["access_token"]

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """One call; the answer's JSON. Raises for a refusal."""
        if not self.token:
            self.sign_in()
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, f"{self.url}{path}", headers=headers, timeout=90, **arguments)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def wait_for_dags(self, expected: set[str], seconds: float = 120) -> None:
        """Until every expected DAG is there and on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = {dag["dag_id"] for dag in self.call("GET", "/api/v2/dags?limit=200")["dags"]}
            if expected <= found:
                for dag in sorted(expected):
                    self.call("PATCH", f"/api/v2/dags/{dag}", json={"is_paused": False})
                return
            time.sleep(1)
        raise RuntimeError(f"DAGs not found: {', '.join(sorted(expected - found))}")

    def trigger(self, dag: str) -> str:
        """Start a run; gives its id."""
        return str(self.call("POST", f"/api/v2/dags/{dag}/dagRuns", json={"logical_date": None})["dag_run_id"])

    def runs(self) -> list[dict[str, Any]]:
        """Every run of every DAG."""
        return list(self.call("GET", "/api/v2/dags/~/dagRuns?limit=100")["dag_runs"])

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """Task instances of a run."""
        return list(self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances?limit=100")["task_instances"])


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **environment}
