"""A configuration file that cannot be used becomes visible in Airflow and takes no other DAG with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provision.errors import FixConfiguration

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CONFIG = Path(__file__).parent / "config"
PLAN = (CONFIG / "releases/claims-to-a.yaml").read_text()


def fails_with(dag: Any) -> str:
    (task,) = dag.tasks
    with pytest.raises(FixConfiguration) as caught:
        task.python_callable()
    return str(caught.value)


def test_broken_yaml_becomes_a_dag_that_says_so(changed: Any) -> None:
    bag = changed("sources/care-two.yaml", "id: care-two\nname: {ja: 'x'\n")
    assert bag.import_errors == {}
    assert set(bag.dags) == {"intake__hospital_one", "broken__care_two", "release__claims_to_a", "stewardship", "watch"}
    broken = bag.dags["broken__care_two"]
    assert "care-two.yaml" in broken.doc_md
    assert "care-two.yaml" in fails_with(broken)
    assert "broken" in broken.tags


def test_an_unknown_key_is_named(changed: Any) -> None:
    bag = changed("releases/claims-to-a.yaml", PLAN + "colour: red\n")
    assert "colour" in bag.dags["broken__claims_to_a"].doc_md
    assert "release__claims_to_a" not in bag.dags
    assert "intake__hospital_one" in bag.dags


def test_a_wrong_cron_expression_breaks_one_plan_only(changed: Any) -> None:
    bag = changed(
        "sources/hospital-one.yaml", (CONFIG / "sources/hospital-one.yaml").read_text().replace("0 3", "99 3")
    )
    assert bag.import_errors == {}
    assert "cron" in bag.dags["broken__hospital_one"].doc_md
    assert "intake__care_two" in bag.dags


def test_a_plan_with_an_unknown_approver_is_broken(changed: Any) -> None:
    bag = changed("releases/claims-to-a.yaml", PLAN.replace("[officer-a, officer-b]", "[officer-a, officer-z]"))
    assert "officer-z" in bag.dags["broken__claims_to_a"].doc_md


def test_without_a_platform_nothing_is_released_and_intake_still_shows(changed: Any) -> None:
    """Nobody could approve, so the plans are broken; receiving data does not need officers."""
    bag = changed("platform.yaml", "environment: demo\n")
    assert bag.import_errors == {}
    assert set(bag.dags) == {
        "intake__hospital_one",
        "intake__care_two",
        "broken__platform",
        "broken__claims_to_a",
        "stewardship",
        "watch",
    }


def test_a_file_name_that_airflow_would_refuse_is_shown_all_the_same(changed: Any) -> None:
    bag = changed("sources/病院 (旧).yaml", "id: [")
    assert bag.import_errors == {}
    assert len([name for name in bag.dags if name.startswith("broken__")]) == 1
