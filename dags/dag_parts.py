"""What our DAG files share: retries by error class, the deadline alert, the clock, and DAGs for broken files.

Imported by `intake.py`, `release.py` and `stewardship.py`; Airflow puts this folder on the module path. Nothing here
or in the DAG files imports anything heavy: the work is imported inside the tasks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.sdk import (
    DAG,
    AssetAll,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    DeadlineAlert,
    DeadlineReference,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
    SyncCallback,
    get_current_context,
    task,
)

from provision.config import ConfigProblem, config_folder, load_platform
from provision.errors import FixConfiguration, RetryLater
from provision.model import Platform

if TYPE_CHECKING:
    from provision.context import Context

TOKYO = "Asia/Tokyo"
OWNER = "tokumei"

#: Only what says "later" is tried again. An unknown error is a defect, and repeating a defect on health data is not
#: a remedy. A worker that was killed raised nothing: Airflow's own retry count covers it.
BY_ERROR_CLASS = ExceptionRetryPolicy(
    rules=[RetryRule(exception=RetryLater, action=RetryAction.RETRY, reason="a server or disk said: later")],
    default=RetryAction.FAIL,
)

TASK_DEFAULTS: Mapping[str, Any] = {
    "owner": OWNER,
    "retries": 6,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
    "retry_policy": BY_ERROR_CLASS,
}


def common(doc: str, tags: Iterable[str], schedule: Any, deadline: DeadlineAlert | None = None) -> dict[str, Any]:
    """Arguments every DAG of ours has. One run at a time: people and keys are not shared between runs."""
    return {
        "schedule": schedule,
        "start_date": pendulum.datetime(2026, 1, 1, tz=TOKYO),
        "catchup": False,
        "auto_register": False,  # a DAG that breaks while it is built must not stay half-built in the bag
        "max_active_runs": 1,
        "default_args": dict(TASK_DEFAULTS),
        "doc_md": doc,
        "tags": ["tokumei", *tags],
        "deadline": deadline,
    }


def clock(cron: str | None, assets: AssetAll | None = None) -> Any:
    """Schedule of a DAG: cron in Asia/Tokyo, assets, either of the two, or None (by hand)."""
    timetable = CronTriggerTimetable(_checked(cron), timezone=TOKYO) if cron else None
    if timetable is not None and assets is not None:
        return AssetOrTimeSchedule(timetable=timetable, assets=assets)
    return timetable or assets


def _checked(cron: str) -> str:
    """Airflow looks at the expression when the whole file has been read: too late to keep the other DAGs."""
    from croniter import croniter

    if not croniter.is_valid(cron):
        raise FixConfiguration(
            f"{cron!r} is not a cron expression", rule="schedule.cron", remedy="write minute hour day month weekday"
        )
    return cron


def late_after(hours: int, platform: Platform | None, what: str) -> DeadlineAlert | None:
    """期限: mail to the operators when a run is not over `hours` after it was queued. None where nobody is named."""
    if platform is None:
        return None
    run = "{{ dag_run.dag_run_id }}"
    return DeadlineAlert(
        name=f"{what} is late",
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=hours),
        # By name: importing the mail provider costs time in every parse and is needed only when something is late.
        callback=SyncCallback(
            "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
            kwargs={
                "smtp_conn_id": platform.alert_connection,
                "from_email": platform.alert_address,
                "to": platform.alert_address,
                "subject": f"[Tokumei] 期限超過 Late: {what}",
                "html_content": f"<p>{what}: run <code>{run}</code> is not over after {hours} hours.</p>"
                f"<p>{what} の実行が {hours} 時間以内に終わっていません。</p>",
            },
        ),
    )


def the_platform() -> tuple[Platform | None, list[ConfigProblem]]:
    """config/platform.yaml, or None and why."""
    return load_platform(config_folder())


def identifier(kind: str, name: str) -> str:
    """DAG id such as ``release__university-a`` with underscores for hyphens: ``release__university_a``."""
    return f"{kind}__{re.sub(r'[^0-9A-Za-z_.]', '_', name)}"


def built(build: Callable[..., DAG], name: str, *arguments: Any) -> DAG:
    """The DAG `build` makes, or a visible broken one: an error in one file must not unload the others."""
    try:
        return build(*arguments)
    except Exception as error:
        return broken(name, [str(error)])


def broken_files(problems: Iterable[ConfigProblem]) -> list[DAG]:
    """One visible DAG for each configuration file that cannot be used."""
    by_file: dict[str, list[str]] = {}
    for problem in problems:
        by_file.setdefault(problem.file, []).append(problem.message)
    return [broken(Path(file).stem, messages) for file, messages in by_file.items()]


def broken(name: str, messages: list[str]) -> DAG:
    """A DAG that says what is wrong with the file `name` and fails with it when somebody runs it."""
    listed = "\n".join(f"* `{message}`" for message in messages)
    doc = (
        f"**{name} がまちがっています。この設定は使われません。**\n\n"
        f"This file is not in use until corrected:\n\n{listed}\n"
    )
    with DAG(identifier("broken", name), **common(doc, ["broken"], None)) as dag:

        @task
        def fix_configuration() -> None:
            """Fail with what is wrong."""
            raise FixConfiguration("; ".join(messages), remedy="tokumei config check names file, line and key")

        fix_configuration()
    return dag


def opened() -> Context:
    """Ledger, zones and keys for one task, credentials from Airflow."""
    from provision.connections import AirflowResolver
    from provision.context import open_context

    return open_context(AirflowResolver())


def actor() -> str:
    """Who the ledger names for what a task does: the run, never a person."""
    context = get_current_context()
    return f"airflow:{context['dag_run'].dag_id}/{run_key()}"


def run_key() -> str:
    """Airflow's id of this run; there is no logical date in a run that an asset started."""
    return str(get_current_context()["dag_run"].run_id)


def counts_of(result: Mapping[str, object]) -> dict[str, int]:
    """What may go to XCom, where every viewer can read it: whole numbers."""
    return {key: value for key, value in result.items() if isinstance(value, int) and not isinstance(value, bool)}
