"""The portal stands by itself: without Airflow, without engines and zones that hold people, without a schema."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from provision.portal import render
from provision.portal.app import create
from tests.support.portals import Portal

ROOT = Path(__file__).parents[2]

#: Refuses what the portal's image does not have, then builds the application and answers one page.
ALONE = """
import sys, importlib.abc
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in "airflow polars duckdb pandas pyarrow numpy great_expectations".split():
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from fastapi.testclient import TestClient
from provision.cli import parser
from provision.portal.app import create
from provision.portal.desk import open_desk
assert parser().parse_args(["portal", "--port", "9"]).port == 9
with TestClient(create(open_desk()), base_url="https://portal.example") as client:
    assert client.get("/health").text == "ok", client.get("/health").text
    assert client.get("/signin").status_code == 200
    assert client.get("/openapi.json").status_code == 404
assert not any(name.partition(".")[0] == "airflow" for name in sys.modules)
print("alone")
"""


def test_it_starts_without_airflow_and_engines_and_makes_no_other_zone(portal: Portal, tmp_path: Path) -> None:
    places = {"TOKUMEI_CONFIG": str(portal.config), "TOKUMEI_HOME": str(portal.desk.zones.home)}
    before = {path.name for path in portal.desk.zones.home.iterdir()}
    environment = {**os.environ, **places, "PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE], env=environment, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout.strip().endswith("alone"), done.stderr[-2000:]
    assert {path.name for path in portal.desk.zones.home.iterdir()} - before <= {"access", "portal"}


def test_production_serves_no_schema(portal: Portal) -> None:
    from fastapi.testclient import TestClient

    with TestClient(create(portal.desk), base_url="https://portal.example") as client:
        for path in ("/openapi.json", "/docs", "/redoc"):
            assert client.get(path).status_code == 404


def test_an_unexpected_error_shows_nothing(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastapi.testclient import TestClient

    def broken(*arguments: object, **named: object) -> None:
        raise ValueError("架空 花子 1970-01-01")

    monkeypatch.setattr(render, "open_page", broken)
    with TestClient(create(portal.desk), base_url="https://portal.example", raise_server_exceptions=False) as client:
        answer = client.get("/signin")
        assert answer.status_code == 500
        assert "花子" not in answer.text


def test_a_body_longer_than_any_form_is_not_read(portal: Portal) -> None:
    answer = portal.client.post("/signin", content=b"address=" + b"x" * 200_000)
    assert answer.status_code >= 400


def test_both_languages_are_everywhere(portal: Portal) -> None:
    assert "サインイン" in portal.client.get("/signin").text
    english = portal.client.get("/signin?lang=en")
    assert "Sign in" in english.text
    assert 'lang="en"' in english.text
    assert "Sign in" in portal.client.get("/signin").text  # remembered
    templates = ROOT / "plugins" / "provision" / "portal" / "templates"
    for template in templates.glob("*.html"):
        assert 'say("", ' not in template.read_text("utf-8").replace('say("", "What to do: ")', ""), template.name
