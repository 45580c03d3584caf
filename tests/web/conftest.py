"""A real Airflow API server application in this process, its own sign-in, and a log with one gated release."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

HERE = Path(__file__).parent
CONFIG = HERE.parent / "dags" / "config"

PLAN = "claims-to-a"
DIGEST = hashlib.sha256(b"the payload of a release nobody made").hexdigest()
MADE = {
    "digest": DIGEST,
    "tables": {"claim": 4120},
    "risk": {"people": 1530, "suppressed": 31, "smallest_group": 5, "groups": 96},
    "batches": ["B0123456789abcdef"],
    "profile": {"id": "standard", "law": "APPI"},
    "people": 1499,
    "claims": 4120,
}
VERDICT = {"digest": DIGEST, "passed": True, "expectations": 74, "failures": [], "known_values": "checked"}


def gate_one(
    context: Any,
    run_key: str = "manual__2026-03-01",
    draft: Callable[..., str] | None = None,
    made: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """A release that waits for officers, as far as the log is concerned; `made` are changes to what was made,
    `changes` to its verdict."""
    from provision import releasing

    release = (draft or releasing.draft)(context, PLAN, run_key, actor="airflow:release__claims_to_a/run")
    from provision.releasing import verdicts

    subjects = {"plan": PLAN, "recipient": "university-a"}

    def goes(state: str, payload: dict[str, Any]) -> None:
        context.ledger.transition("release", release, state, actor="airflow:t/r", subjects=subjects, payload=payload)

    goes("made", MADE | (made or {}))
    goes("gated", {"digest": DIGEST, "verdict": VERDICT | verdicts.versions(context, release) | changes})
    return release


@pytest.fixture(scope="session")
def airflow_app(airflow_database: Path) -> Any:
    """Airflow's whole API server with our plugin, made once."""
    from airflow.api_fastapi.app import create_app

    return create_app(apps="all")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An opened platform with an empty home."""
    from provision.context import open_context

    monkeypatch.setenv("TOKUMEI_CONFIG", str(CONFIG))
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path / "home"))
    context = open_context()
    assert context.ledger.size == 0  # opening makes the log
    return context


@pytest.fixture
def browser(airflow_app: Any, world: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client without any sign-in; the pages reach Airflow's API through the same application."""
    from fastapi.testclient import TestClient

    from provision.auditing import guard

    monkeypatch.setattr(guard, "own_api", lambda: TestClient(airflow_app))
    with TestClient(airflow_app, follow_redirects=False) as client:
        yield client


@pytest.fixture
def token(browser: Any, password_of: Callable[[str], str]) -> Callable[[str], str]:
    """A fresh token for a fictitious account, as the approval page gets it."""

    def sign_in(login: str) -> str:
        answer = browser.post("/auth/token", json={"username": login, "password": password_of(login)})
        assert answer.status_code == 201, answer.text
        browser.cookies.clear()
        return str(answer.json()["access_token"])

    return sign_in


@pytest.fixture
def signed(token: Callable[[str], str]) -> Callable[[str], dict[str, str]]:
    """The header of somebody who has just signed in."""
    return lambda login: {"Authorization": f"Bearer {token(login)}"}


@pytest.fixture
def facts() -> Any:
    return SimpleNamespace(digest=DIGEST, gate_one=gate_one, plan=PLAN)
