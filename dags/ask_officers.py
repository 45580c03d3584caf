"""The prompt of a release: asks while the log holds no decision, and never more than asks.

Airflow can lose an answer (the task fails although the response is stored, when the answer comes while the scheduler
still parks the task). Tried again, the task finds the officers' decision in the log and does not ask twice.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.exceptions import AirflowSkipException
from dag_parts import opened


class AskOfficers(ApprovalOperator):
    """The stock approval prompt, skipped where the log already holds the decision."""

    def execute(self, context: Any) -> Any:
        """Ask, unless two officers have approved (go on) or one has rejected (skip the rest)."""
        release = context["ti"].xcom_pull(task_ids="make")["release"]
        state = opened().ledger.state("release", release)
        if state == "rejected":
            raise AirflowSkipException("an officer rejected this release")
        if state in {"approved", "published", "open"}:
            return {"decided": state}
        return super().execute(context)
