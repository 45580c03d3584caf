"""Assets, schedules, the prompt, retries by error class, deadlines."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from provision.errors import (
    DeliveryUnknown,
    FixConfiguration,
    GateStopped,
    Refused,
    RetryLater,
)

CONFIG = Path(__file__).parent / "config"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def outlets(dag: Any) -> dict[str, list[str]]:
    return {task.task_id: [asset.uri for asset in task.outlets] for task in dag.tasks if task.outlets}


def test_intake_says_once_per_run_that_the_store_has_more(bag: Any) -> None:
    intake = bag.dags["intake__hospital_one"]
    assert outlets(intake) == {"settle": ["tokumei://store/hospital-one"]}
    assert not intake.get_task("settle").is_mapped
    assert intake.get_task("take_in").is_mapped
    assert intake.get_task("settle").trigger_rule == "all_done_min_one_success"


def test_a_release_waits_for_all_its_sources(bag: Any) -> None:
    from airflow.sdk import AssetAll

    schedule = bag.dags["release__claims_to_a"].timetable.asset_condition
    assert isinstance(schedule, AssetAll)
    written = {
        uri for name in ("intake__hospital_one", "intake__care_two") for uri in outlets(bag.dags[name])["settle"]
    }
    assert {asset.uri for asset in schedule.objects} == written


def test_what_failed_at_night_is_anchored_over_and_still_fails_the_run(bag: Any) -> None:
    dag = bag.dags["stewardship"]
    work = {"tend", "follow_up", "access_log", "announce"}
    assert dag.get_task("anchor").upstream_task_ids == dag.get_task("all_well").upstream_task_ids == work
    assert dag.get_task("anchor").trigger_rule == "all_done"
    assert dag.get_task("all_well").trigger_rule == "one_failed"
    assert {task.task_id for task in dag.leaves} == {"anchor", "all_well"}


def test_sources_run_by_the_clock_of_tokyo_or_by_hand(bag: Any) -> None:
    timetable = bag.dags["intake__hospital_one"].timetable
    assert (timetable.expression, str(timetable.timezone)) == ("0 3 * * *", "Asia/Tokyo")
    assert type(bag.dags["intake__care_two"].timetable).__name__ == "NullTimetable"


def test_cron_and_assets_together_start_on_either(changed: Any) -> None:
    text = (CONFIG / "releases/claims-to-a.yaml").read_text()
    text = text.replace("care-two]}", 'care-two], cron: "0 6 1 * *"}')
    timetable = changed("releases/claims-to-a.yaml", text).dags["release__claims_to_a"].timetable
    assert type(timetable).__name__ == "AssetOrTimeSchedule"


def test_the_prompt_is_for_the_officers_and_never_approves_by_itself(bag: Any) -> None:
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    approve = bag.dags["release__claims_to_a"].get_task("approve")
    assert isinstance(approve, ApprovalOperator)
    assert approve.defaults is None
    assert [user["id"] for user in approve.assigned_users] == ["officer_a", "officer_b"]
    assert approve.response_timeout == timedelta(hours=48)
    assert "plugin/release-approvals" in approve.body


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (RetryLater("down", remedy="wait"), "retry"),
        (FixConfiguration("wrong", remedy="fix"), "fail"),
        (Refused("no", remedy="stop"), "fail"),
        (GateStopped("found", remedy="look"), "fail"),
        (DeliveryUnknown("unknown", remedy="resolve"), "fail"),
        (ValueError("defect"), "fail"),
        (MemoryError(), "fail"),
    ],
)
def test_only_what_says_later_is_tried_again(bag: Any, error: Exception, action: str) -> None:
    for dag in bag.dags.values():
        for task in dag.tasks:
            policy = task.partial_kwargs["retry_policy"] if task.is_mapped else task.retry_policy
            assert policy.evaluate(error, 1, 7).action.value == action


def test_retries_back_off(bag: Any) -> None:
    task = bag.dags["release__claims_to_a"].get_task("deliver")
    assert task.retries == 6
    assert task.retry_exponential_backoff == 2.0
    assert task.retry_delay < task.max_retry_delay


def test_operators_are_told_when_a_run_is_late(bag: Any) -> None:
    for name, hours in (("intake__hospital_one", 4), ("intake__care_two", 6), ("release__claims_to_a", 48)):
        (alert,) = bag.dags[name].deadline
        assert alert.interval == timedelta(hours=hours)
        assert alert.reference.reference_name == "DagRunQueuedAtDeadline"
        assert alert.callback.kwargs["to"] == "operations@operator.example"
        assert alert.callback.kwargs["smtp_conn_id"] == "alerts"
        assert name in alert.callback.kwargs["subject"]
