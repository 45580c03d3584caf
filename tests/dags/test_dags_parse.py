"""What parsing costs: measured in a fresh interpreter, as the DAG processor starts one for every file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DAGS = HERE.parents[1] / "dags"

#: Nothing of ours may bring these into a parse: they cost seconds and memory, and belong inside tasks.
HEAVY = ("polars", "duckdb", "pandas", "pyarrow", "great_expectations", "boto3", "botocore", "paramiko", "pyrage")

PROBE = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import airflow.sdk, airflow.providers.standard.operators.hitl, airflow.timetables, pendulum, croniter
from airflow.sdk import DAG, Asset, AssetAll, task, TriggerRule, DeadlineAlert, ExceptionRetryPolicy, SyncCallback
from airflow.sdk.exceptions import AirflowSkipException
start = time.perf_counter()
import intake, release, stewardship, watch
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "heavy": [m for m in sys.argv[2].split(",") if m in sys.modules],
                  "dags": [n for m in (intake, release, stewardship, watch) for n in vars(m)
                           if "__" in n and n[0] != "_"]}))
"""


@pytest.fixture(scope="module")
def parsed() -> dict[str, object]:
    environment = {**os.environ, "TOKUMEI_CONFIG": str(HERE / "config")}
    run = subprocess.run(
        [sys.executable, "-c", PROBE, str(DAGS), ",".join(HEAVY)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answer: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return answer


def test_our_part_of_parsing_is_below_two_seconds(parsed: dict[str, object]) -> None:
    assert parsed["dags"] == ["intake__care_two", "intake__hospital_one", "release__claims_to_a"]
    assert isinstance(parsed["seconds"], float)
    assert parsed["seconds"] < 2.0


def test_parsing_brings_in_nothing_heavy(parsed: dict[str, object]) -> None:
    assert parsed["heavy"] == []
