"""`tokumei vault report`: counts of every scope, and nothing of anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provision import cli
from provision.context import Context
from tests.support.intake import hospital, linkage, platform
from tests.support.lives import Sent, bill, send


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Two patients, one of them with two chart numbers; a source without a document and an anonymised one."""
    made = platform(
        tmp_path,
        hospital(linkage=linkage()),
        hospital(id="alone", format="uke-medical"),
        hospital(id="anonymised", legal_status="anonymised_received"),
    )
    monkeypatch.setattr("provision.context.open_context", lambda: made)
    moved = bill("A", "2025-05").but(chart="K900")
    send(made, Sent("test-hospital", "2025-05", 1, (bill("A", "2025-05"), bill("B", "2025-05"), moved)))
    return made


def test_in_counts_for_programs(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["vault", "report", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["group-test-group", "source-alone"]
    assert said["group-test-group"] == {
        "identities": 3, "people": 2, "merges": 1, "broken": 0, "ambiguous_names": 0,
        "tokens": {"health_branch": 0, "health_birth": 2, "care": 0, "facility_chart": 3, "name_birth": 2},
        "collisions": {"health_branch": 0, "health_birth": 0, "care": 0, "facility_chart": 0},
    }  # fmt: skip
    assert said["source-alone"]["identities"] == said["source-alone"]["people"] == 0


def test_in_lines_for_people(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["vault", "report"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "group-test-group: 2 people, 3 identities, 1 joined to another",
        "  tokens: health_branch 0, health_birth 2, care 0, facility_chart 3, name_birth 2",
    ]
    assert "  chains cut: 0, ambiguous names: 0" in lines
