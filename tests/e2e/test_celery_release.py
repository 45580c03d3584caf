"""The production layout without Docker, as docs/production.md says it, with Celery and Redis: one whole release.

Two officers approve it with logins of their own. Every command of the page's section is one that runs here.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from compose_file import ROOT
from compose_stack import AIRFLOW_SERVICES, Stack, initdb_folder

from provision.connections import EnvironmentResolver
from provision.context import open_context
from provision.ledger.verify import verify
from tests.support.house import House, copy_of_house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

DAG = "release__care_for_institute"
#: Login -> role, in the order in which FAB numbers them, after the administrator.
PEOPLE = {"officer1": "Privacy officer", "officer2": "Privacy officer", "fictitious.operator": "Operator"}


class PlainStack(Stack):
    """As docs/production.md says without Docker: every service is started and checked through the script."""

    def __init__(self, config: Path, **settings: str) -> None:
        self.said: set[str] = set()
        super().__init__(config, **settings)

    def _lay_out(self, config: Path) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in self.secrets.items())
        (self.root / ".env").write_text(lines)
        shutil.copytree(config, self.root / "opt" / "tokumei-config")
        done = subprocess.run(self._script("prepare"), env=self.environment(""), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        (self.root / "opt" / "dags" / "compose_probe.py").unlink(missing_ok=True)

    def _script(self, *words: str) -> list[str]:
        self.said.add(" ".join(words))
        ports = {"5432": self.database, "8080": self.api, "8974": self.others[0], "8793": self.others[1],
                 "8794": self.others[2]}  # fmt: skip
        moved = [word for usual, other in ports.items() for word in ("--port", f"{usual}={other}")]
        script = str(ROOT / "scripts" / "without_docker.py")
        return [sys.executable, script, "--root", str(self.root), *moved, *words]

    def environment(self, service: str) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/bin", "LANG": "C.UTF-8"}

    def command(self, service: str) -> list[str]:
        return self._script("run", service)

    def health_command(self, service: str) -> list[str]:
        return ["CMD", *self._script("check", service)]

    def start(self) -> None:
        self._start_database()
        done = self.run("airflow-init", self.command("airflow-init"))
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        self.start_services("redis")
        self.start_services(*AIRFLOW_SERVICES, "airflow-worker")


def _house(folder: Path) -> House:
    """A house with one plan, which goes out on discs, and officers as FAB will number them."""
    house = copy_of_house(folder)
    for path in (house.config / "releases").glob("*.yaml"):
        if path.stem != "care-for-institute":
            path.unlink()

    def numbered(platform: dict[str, Any]) -> None:
        for number, officer in enumerate(platform["officers"], start=2):
            officer["airflow_id"] = str(number)

    house.edit("platform.yaml", numbered)
    return house


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainStack]:
    if initdb_folder() is None or shutil.which("redis-server") is None:
        pytest.skip("PostgreSQL or Redis is not installed (make setup-all, as root, installs them)")
    house = _house(tmp_path_factory.mktemp("house") / "house")
    running = PlainStack(house.config, TOKUMEI_EXECUTOR="CeleryExecutor", TOKUMEI_PARALLELISM="2")
    shutil.copytree(house.home, running.root / "zones", dirs_exist_ok=True)
    try:
        running.start()
        yield running
    finally:
        assert running.stop() == []


def _wait(what: str, ask: Callable[[], Any], good: Callable[[Any], bool], patience: float = 240) -> Any:
    deadline = time.monotonic() + patience
    while not good(answer := ask()):
        assert time.monotonic() < deadline, f"{what}: {answer}"
        time.sleep(1)
    return answer


def _sign_in_everybody(stack: Stack) -> dict[str, str]:
    status, answer = stack.sign_in(stack.secrets["TOKUMEI_ADMIN_USER"], stack.secrets["TOKUMEI_ADMIN_PASSWORD"])
    assert status == 201, answer
    admin, tokens = str(answer["access_token"]), {}
    for number, (login, role) in enumerate(PEOPLE.items(), start=2):
        password = secrets.token_urlsafe(12)
        user = {"username": login, "password": password, "email": f"{login}@example.invalid", "roles": [{"name": role}]}
        body = {**user, "first_name": "Fictitious", "last_name": role.split()[0]}
        status, made = stack.ask("/auth/fab/v1/users", token=admin, body=body)
        assert status in {200, 201}, made
        signed = stack.sign_in(login, password)[1]
        tokens[login] = str(signed["access_token"])
        listed = stack.ask("/auth/fab/v1/users?limit=50", token=admin)[1]["users"]
        assert [u.get("id", number) for u in listed if u["username"] == login] == [number], "as platform.yaml says"
    return tokens


def test_a_release_runs_in_the_worker_and_two_officers_approve_it(stack: PlainStack) -> None:
    tokens = _sign_in_everybody(stack)
    operator, address = tokens["fictitious.operator"], f"/api/v2/dags/{DAG}"
    _wait("the DAG is found", lambda: stack.ask(address, token=operator)[0], lambda status: status == 200)
    assert stack.ask(address, token=operator, body={"is_paused": False}, method="PATCH")[0] == 200
    status, run = stack.ask(f"{address}/dagRuns", token=operator, body={"logical_date": None})
    assert status == 200, run
    here = f"{address}/dagRuns/{run['dag_run_id']}"

    def states() -> dict[str, str]:
        tasks = stack.ask(f"{here}/taskInstances", token=operator)[1]["task_instances"]
        return {task["task_id"]: str(task["state"]) for task in tasks}

    _wait(
        "the officers are asked", states, lambda found: "awaiting_input" in found.values() or "failed" in found.values()
    )
    assert "failed" not in states().values(), states()
    # Airflow 3.3.2 fails a prompt answered before its executor reported the parking (test_compose_processes.py).
    time.sleep(8)
    context = open_context(EnvironmentResolver(), folder=stack.root / "opt/tokumei-config", home=stack.root / "zones")
    (made,) = context.ledger.entries(type="release.made")
    release, digest = made.subjects["release"], made.payload["digest"]
    decision = {"digest": digest, "decision": "approve", "reason": "内容を確認した"}
    for login in ("officer1", "officer2"):
        status, answer = stack.ask(f"/provision/api/approvals/{release}", token=tokens[login], body=decision)
        assert status == 200, answer
    _wait("the run ends", lambda: stack.ask(here, token=operator)[1]["state"], lambda s: s in {"success", "failed"})
    assert set(states().values()) == {"success"}, states()
    assert context.ledger.state("release", release) == "open"
    approvals = list(context.ledger.entries(type="release.approval"))
    assert len({entry.actor for entry in approvals}) == 2
    assert verify(context.zones.ledger(), public_key=context.log_keys).ok
    assert list((stack.root / "zones" / "staging").rglob("image.iso")), "the disc is ready to be burned"
    assert [p.name for p in (stack.root / "queue").iterdir()] == ["redis.sock"], "nothing of the queue is on a disk"


def test_the_doctor_looks_at_it(stack: PlainStack) -> None:
    """It finds what is true of this machine; connections come from Airflow's database."""
    done = stack.run("airflow-scheduler", stack._script("run", "airflow-scheduler", "tokumei", "doctor", "--json"))
    found = json.loads(done.stdout)["findings"]
    assert {f["check"] for f in found} >= {"zones", "keys", "databases", "servers"}
    assert {f["where"]: f["level"] for f in found if f["check"] == "databases"}["Airflow"] == "good"
    assert not [f for f in found if f["check"] in {"zones", "keys", "databases"} and f["level"] == "fail"]


