"""Every request × every role × (token, cookie, nothing), asked of a real Airflow with FAB, against docs/auditors.md.

The table of the page is the expectation: what it says is what is asked, so neither can go its own way.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import browsing

ROOT = Path(__file__).parents[2]
#: The probe has two tasks of no consequence; `stewardship` is ours.
PROBE = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag

@dag(schedule=None)
def probe():
    EmptyOperator(task_id="approve") >> EmptyOperator(task_id="deliver")

@dag(schedule=None)
def stewardship():
    EmptyOperator(task_id="tend")

probe()
stewardship()
"""
#: Accounts; the privacy officer is the one that the plan of the test's configuration names.
ACCOUNTS = {"Operator": "operator", "Privacy officer": "officer_a", "Auditor": "auditor", "Steward": "steward",
            "Admin": "admin"}  # fmt: skip
SET_UP = """
import sys
sys.path.insert(0, {scripts!r})
import airflow_init
airflow_init.main()
airflow_init.main()  # as at every start
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
with get_application_builder() as builder:
    for role, login in {accounts!r}.items():
        if role != "Admin":
            mail, found = login + "@example.invalid", builder.sm.find_role(role)
            assert builder.sm.add_user(login, "Fictitious", role, mail, found, {password!r}), login
"""
PASSWORD = "a-password-for-tests-only"
BODIES: dict[str, Any] = {
    "POST /provision/api/approvals/{release}": {"digest": "", "decision": "reject", "reason": "試験"},
    "POST /provision/api/approvals/{release}/prompt": {},
    "POST /api/v2/dags/{dag}/dagRuns": {"logical_date": None},
    "POST /api/v2/dags/stewardship/dagRuns": {"logical_date": None},
    "PATCH /api/v2/dags/{dag}": {"is_paused": True},
    "PATCH /api/v2/dags/{dag}/dagRuns/{run}": {"state": "success"},
    "PATCH /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}": {"new_state": "success"},
    "PATCH /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/-1/hitlDetails": {"chosen_options": ["Approve"],
                                                                                "params_input": {}},
    "POST /api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries": {"key": "return_value", "value": "1",
                                                                            "map_index": -1},
    "POST /api/v2/dags/{dag}/clearTaskInstances": {"dry_run": True},
}  # fmt: skip


@dataclass
class House:
    """A server with our roles, one account of each, one run, and one release that waits for officers."""

    address: str
    release: str
    digest: str
    run: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, request: str, role: str, how: str) -> int:
        """The status a request gets from an account with its token, its cookie or nothing."""
        method, _, path = request.partition(" ")
        places = {"{release}": self.release, "{dag}": "probe", "{run}": self.run, "{task}": "approve", "{id}": "none"}
        for name, value in places.items():
            path = path.replace(name, value)
        body = BODIES.get(request)
        if body and "digest" in body:
            body = {**body, "digest": self.digest}
        headers = {"token": {"Authorization": f"Bearer {self.tokens.get(role)}"},
                   "cookie": {"Cookie": f"_token={self.tokens.get(role)}"}, "nothing": {}}[how]  # fmt: skip
        answer = requests.request(method, self.address + path, headers=headers, json=body, timeout=60,
                                  allow_redirects=False)  # fmt: skip
        return answer.status_code


def table() -> dict[str, dict[str, str]]:
    """request -> role -> yes, token or no, as the page says."""
    text = (ROOT / "docs" / "auditors.md").read_text(encoding="utf-8").partition("## Who may do what")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    roles = rows[0][2:]
    return {row[0].strip("`"): dict(zip(roles, row[2:], strict=True)) for row in rows[2:]}


