"""Which DAGs there are, and that each is what a reader of Airflow's pages expects."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CONFIG = Path(__file__).parent / "config"
EXPECTED = {"intake__hospital_one", "intake__care_two", "release__claims_to_a", "stewardship", "watch"}


def tasks(dag: Any) -> set[str]:
    return {task.task_id for task in dag.tasks}


def test_one_dag_per_file_and_no_error(bag: Any) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == EXPECTED
    files = [*(CONFIG / "sources").glob("*.yaml"), *(CONFIG / "releases").glob("*.yaml")]
    assert len(bag.dags) == len(files) + 2  # stewardship and watch


def test_what_the_dag_files_share_is_no_dag_file(bag: Any) -> None:
    files = {Path(dag.fileloc).name for dag in bag.dags.values()}
    assert files == {"intake.py", "release.py", "stewardship.py", "watch.py"}


def test_a_release_has_at_most_six_tasks(bag: Any) -> None:
    release = bag.dags["release__claims_to_a"]
    assert tasks(release) == {"make", "gate", "approve", "publish", "deliver"}
    order = ["make", "gate", "approve", "publish", "deliver"]
    for before, after in pairwise(order):
        assert after in release.get_task(before).downstream_task_ids


def test_every_dag_says_what_it_is(bag: Any) -> None:
    for dag in bag.dags.values():
        assert dag.doc_md
        assert "tokumei" in dag.tags
        assert dag.owner == "tokumei"
        assert dag.catchup is False
        assert dag.max_active_runs == 1
        assert dag.timezone.name == "Asia/Tokyo"


def test_the_page_of_a_release_names_plan_recipient_and_agreement(bag: Any) -> None:
    doc = bag.dags["release__claims_to_a"].doc_md
    for fact in ("診療報酬明細の提供", "university-a", "A-2026-01", "学術研究", "disc"):
        assert fact in doc
    assert "承認 一子" not in doc  # officers by their office, never by name


def test_no_template_needs_a_logical_date(bag: Any) -> None:
    """A run that an asset started has none: ``{{ ds }}`` would fail the task."""
    for file in (Path(__file__).parents[2] / "dags").glob("*.py"):
        text = file.read_text()
        for word in ("{{ ds", "logical_date }}", "data_interval", "{{ ts"):
            assert word not in text
    approve = bag.dags["release__claims_to_a"].get_task("approve")
    assert "{{ ds" not in approve.body


def test_every_dag_serializes_and_comes_back(bag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in bag.dags.values():
        data = DagSerialization.to_dict(dag)
        again = DagSerialization.from_dict(data)
        assert tasks(again) == tasks(dag)
        assert data["dag"]["deadline"]
