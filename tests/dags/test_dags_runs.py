"""Whole runs of the generated DAGs, executed by Airflow in this process (`dag.test`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provision import intake
from provision.errors import Quarantined

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
