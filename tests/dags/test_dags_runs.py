"""Whole runs of the generated DAGs, executed by Airflow in this process (`dag.test`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provision import intake, releasing
from provision.errors import Quarantined
from provision.packaging.evidence import writing

CONFIG = Path(__file__).parent / "config"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def states(run: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for ti in sorted(run.get_task_instances(), key=lambda ti: ti.map_index):
        found.setdefault(ti.task_id, []).append(str(ti.state))
    return found


def events(dag_id: str) -> int:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session() as session:
        return session.scalar(select(func.count()).where(AssetEvent.source_dag_id == dag_id))


@pytest.fixture
def hospital(
    bag: Any, run_in_process: Any, airflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The intake DAG of the hospital; `batches` says what each batch brings: rows, or None for quarantine."""
    monkeypatch.setenv("TOKUMEI_CONFIG", str(CONFIG))
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path))
    dag = bag.dags["intake__hospital_one"]

    def run(batches: dict[str, int | None]) -> Any:
        def take_in(ctx: object, batch: str, *, actor: str) -> dict[str, int]:
            assert actor.startswith("airflow:intake__hospital_one/")
            rows = batches[batch]
            if rows is None:
                raise Quarantined("no file could be taken", where=batch, remedy="see the report")
            return {"rows_in": rows, "rows_out": rows}

        monkeypatch.setattr(intake, "receive", lambda ctx, source, *, actor: list(batches))
        monkeypatch.setattr(intake, "take_in", take_in)
        before = events(dag.dag_id)
        finished = run_in_process(dag)
        return str(finished.state), states(finished), events(dag.dag_id) - before

    return run


def test_several_batches_are_one_event(hospital: Any) -> None:
    state, tasks, new = hospital({"b1": 5, "b2": 7})
    assert (state, new) == ("success", 1)
    assert tasks["take_in"] == ["success", "success"]


def test_nothing_new_is_no_event_and_no_alarm(hospital: Any) -> None:
    state, tasks, new = hospital({})
    assert (state, new) == ("success", 0)
    assert tasks["receive"] == tasks["settle"] == tasks["complete"] == ["skipped"]


def test_one_bad_batch_does_not_hold_the_others_back_but_is_seen(hospital: Any) -> None:
    state, tasks, new = hospital({"b1": None, "b2": 7})
    assert tasks["take_in"] == ["failed", "success"]
    assert tasks["settle"] == ["success"]
    assert new == 1
    assert state == "failed"


def test_only_bad_batches_start_no_release(hospital: Any) -> None:
    state, _, new = hospital({"b1": None})
    assert (state, new) == ("failed", 0)


def test_batches_without_rows_start_no_release(hospital: Any) -> None:
    state, tasks, new = hospital({"b1": 0})
    assert (state, new) == ("success", 0)
    assert tasks["settle"] == ["skipped"]


GATED = {
    "made": {"digest": "5f" * 32, "tables": {"claim": 9}, "risk": {"people": 9}, "batches": [], "profile": {}},
    "gated": {"digest": "5f" * 32, "verdict": {"passed": True}},
}


@pytest.fixture
def release(bag: Any, airflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The release DAG with a payload that is there as far as the log is concerned; draft, publish and deliver are
    the real ones."""
    monkeypatch.setenv("TOKUMEI_CONFIG", str(CONFIG))
    monkeypatch.setenv("TOKUMEI_HOME", str(tmp_path))

    def step(state: str) -> Any:
        def append(ctx: Any, release: str, *, actor: str) -> dict[str, object]:
            plan = {"plan": "claims-to-a", "recipient": "university-a"}
            ctx.ledger.transition("release", release, state, actor=actor, subjects=plan, payload=GATED[state])
            return {"rows": 9, "secret": "never in XCom"}

        return append

    monkeypatch.setattr(releasing, "make", step("made"))
    monkeypatch.setattr(releasing, "gate", step("gated"))
    monkeypatch.setattr(writing, "write", lambda *_, **__: {})
    return bag.dags["release__claims_to_a"]


def log_of(home: Path) -> list[str]:
    from provision.ledger.reading import LedgerReader
    from provision.zones import Zones

    with LedgerReader.read(Zones(home).ledger()) as ledger:
        return [entry.type for entry in ledger.entries()]


def test_marking_the_prompt_as_successful_releases_nothing(release: Any, run_in_process: Any, tmp_path: Path) -> None:
    run = run_in_process(release, mark_success_pattern="approve")
    assert states(run)["approve"] == ["success"]
    assert states(run)["publish"] == ["failed"]
    assert states(run)["deliver"] == ["upstream_failed"]
    assert log_of(tmp_path) == ["release.drafted", "release.made", "release.gated"]


def test_marking_everything_up_to_deliver_as_successful_delivers_nothing(
    release: Any, run_in_process: Any, tmp_path: Path
) -> None:
    run = run_in_process(release, mark_success_pattern="approve|publish")
    assert states(run)["publish"] == ["success"]
    assert states(run)["deliver"] == ["failed"]
    assert str(run.state) == "failed"
    assert not [entry for entry in log_of(tmp_path) if entry.startswith("delivery.")]
    assert not list(tmp_path.glob("staging/*"))


def test_only_ids_and_counts_are_in_xcom(release: Any, run_in_process: Any) -> None:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    run = run_in_process(release, mark_success_pattern="approve")
    with create_session() as session:
        rows = session.scalars(select(XComModel).where(XComModel.run_id == run.run_id)).all()
        stored = {(row.task_id, row.key): XComModel.deserialize_value(row) for row in rows}
    assert set(stored) == {("make", "return_value"), ("gate", "return_value")}
    made = stored["make", "return_value"]
    assert (set(made), made["counts"]) == ({"release", "counts"}, {"rows": 9})
    assert stored["gate", "return_value"] == {"rows": 9}
