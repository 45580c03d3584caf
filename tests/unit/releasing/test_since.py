"""What changed since the last release of a plan: every fact that differs, none that does not."""

from __future__ import annotations

from typing import Any

import pytest

from provision.releasing.since import Since, since_last
from tests.support.house import House
from tests.support.publishing import approve_and_publish
from tests.support.verdicts import gate_without_engine

PLAN = "claims-for-university"


@pytest.fixture
def first(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """A release that went out."""
    return approve_and_publish(house, gate_without_engine(house, PLAN, monkeypatch))


def since(house: House, monkeypatch: pytest.MonkeyPatch, key: str = "run-2") -> Since:
    found = since_last(house.open(), gate_without_engine(house, PLAN, monkeypatch, key=key))
    assert found is not None
    return found


def test_the_first_release_has_nothing_before_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor has one after a release that nobody had: it was never approved."""
    for key in ("run-1", "run-2"):
        assert since_last(house.open(), gate_without_engine(house, PLAN, monkeypatch, key=key)) is None


def test_the_same_again_is_no_change(house: House, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = since(house, monkeypatch)
    assert (found.release, found.state) == (first, "published")
    assert [c.name for c in found.changes if not c.name.startswith("unicity.")] == []  # trails are drawn by the release
    assert {"columns", "rows", "recipient", "profile", "method"} <= set(found.same)


def test_every_kind_of_change_is_told(house: House, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(plan: dict[str, Any]) -> None:
        columns = plan["tables"][1]["columns"]
        columns[columns.index("outcome")] = "start_date"
        plan.update(cutoff_month="2025-08")

    house.edit(f"releases/{PLAN}.yaml", other)
    house.edit("recipients/tsukishima-university.yaml", lambda r: r["agreement"].update(destroy_within_days=60))
    house.edit("profiles/operator-policy.yaml", lambda profile: profile.update(law=f"{profile['law']}（改正後）"))
    found = since(house, monkeypatch)
    told = {(c.part, c.name): (c.before, c.now) for c in found.changes}
    assert told["columns", "medical-claims.diagnosis.outcome"] == ("yes", None)
    assert told["columns", "medical-claims.diagnosis.start_date"] == (None, "yes")
    assert told["method", "cutoff_month"] == ("2025-09", "2025-08")
    assert told["recipient", "terms.destroy_within_days"] == (30, 60)
    assert {name for part, name in told if part == "profile"} == {"law", "digest"}
    before, now = told["rows", "tables.claim"]
    assert isinstance(before, int)
    assert isinstance(now, int)
    assert now < before
    assert found.of("risk")


def test_another_key_of_the_recipient_is_told(house: House, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyrage

    key = str(pyrage.x25519.Identity.generate().to_public())
    old = house.open().recipient("tsukishima-university").encryption.identity
    house.edit("recipients/tsukishima-university.yaml", lambda r: r["encryption"].update(key=key))
    (change,) = [c for c in since(house, monkeypatch).changes if c.part == "recipient"]
    assert (change.name, change.before, change.now) == ("recipient_key", old, key)
