"""DAGs made from the small configuration beside this file, as the DAG processor makes them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
DAGS = HERE.parent.parent / "dags"


def load(config: Path) -> Any:
    """The DAG bag Airflow makes of our DAG files with `config`."""
    from airflow.dag_processing.dagbag import BundleDagBag

    before = os.environ.get("TOKUMEI_CONFIG")
    os.environ["TOKUMEI_CONFIG"] = str(config)
    try:
        return BundleDagBag(str(DAGS), bundle_path=DAGS, bundle_name="dags-folder")
    finally:
        os.environ.pop("TOKUMEI_CONFIG")
        if before is not None:
            os.environ["TOKUMEI_CONFIG"] = before


def run(dag: Any, **options: Any) -> Any:
    """One run of `dag` in this process. Airflow 3.3.2 cannot finish such a run of a DAG with a deadline (it looks the
    alert up by an id that only a DAG read back from the database has), so the alert is left out here."""
    before, dag.deadline = dag.deadline, None
    try:
        return dag.test(**options)
    finally:
        dag.deadline = before


@pytest.fixture(scope="session")
def bag() -> Any:
    return load(HERE / "config")


@pytest.fixture
def run_in_process() -> Callable[..., Any]:
    return run


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], Any]:
    """A function that writes one file of a copy of the configuration and gives the bag Airflow makes then."""
    copy = tmp_path / "config"
    shutil.copytree(HERE / "config", copy)

    def change(file: str, text: str) -> Any:
        (copy / file).write_text(text, encoding="utf-8")
        return load(copy)

    return change
