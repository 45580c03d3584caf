"""Runs what docker-compose.yml starts as plain processes on loopback: same commands, same environment, other ports.

Hosts become 127.0.0.1, ports become free ones, folders of the image become a temporary tree laid out as the
Dockerfile lays it out. Every process leads a process group of its own and is ended by that group only.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
from compose_file import ROOT, fresh_secrets, interpolate, read

BIN = Path(sys.executable).parent
SERVICES: dict[str, dict[str, Any]] = read()["services"]
AIRFLOW_SERVICES = ("airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")

#: A task, a prompt, a task: shows that scheduler, task and API server believe each other's secrets, and who may what.
PROBE = '''
"""For the test of docker-compose.yml."""
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import dag, task

@dag(schedule=None)
def compose_probe():
    @task
    def before():
        return 42

    @task
    def after():
        return 43

    before() >> ApprovalOperator(task_id="approve", subject="May it go on?") >> after()

compose_probe()
'''


def free_ports(count: int) -> list[int]:
    """Different loopback ports that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def initdb_folder() -> Path | None:
    """Folder of PostgreSQL's server programs, the newest Debian has here, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    linked = shutil.which("initdb")
    candidates = [*([Path(linked).resolve()] if linked else []), *found]
    whole = [path.parent for path in candidates if path.with_name("postgres").exists()]
    return whole[-1] if whole else None


class Stack:
    """The whole stack below one temporary folder. Use `start`, look, `stop`; `stop` may be called twice."""

    def __init__(self, config: Path = ROOT / "config", **settings: str) -> None:
        """`settings` are further lines of ``.env``."""
        self.root = Path(tempfile.mkdtemp(prefix="tokumei-compose-"))
        self.root.chmod(0o711)  # the database runs as another user when we are root
        self.secrets = fresh_secrets() | settings
        self.database, self.api, self.portal, *others = free_ports(6)
        self.others = others
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._replacements = {
            "postgres:5432": f"127.0.0.1:{self.database}",
            "airflow-apiserver:": "127.0.0.1:",
            "/opt/airflow": str(self.root / "opt"),
            "/opt/tokumei/config": str(self.root / "opt" / "tokumei-config"),
            "8081": str(self.portal),
            "/var/lib/tokumei": str(self.root / "zones"),
            "/var/log/airflow": str(self.root / "log"),
            "/var/lib/demo": str(self.root / "demo"),
            "/run/queue": str(self.root / "queue"),
            **{old: str(new) for old, new in zip(("8080", "8974", "8793", "8794"), (self.api, *others), strict=True)},
        }
        self._lay_out(config)

    # --- as the Dockerfile does ---------------------------------------------------------------------------------

    def _lay_out(self, config: Path) -> None:
        home = self.root / "opt"
        for folder in (home / "plugins", self.root / "zones", self.root / "log", self.root / "queue"):
            folder.mkdir(parents=True)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "dags", home / "dags", ignore=ignore)
        shutil.copytree(ROOT / "demo", home / "demo", ignore=ignore)
        shutil.copytree(config, home / "tokumei-config")
        for name in ("provision_ui.py", ".airflowignore"):
            if (ROOT / "plugins" / name).exists():
                shutil.copy(ROOT / "plugins" / name, home / "plugins")
        shutil.copy(ROOT / "scripts" / "airflow_init.py", home)
        (home / "airflow.cfg").write_text("# empty, as in the image\n")
        (home / "dags" / "compose_probe.py").write_text(PROBE)
        self.laid_out = self.home_files()

    def home_files(self) -> set[str]:
        """Files below AIRFLOW_HOME but compiled ones; in the container that folder cannot be written."""
        home = self.root / "opt"
        return {str(p.relative_to(home)) for p in home.rglob("*") if p.is_file() and p.suffix != ".pyc"}

    # --- what the file says, for this machine ---------------------------------------------------------------------

    def translate(self, text: str) -> str:
        """One text of the compose file, filled in and pointed at this machine."""
        for old, new in self._replacements.items():
            text = text.replace(old, new)
        return interpolate(text, self.secrets)

    def environment(self, service: str) -> dict[str, str]:
        """Only what compose gives, plus PATH and HOME as the image has them."""
        given = SERVICES[service].get("environment", {})
        base = {"PATH": f"{BIN}:/usr/sbin:/usr/bin:/bin", "HOME": str(self.root / "log"), "LANG": "C.UTF-8"}
        base["AIRFLOW_HOME"] = str(self.root / "opt")
        return base | {name: self.translate(str(value)) for name, value in given.items()}

    def command(self, service: str) -> list[str]:
        """The service's command line; only the list form is used in our file."""
        words: list[str] = SERVICES[service]["command"]
        return [self.translate(word) for word in words]

    def run(self, service: str, command: Sequence[str], timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run `command` in the service's environment and wait for it."""
        return subprocess.run(
            command, env=self.environment(service), cwd=self.root / "opt", stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    # --- starting -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Database, init to its end, then everything that waits for init; returns when all health checks pass."""
        self._start_database()
        done = self.run("airflow-init", self.command("airflow-init"))
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        self.start_services(*AIRFLOW_SERVICES)

    def start_services(self, *names: str) -> None:
        """Start these at the same time and wait until each one's health check passes."""
        for service in names:
            self._popen(service, self.command(service), self.environment(service))
        for service in names:
            self._wait(service, lambda name=service: self.health(name).returncode == 0)  # type: ignore[misc]

    def health_command(self, service: str) -> list[str]:
        """The service's own health check, for this machine."""
        return [self.translate(word) for word in SERVICES[service]["healthcheck"]["test"]]

    def health(self, service: str) -> subprocess.CompletedProcess[str]:
        """Run the service's own health check once."""
        kind, *words = self.health_command(service)
        assert kind == "CMD", "our health checks need no shell"
        return self.run(service, words, timeout=60)

    def _popen(self, name: str, command: Sequence[str], env: dict[str, str], **more: Any) -> None:
        with (self.root / f"{name}.out").open("wb") as output:
            self.processes[name] = subprocess.Popen(
                command, env=env, cwd=self.root / "opt", stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, **more,
            )  # fmt: skip

    def _wait(self, name: str, ready: Callable[[], bool], patience: float = 150) -> None:
        deadline = time.monotonic() + patience
        while not ready():
            tail = (self.root / f"{name}.out").read_text(errors="replace")[-3000:]
            assert self.processes[name].poll() is None, f"{name} ended:\n{tail}"
            assert time.monotonic() < deadline, f"{name} is not healthy after {patience} s:\n{tail}"
            time.sleep(0.5)

    def _start_database(self) -> None:
        programs, folder = initdb_folder(), self.root / "postgres"
        assert programs is not None, "the caller skips where there is no PostgreSQL"
        folder.mkdir()
        (folder / "password").write_text(self.secrets["POSTGRES_PASSWORD"])
        account: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            for path in (folder, folder / "password"):
                os.chown(path, user.pw_uid, user.pw_gid)
        env = {"PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8", "PGPASSWORD": self.secrets["POSTGRES_PASSWORD"]}
        initdb = [f"{programs}/initdb", "-D", f"{folder}/data", "-U", "airflow", "-A", "scram-sha-256", "--no-sync"]
        subprocess.run(
            [*initdb, f"--pwfile={folder}/password", "--data-checksums", "-E", "UTF8", "--locale=C.UTF-8"],
            env=env, cwd=folder, check=True, capture_output=True, **account,
        )  # fmt: skip
        server = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(self.database)]
        options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        self._popen("postgres", [*server, *options], env, **account)
        at = ["-h", "127.0.0.1", "-p", str(self.database), "-U", "airflow"]
        ready = [f"{programs}/pg_isready", *at, "-d", "postgres"]
        self._wait("postgres", lambda: subprocess.run(ready, env=env, capture_output=True, check=False).returncode == 0)
        subprocess.run([f"{programs}/createdb", *at, "airflow"], env=env, cwd=folder, check=True, capture_output=True)

    # --- asking ---------------------------------------------------------------------------------------------------

    def ask(self, path: str, *, token: str = "", body: object = None, method: str = "") -> tuple[int, Any]:
        """Status and JSON (or text) of one request to the API server; GET, or POST where there is a body."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = json.dumps(body).encode() if body is not None else None
        address = f"http://127.0.0.1:{self.api}{path}"
        request = urllib.request.Request(address, data=data, headers=headers, method=method or None)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:  # a busy machine answers late
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            status, content = refusal.code, refusal.read()
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content.decode(errors="replace")

    def sign_in(self, name: str, password: str) -> tuple[int, Any]:
        """Answer to a login; the token is in ``access_token``."""
        return self.ask("/auth/token", body={"username": name, "password": password})

    # --- ending ---------------------------------------------------------------------------------------------------

    def stop(self) -> list[str]:
        """End every group politely, last started first. Gives what had to be killed; that should be nothing."""
        started, self.processes = self.processes, {}
        family = [psutil.Process(p.pid) for p in started.values() if p.poll() is None]
        family += [child for leader in list(family) for child in leader.children(recursive=True)]
        for process in reversed(started.values()):
            _signal_group(process.pid, signal.SIGINT if process is started.get("postgres") else signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                continue
        _, left = psutil.wait_procs(family, timeout=15)
        names = [f"{p.pid} {' '.join(p.cmdline())}" for p in left if p.is_running() and p.status() != "zombie"]
        for process in started.values():
            _signal_group(process.pid, signal.SIGKILL)
        for stray in left:
            if stray.is_running():
                stray.kill()
        shutil.rmtree(self.root, ignore_errors=True)
        return names


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
