"""Every command docker-compose.yml starts, run as a process: Airflow with FAB, PostgreSQL and our roles, for real."""

from __future__ import annotations

import json
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from compose_file import ROOT
from compose_stack import AIRFLOW_SERVICES, Stack, initdb_folder

from provision.config import load_recipients

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

RUNS = "/api/v2/dags/compose_probe/dagRuns"
ROLES = ("Operator", "Privacy officer", "Auditor", "Steward")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    if initdb_folder() is None:
        pytest.skip("PostgreSQL is not installed (make setup-all, as root, installs it)")
    running = Stack()
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def admin(stack: Stack) -> str:
    status, answer = stack.sign_in(stack.secrets["TOKUMEI_ADMIN_USER"], stack.secrets["TOKUMEI_ADMIN_PASSWORD"])
    assert status == 201, answer
    return str(answer["access_token"])


@pytest.fixture(scope="module")
def tokens(stack: Stack, admin: str) -> dict[str, str]:
    """A signed-in account for each of our roles, and for one of Airflow's to compare with."""
    found = {}
    for role in (*ROLES, "User"):
        name, password = f"fictitious.{role.lower().replace(' ', '-')}", secrets.token_urlsafe(12)
        user = {"username": name, "password": password, "email": f"{name}@example.invalid", "roles": [{"name": role}]}
        body = {**user, "first_name": "Fictitious", "last_name": role}
        status, answer = stack.ask("/auth/fab/v1/users", token=admin, body=body)
        assert status in {200, 201}, answer
        found[role] = str(stack.sign_in(name, password)[1]["access_token"])
    return found


def wait_for(what: str, ask: Callable[[], Any], good: Callable[[Any], bool], patience: float = 120) -> Any:
    deadline = time.monotonic() + patience
    while not good(answer := ask()):
        assert time.monotonic() < deadline, f"{what}: {answer}"
        time.sleep(1)
    return answer


@pytest.fixture(scope="module")
def waiting(stack: Stack, admin: str, tokens: dict[str, str]) -> str:
    """Run id of a run that an operator switched on and started, and that waits for its approval."""
    address = "/api/v2/dags/compose_probe"
    wait_for("the DAG is found", lambda: stack.ask(address, token=admin)[0], lambda status: status == 200)
    assert stack.ask(address, token=admin)[1]["is_paused"] is True, "new DAGs wait until a person switches them on"
    operator = tokens["Operator"]
    assert stack.ask(address, token=operator, body={"is_paused": False}, method="PATCH")[0] == 200
    status, run = stack.ask(RUNS, token=operator, body={"logical_date": None})
    assert status == 200, run
    task = f"{RUNS}/{run['dag_run_id']}/taskInstances/approve"
    wait_for("the run waits", lambda: stack.ask(task, token=admin)[1]["state"], lambda state: state == "awaiting_input")
    # Airflow 3.3.2 fails a prompt answered before its executor reported the parking (see MIN_HEARTBEAT_INTERVAL in the
    # compose file); with its default of 5 s, eight seconds were enough in 16 of 16 runs.
    time.sleep(8)
    return str(run["dag_run_id"])


def test_strangers_see_nothing(stack: Stack) -> None:
    assert stack.ask("/api/v2/version")[1]["version"].startswith("3.3.")
    assert stack.ask("/api/v2/dags")[0] == 401


def test_a_wrong_password_is_refused_and_the_first_administrator_is_let_in(stack: Stack, admin: str) -> None:
    name = stack.secrets["TOKUMEI_ADMIN_USER"]
    assert stack.sign_in(name, "wrong-" + stack.secrets["TOKUMEI_ADMIN_PASSWORD"])[0] == 401
    assert stack.sign_in(name, "")[0] in {400, 401, 422}
    assert stack.ask("/api/v2/dags", token=admin)[0] == 200


def test_every_part_is_healthy(stack: Stack) -> None:
    for service in AIRFLOW_SERVICES:
        assert stack.health(service).returncode == 0, service
    parts = stack.ask("/api/v2/monitor/health")[1]
    healthy = {name for name, part in parts.items() if part["status"] == "healthy"}
    assert healthy == {"metadatabase", "scheduler", "triggerer", "dag_processor"}


def test_a_health_check_can_fail(stack: Stack) -> None:
    """Against a port nobody listens on; the twin of the test above."""
    kind, python, dash_c, script = stack.health_command("airflow-apiserver")
    assert kind == "CMD"
    nobody = script.replace(str(stack.api), "9")
    assert nobody != script
    assert stack.run("airflow-apiserver", [python, dash_c, nobody], timeout=60).returncode != 0


def test_init_twice_changes_nothing(stack: Stack) -> None:
    again = stack.run("airflow-init", stack.command("airflow-init"))
    assert again.returncode == 0, again.stderr[-2000:]
    assert f"administrator {stack.secrets['TOKUMEI_ADMIN_USER']} is there" in again.stdout
    assert stack.sign_in(stack.secrets["TOKUMEI_ADMIN_USER"], stack.secrets["TOKUMEI_ADMIN_PASSWORD"])[0] == 201


def test_init_takes_back_rights_somebody_added(stack: Stack, admin: str) -> None:
    def rights() -> list[Any]:
        actions: list[Any] = stack.ask("/auth/fab/v1/roles/Auditor", token=admin)[1]["actions"]
        return actions

    declared = rights()
    more = {"name": "Auditor", "actions": [*declared, {"action": {"name": "can_read"}, "resource": {"name": "XComs"}}]}
    assert stack.ask("/auth/fab/v1/roles/Auditor", token=admin, body=more, method="PATCH")[0] == 200
    assert len(rights()) == len(declared) + 1
    assert stack.run("airflow-init", stack.command("airflow-init")).returncode == 0
    assert sorted(map(str, rights())) == sorted(map(str, declared))