def test_nothing_listens_beyond_this_machine(stack: PlainStack) -> None:
    """Airflow's own defaults are every address; here no container's wall stands in front of them."""
    ours = [psutil.Process(process.pid) for process in stack.processes.values()]
    tree = [one for process in ours for one in (process, *process.children(recursive=True))]
    heard = [c.laddr for p in tree for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert {address.port for address in heard} >= {stack.api, stack.others[0]}
    assert {address.ip for address in heard} == {"127.0.0.1"}


def test_every_step_of_the_page_was_run_here(stack: PlainStack) -> None:
    text = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
    section = text[text.index("## Without Docker") :].split("\n## ", 1)[0]
    steps = re.findall(r"(?m)^    python scripts/without_docker.py --root \S+ --account \S+ ([^#\n]+)", section)
    assert len(steps) >= 3
    missing = [step.strip() for step in steps if not any(said.startswith(step.strip()) for said in stack.said)]
    assert missing == []
    programs = re.search(r"apt-get install --no-install-recommends (.+)", section)
    assert programs is not None
    assert {"postgresql", "xorriso"} <= set(programs[1].split())


def test_a_value_that_is_missing_is_named(stack: PlainStack, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FERNET_KEY=x\n")
    script = [sys.executable, str(ROOT / "scripts" / "without_docker.py"), "--root", str(tmp_path)]
    done = subprocess.run([*script, "run", "airflow-scheduler"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "signs the tokens" in done.stderr
