"""`make up` stays: a source that somebody adds to its configuration appears by itself, as in production."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.airflow import Airflow
from demo.run import Demonstration, Progress


@pytest.mark.parametrize(("stays", "at_most"), [(True, 60), (False, 3600)])
def test_dag_files_are_read_again(stays: bool, at_most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Airflow] = []

    def start(airflow: Airflow) -> None:
        made.append(airflow)
        raise InterruptedError

    monkeypatch.setattr(Airflow, "start", start)
    demonstration = Demonstration(tmp_path, Progress(), people=1, seed=1, stays=stays)
    for server in ("smtp", "s3", "sftp"):
        monkeypatch.setattr(demonstration, server, _NoServer(), raising=False)
    with pytest.raises(InterruptedError):
        demonstration._start_airflow([], [])
    told = made[0].environment()
    for name in ("REFRESH_INTERVAL", "MIN_FILE_PROCESS_INTERVAL"):
        assert int(told[f"AIRFLOW__DAG_PROCESSOR__{name}"]) <= at_most
        assert (int(told[f"AIRFLOW__DAG_PROCESSOR__{name}"]) < 3600) == stays


class _NoServer:
    def connection_json(self) -> str:
        return "{}"