def environment(home: Path) -> dict[str, str]:
    from tests.conftest import airflow_environment

    return {
        **airflow_environment(home),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__FAB__UPDATE_FAB_PERMS": "False",  # a start takes nothing away from what airflow-init gave
        "TOKUMEI_ADMIN_USER": ACCOUNTS["Admin"],
        "TOKUMEI_ADMIN_PASSWORD": PASSWORD,
    }


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's database with FAB, our roles and accounts, and the two DAGs."""
    home = tmp_path_factory.mktemp("fab")
    (home / "dags").mkdir()
    (home / "dags" / "probe.py").write_text(PROBE)
    code = SET_UP.format(scripts=str(ROOT / "scripts"), accounts=ACCOUNTS, password=PASSWORD)
    airflow = [sys.executable, "-m", "airflow"]
    for command in ([*airflow, "db", "migrate"], [sys.executable, "-c", code], [*airflow, "dags", "reserialize"]):
        done = subprocess.run(command, env=os.environ | environment(home), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
    return home


@pytest.fixture
def house(airflow_home: Path, world: Any, facts: Any, tmp_path: Path) -> Iterator[House]:
    release = facts.gate_one(world)
    with browsing.api_server(tmp_path, environment(airflow_home)) as address:
        made = House(address, release, facts.digest)
        for role, login in ACCOUNTS.items():
            answer = requests.post(f"{address}/auth/token", json={"username": login, "password": PASSWORD}, timeout=60)
            assert answer.status_code == 201, (role, answer.text)
            made.tokens[role] = str(answer.json()["access_token"])
        run = requests.post(f"{address}/api/v2/dags/probe/dagRuns", json={"logical_date": None}, timeout=60,
                            headers={"Authorization": f"Bearer {made.tokens['Operator']}"})  # fmt: skip
        assert run.status_code == 200, run.text
        made.run = str(run.json()["dag_run_id"])
        yield made


def pages(house: House) -> list[str]:
    """Every address of ours that is read, and some that nobody serves."""
    from provision.auditing.app import create

    known = {"release": house.release, "seq": 1, "name": "evidence.json", "path": "nowhere"}
    found = {
        f"GET /provision{route.path_format.format(**known)}" for route in create().routes if "GET" in route.methods
    }
    return sorted(
        found | {"GET /provision/docs", "GET /provision/openapi.json", "PUT /provision/log", "DELETE /provision/x"}
    )


def changing() -> set[str]:
    """Every request of ours that changes something."""
    from provision.auditing.app import create

    routes = [route for route in create().routes if "{path" not in route.path_format]
    return {f"{method} /provision{route.path_format}" for route in routes for method in route.methods - {"GET", "HEAD"}}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_role_may_do_what_the_page_says_and_nothing_else(house: House, world: Any) -> None:
    expected = table()
    assert list(next(iter(expected.values()))) == list(ACCOUNTS)
    assert changing() <= expected.keys(), "a request that changes something stands in the table"
    reading = expected.pop("GET /provision/")
    rows = dict.fromkeys(pages(house), reading) | expected
    order = sorted(rows, key=lambda request: (request.startswith("DELETE"), request))
    assert [(request, status) for request in order if (status := house.ask(request, "", "nothing")) != 401] == []
    wrong = []
    for role in ACCOUNTS:  # the administrator comes last: what the others may not do is still there to be done
        for request in order:
            for how in ("cookie", "token"):
                status, said = house.ask(request, role, how), rows[request][role]
                may = said == "yes" or (said == "token" and how == "token")
                if (status < 500 and status not in {401, 403}) if may else status == 403:
                    continue
                wrong.append((role, request, how, said, status))
    assert wrong == []
    _auditors_find_the_pages(house.address)
    assert world.ledger.state("release", house.release) == "rejected"  # by the privacy officer, and nobody else
    decided = next(world.ledger.entries(type="release.rejection"))
    assert decided.subjects["officer"] == "officer-a"


def _auditors_find_the_pages(address: str) -> None:
    """With FAB's sign-in and an Auditor's rights alone, the menu leads to our pages."""
    if not browsing.CHROMIUM:
        return
    with browsing.browser() as chromium:
        page = chromium.new_page(viewport={"width": 1400, "height": 900}, locale="ja-JP")
        browsing.sign_in(page, address, ACCOUNTS["Auditor"], PASSWORD)
        page.get_by_role("button", name="閲覧").click()
        page.get_by_role("menuitem", name="提供記録").click()
        page.frame_locator("iframe").get_by_role("heading", name="概要").wait_for(timeout=60_000)


def test_the_page_and_the_roles_name_the_same(tmp_path: Path) -> None:
    """Quick: every role that is shipped stands in the table, every cell is one of three words."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("airflow_init", ROOT / "scripts" / "airflow_init.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for request, roles in table().items():
        assert [*module.ROLES, "Admin"] == list(roles), request
        assert set(roles.values()) <= {"yes", "no", "token"}, request
        assert re.fullmatch(r"(GET|POST|PATCH|DELETE) /[\w/{}-]+", request), request
