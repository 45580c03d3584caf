"""Answers Airflow's prompt once the log holds the officers' decision, with the deciding officer's own token.

The prompt only wakes the waiting run: what may happen is decided by the log. So failing here is never dangerous, and
is told plainly, because a run that is not woken waits until its deadline.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

TASK = "approve"
#: Measured on Airflow 3.3.2: a prompt answered the moment it appears fails in 5 of 10 cases, because the scheduler
#: still handles the parking of the task; after three seconds and more in 0 of 8.
SETTLED_SECONDS = 4.0
#: How long the page waits for the prompt to appear and settle.
PATIENCE_SECONDS = 25.0
_STEP = 0.5


@dataclass(frozen=True)
class Answer:
    """Whether the run was woken, and if not, why and what to do."""

    answered: bool
    message: str
    remedy: str = ""


def dag_of(plan: str) -> str:
    """DAG id of a plan, as `dags/release.py` names it."""
    return f"release__{re.sub(r'[^0-9A-Za-z_.]', '_', plan)}"


def answer(client: httpx.Client, plan: str, run: str, token: str, *, approve: bool) -> Answer:
    """Answer the prompt of `run`. Never raises: every trouble is an `Answer` that says so."""
    path = (
        f"/api/v2/dags/{quote(dag_of(plan), safe='')}/dagRuns/{quote(run, safe='')}/taskInstances/{TASK}/-1/hitlDetails"
    )
    headers = {"Authorization": f"Bearer {token}"}
    option = "Approve" if approve else "Reject"
    try:
        trouble = _wait(client, path, headers, option)
        return trouble or _put(client, path, headers, option)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return Answer(False, "Airflow's API could not be asked", "the decision stands in the log; answer again later")


def _wait(client: httpx.Client, path: str, headers: dict[str, str], option: str) -> Answer | None:
    """Return None when the prompt is there, waiting and settled, otherwise the final answer."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    unsettled = False
    while True:
        response = client.get(path, headers=headers)
        if response.status_code == 200:
            detail = response.json()
            if detail["response_received"]:
                return _already(detail, option)
            if detail["task_instance"]["state"] == "awaiting_input":
                time.sleep(_to_wait(detail, unsettled))
                return None
        elif response.status_code != 404:
            return _failed(response)
        elif _over(client, path, headers):
            return Answer(True, "the run had not asked yet and goes by the log")
        unsettled = True
        if time.monotonic() > give_up:
            return Answer(False, "the run shows no waiting prompt", "look at the run in Airflow, then answer again")
        time.sleep(_STEP)


def _over(client: httpx.Client, path: str, headers: dict[str, str]) -> bool:
    """Whether the task ended without asking: where the log holds the decision before it starts, it does not ask."""
    response = client.get(path.removesuffix("/-1/hitlDetails"), headers=headers)
    return response.status_code == 200 and response.json()["state"] in {"success", "skipped"}


def _to_wait(detail: dict[str, Any], unsettled: bool) -> float:
    """Seconds until the prompt is old enough; the whole time where it was seen to park just now."""
    if unsettled:
        return SETTLED_SECONDS
    age = (datetime.now(UTC) - datetime.fromisoformat(detail["created_at"])).total_seconds()
    return max(0.0, SETTLED_SECONDS - age)


def _put(client: httpx.Client, path: str, headers: dict[str, str], option: str) -> Answer:
    response = client.patch(path, headers=headers, json={"chosen_options": [option], "params_input": {}})
    if response.status_code == 200:
        return Answer(True, "the run goes on" if option == "Approve" else "the run ends")
    if response.status_code == 409:
        return _already(client.get(path, headers=headers).json(), option)
    return _failed(response)


def _already(detail: dict[str, Any], option: str) -> Answer:
    if detail["chosen_options"] == [option]:
        return Answer(True, "the prompt had been answered the same way")
    return Answer(
        False,
        "somebody answered the prompt otherwise in Airflow",
        "the log stands; clear the task approve of this run in Airflow, then answer again",
    )


def _failed(response: httpx.Response) -> Answer:
    reasons = {
        401: ("Airflow does not accept the sign-in", "sign in again and answer again"),
        403: ("Airflow does not let this account answer the prompt", "an officer of this plan answers again"),
    }
    what, remedy = reasons.get(
        response.status_code,
        (f"Airflow answered {response.status_code}", "the decision stands in the log; answer again later"),
    )
    return Answer(False, what, remedy)
