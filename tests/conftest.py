"""Airflow's environment for the whole test session, set before anything imports Airflow. Nothing heavy is imported."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.entrytypes import declare

# How long an example takes is the machine's affair: nothing in the suite asserts a time.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

ROOT = Path(__file__).parent.parent

#: Fictitious accounts of the embedded sign-in; the rights are Airflow's own: viewer reads, user answers prompts.
ACCOUNTS = {"admin": "admin", "officer_a": "user", "officer_b": "user", "operator": "user", "auditor": "viewer"}


def password(login: str) -> str:
    """The password of a fictitious account."""
    return f"{login}-password-for-tests"


def airflow_environment(home: Path) -> dict[str, str]:
    """Every setting an Airflow below `home` needs, without network and without examples."""
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({login: password(login) for login in ACCOUNTS}))
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{login}:{role}" for login, role in ACCOUNTS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-sixty-four-characters-that-is-for-tests-only-0123456789",
        "AIRFLOW__API__SECRET_KEY": "a-secret-for-tests-only",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


_home = Path(tempfile.mkdtemp(prefix="tokumei-airflow-"))
os.environ.update(airflow_environment(_home))


@atexit.register
def _tidy() -> None:
    shutil.rmtree(_home, ignore_errors=True)


# What tests write into a log where the content does not matter.
declare()


@pytest.fixture(scope="session")
def airflow_database() -> Path:
    """Airflow's metadata database, migrated once; in a process of its own, so that only tests using it pay."""
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True, timeout=240, cwd=_home
    )
    return _home / "airflow.db"


@pytest.fixture(scope="session")
def password_of() -> Callable[[str], str]:
    """The password of a fictitious account."""
    return password