def test_a_gate_cannot_be_walked_around(stack: Stack, tokens: dict[str, str], waiting: str) -> None:
    """The four ways of Airflow's own roles: mark the task or the run as done, clear it, forge its result."""
    run, task = f"{RUNS}/{waiting}", f"{RUNS}/{waiting}/taskInstances/approve"
    clear = {"dag_run_id": waiting, "task_ids": ["approve"], "dry_run": True}
    forged = {"key": "return_value", "value": "1", "map_index": -1}
    for role in ROLES:
        token = tokens[role]
        assert stack.ask(task, token=token, body={"new_state": "success"}, method="PATCH")[0] == 403, role
        assert stack.ask(run, token=token, body={"state": "success"}, method="PATCH")[0] == 403, role
        assert stack.ask("/api/v2/dags/compose_probe/clearTaskInstances", token=token, body=clear)[0] == 403, role
        assert stack.ask(f"{task}/xcomEntries", token=token, body=forged)[0] == 403, role
        assert stack.ask(f"{task}/xcomEntries", token=token)[0] == 403, role
        assert stack.ask("/api/v2/connections", token=token)[0] == 403, role
    # Airflow's own role may, which is why it is not for us: the request above is a real one.
    assert stack.ask("/api/v2/dags/compose_probe/clearTaskInstances", token=tokens["User"], body=clear)[0] == 200


def test_each_role_does_its_own_work_only(stack: Stack, tokens: dict[str, str], admin: str, waiting: str) -> None:
    prompt = f"{RUNS}/{waiting}/taskInstances/approve/-1/hitlDetails"
    answer = {"chosen_options": ["Approve"], "params_input": {}}
    for role in ("Auditor", "Operator", "Steward"):
        assert stack.ask(prompt, token=tokens[role], body=answer, method="PATCH")[0] == 403, role
    for role in ("Auditor", "Privacy officer", "Steward"):
        assert stack.ask(RUNS, token=tokens[role], body={"logical_date": None})[0] == 403, role
    assert stack.ask(prompt, token=tokens["Privacy officer"], body=answer, method="PATCH")[0] == 200
    state = wait_for(
        "the run ends",
        lambda: stack.ask(f"{RUNS}/{waiting}", token=admin)[1]["state"],
        lambda state: state in {"success", "failed"},
    )
    assert state == "success"
    assert stack.ask("/api/v2/eventLogs", token=tokens["Operator"])[0] == 200
    assert stack.ask("/api/v2/eventLogs", token=tokens["Auditor"])[0] == 403


def test_none_of_our_dag_files_is_broken(stack: Stack, admin: str) -> None:
    status, answer = stack.ask("/api/v2/importErrors", token=admin)
    assert status == 200
    assert [each["filename"] for each in answer["import_errors"]] == []


def test_our_pages_turn_strangers_away(stack: Stack, admin: str, tokens: dict[str, str]) -> None:
    if not (ROOT / "plugins" / "provision_ui.py").exists():
        pytest.skip("plugins/provision_ui.py is not there")
    plugins = stack.ask("/api/v2/plugins", token=admin)[1]["plugins"]
    prefixes = [app["url_prefix"] for plugin in plugins for app in plugin["fastapi_apps"] if app.get("url_prefix")]
    ours = [prefix for prefix in prefixes if "provision" in prefix]
    assert ours, "the plugin did not load"
    shell = stack.ask("/no-such-page-of-airflow")  # Airflow's empty page, the same for every unknown address
    for prefix in ours:
        for path in ("/", "/docs", "/openapi.json", "/no-such-page"):
            assert stack.ask(f"{prefix}{path}")[0] == 401, f"{prefix}{path}"
        assert stack.ask(prefix)[0] == 401 or stack.ask(prefix) == shell
        assert stack.ask(f"{prefix}/", token=tokens["User"])[0] == 403, "only our roles read the provision log"
        assert stack.ask(f"{prefix}/no-such-page", token=tokens["Auditor"])[0] == 404


def test_the_demonstrations_partners_come_with_their_connections(stack: Stack, admin: str) -> None:
    """Profile demo: the servers start, and Airflow knows an address for each of our recipients' connections."""
    stack.start_services("demo-partners")
    recipients = load_recipients(ROOT / "config").items.values()
    asked = [channel.model_dump() for recipient in recipients for channel in recipient.channels]
    expected = {each[key] for each in asked for key in ("connection", "mail_connection") if key in each}
    assert expected, "config/recipients asks for no connection"
    listed = stack.ask("/api/v2/connections?limit=100", token=admin)[1]["connections"]
    assert {each["connection_id"] for each in listed} == expected
    for each in listed:
        address = each["host"] or json.loads(each["extra"])["endpoint_url"]
        assert "127.0.0.1" in address, each["connection_id"]
        assert each["password"] in {None, "", "***"}, "the API does not show passwords"


def test_nothing_is_written_beside_the_program(stack: Stack, waiting: str) -> None:
    assert stack.home_files() == stack.laid_out, "the containers' own folder is read-only"


def test_everything_ends_with_its_group(stack: Stack) -> None:
    """Last on purpose: ends the stack. No process may be left, in the groups or fled from them."""
    assert len(stack.processes) == 6
    assert stack.stop() == []


def test_the_portal_starts_alone_as_the_file_says() -> None:
    """Its own command and environment, without database and Airflow; then its health check and its first page."""
    stack = Stack()
    try:
        stack.start_services("portal")
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.portal}/signin", timeout=20) as page:
            assert "form-action 'self'" in page.headers["content-security-policy"]
            assert b"/signin" in page.read()
    finally:
        assert stack.stop() == []
