"""The layout without Docker: its units see what docker-compose.yml mounts, and its errors name what to do."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import compose_file
import pytest
from compose_file import ROOT
from hypothesis import given
from hypothesis import strategies as st

from scripts.systemd_units import Units, assignment, word, write
from scripts.without_docker import Layout

COMPOSE = compose_file.read()
ME = pwd.getpwuid(os.geteuid()).pw_name
#: What only those that run tasks may see.
PERSONS = ("landing", "quarantine", "vault", "store", "outbox", "staging", "incidents")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return _layout(tmp_path)


def _layout(root: Path, **more: str) -> Layout:
    values = compose_file.fresh_secrets() | more
    (root / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    made = Layout(root, {})
    made.prepare()
    return made


def _units(layout: Layout) -> Units:
    return Units(layout, ME, layout.root / "environments")


def _lines(text: str, key: str) -> list[str]:
    return [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{key}=")]


def test_a_unit_sees_the_zones_its_container_sees_and_no_others(layout: Layout) -> None:
    units, zones = _units(layout), layout.root / "zones"
    for name in units.names():
        text = units.unit(name)
        assert _lines(text, "TemporaryFileSystem") == [f"{layout.root}:ro"]
        mounts = [str(v).split(":") for v in COMPOSE["services"][name].get("volumes", [])]
        inside = {
            (Path(target).name, mode == ["ro"]) for _, target, *mode in mounts if target.startswith("/var/lib/tok")
        }
        seen = {(Path(p).name, read_only) for key, read_only in (("BindPaths", False), ("BindReadOnlyPaths", True))
                for p in _lines(text, key) if Path(p).parent == zones}  # fmt: skip
        assert seen == inside, name
        assert all(Path(path).is_dir() for path in _lines(text, "BindPaths")), "a unit whose folder is missing fails"


def test_whoever_shows_pages_sees_no_persons_and_looks_into_no_other_unit(layout: Layout) -> None:
    units = _units(layout)
    for name in ("airflow-apiserver", "portal", "airflow-dag-processor", "airflow-triggerer", "airflow-init"):
        text = units.unit(name)
        assert not [zone for zone in PERSONS if f"/zones/{zone}" in text], name
        assert ".env" not in text.replace(f"EnvironmentFile={units.environments / name}.env", "")
    for name in units.names():
        assert _lines(units.unit(name), "PrivateUsers") == ["yes"], "else /proc shows it the others of its account"
        assert _lines(units.unit(name), "User") == [ME]
        assert _lines(units.unit(name), "CapabilityBoundingSet") == [""]


def test_only_units_with_a_way_out_get_off_the_machine(layout: Layout) -> None:
    units = _units(layout)
    free = {name for name in units.names() if not _lines(units.unit(name), "IPAddressDeny")}
    assert free == {"airflow-scheduler", "airflow-triggerer", "portal"}


def test_prepared_again_it_has_this_versions_dags_and_the_operators_configuration(layout: Layout) -> None:
    former, own = layout.root / "opt/dags/former.py", layout.root / "opt/tokumei-config/platform.yaml"
    former.write_text("")
    own.write_text("environment: production\n")
    layout.prepare()
    assert not former.exists()
    assert own.read_text() == "environment: production\n"
    assert {zone.name for zone in layout.zones()} == {zone.name for zone in (layout.root / "zones").iterdir()}
    assert {stat.S_IMODE(zone.stat().st_mode) for zone in (layout.root / "zones").iterdir()} == {0o700}


def test_celery_adds_its_units(tmp_path: Path) -> None:
    usual = set(_units(_layout(tmp_path)).names())
    units = _units(_layout(tmp_path, TOKUMEI_EXECUTOR="CeleryExecutor"))
    assert set(units.names()) - usual == {"airflow-worker", "redis"}
    assert not usual & {"postgres", "demo-partners"}
    if shutil.which("redis-server"):
        assert _lines(units.unit("redis"), "PrivateNetwork") == ["yes"]


def test_the_portal_is_told_nothing_of_airflows(layout: Layout) -> None:
    said = _units(layout).environment("portal")
    assert not [name for name in ("JWT_SECRET", "FERNET", "PGPASSWORD", "SQL_ALCHEMY") if name in said]
    assert layout.values["JWT_SECRET"] not in said


def test_what_is_secret_is_in_files_for_their_owner_only(layout: Layout, tmp_path: Path) -> None:
    units = _units(layout)
    folder = tmp_path / "units"
    folder.mkdir()
    for _ in range(2):
        paths = write(units, folder)
    assert [p.name for p in paths if p.suffix == ".target"] == ["tokumei.target"]
    assert {p.name for p in folder.iterdir()} == {p.name for p in paths}
    assert stat.S_IMODE(units.environments.stat().st_mode) == 0o700
    for path in units.environments.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = "".join(p.read_text(encoding="utf-8") for p in paths)
    assert not [name for name, value in layout.values.items() if len(value) > 8 and value in told]


def test_systemd_accepts_the_units(layout: Layout, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    folder = tmp_path / "units"
    folder.mkdir()
    paths = write(_units(layout), folder)
    done = subprocess.run(
        [program, "verify", "--man=no", *map(str, paths)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "tokumei" in line]
    assert (done.returncode, ours) == (0, [])
    broken = paths[-1].read_text(encoding="utf-8").replace("PrivateUsers=", "PrivateUser=")
    paths[-1].write_text(broken, encoding="utf-8")
    done = subprocess.run([program, "verify", "--man=no", str(paths[-1])], capture_output=True, text=True, check=False)
    assert "PrivateUser" in done.stderr, "it would have said so"


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_a_value_reads_as_it_was_given(value: str) -> None:
    """systemd reads a quoted value of an EnvironmentFile as a shell does (systemd.exec(5)), and expands nothing."""
    script = f'{assignment("GIVEN", value)}\nprintf %s "$GIVEN"'
    told = subprocess.run(["sh"], input=script, env={"LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=True)
    assert told.stdout == value


def test_percent_and_dollar_in_a_command_mean_themselves() -> None:
    assert word('50% of $HOME "x"') == '"50%% of $$HOME \\"x\\""'


def test_everything_listens_on_this_machine_only(layout: Layout) -> None:
    for name in _units(layout).names():
        words, told = layout.command(name), layout.environment(name)
        assert "0.0.0.0" not in words
        if words[:1] == ["airflow"]:
            assert told["AIRFLOW__API__HOST"] == "127.0.0.1"
            assert told["AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST"] == "127.0.0.1"
            assert words[1] in {"api-server", "dag-processor"} or "--skip-serve-logs" in words
    assert "127.0.0.1" in layout.command("portal")


@pytest.mark.parametrize(("api", "portal"), [("18080", "18081"), ("8081", "8080")])
def test_a_published_port_is_the_one_listened_on(api: str, portal: str, tmp_path: Path) -> None:
    layout = _layout(tmp_path, TOKUMEI_PORT=api, TOKUMEI_PORTAL_PORT=portal)
    told = layout.environment("airflow-scheduler")
    assert told["AIRFLOW__API__PORT"] == api
    assert told["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"http://127.0.0.1:{api}/execution/"
    assert portal in layout.command("portal")
    assert api not in layout.command("portal")


@pytest.mark.parametrize("script", ["scripts.without_docker", "scripts.systemd_units"])
def test_what_is_missing_is_named_with_its_file(script: str, tmp_path: Path) -> None:
    def ask() -> subprocess.CompletedProcess[str]:
        last = ["run", "portal"] if script.endswith("docker") else []
        words = ["--root", str(tmp_path), "--account", ME, *last]
        return subprocess.run(
            [sys.executable, "-m", script, *words], cwd=ROOT, capture_output=True, text=True, check=False
        )

    done = ask()
    assert done.returncode == 2
    assert str(tmp_path / ".env") in done.stderr
    assert "copy .env.example" in done.stderr
    (tmp_path / ".env").write_text("FERNET_KEY=x\n")
    done = ask()
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert str(tmp_path / ".env") in done.stderr
    assert "see .env.example" in done.stderr


def test_a_service_and_an_account_that_are_not_there_are_refused(layout: Layout) -> None:
    def ask(*words: str) -> str:
        command = [sys.executable, str(ROOT / "scripts" / "without_docker.py"), "--root", str(layout.root), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        return done.stderr

    assert "airflow-scheduler" in ask("run", "airflow-schedular")
    assert "no such account" in ask("--account", "nobody-of-this-name", "prepare")
