"""見回り: every quarter of an hour, what somebody has to look at.

Senders that are late, quarantine, releases that wait, requests of persons, keys and agreements that end, entries nobody
signed. What is new goes to the operators by mail, everything as metrics to where Airflow's own go; what became of what
goes out as OpenLineage events. Safe to run at any time and twice.
"""

from __future__ import annotations

from airflow.sdk import DAG, task
from dag_parts import actor, clock, common, counts_of, late_after, opened, the_platform

_platform, _ = the_platform()

with DAG(
    "watch",
    dag_display_name="見回り",
    **common(__doc__, ["watch"], clock("*/15 * * * *"), late_after(1, _platform, "watch")),
) as dag:

    @task(multiple_outputs=False)
    def look() -> dict[str, int]:
        """Alerts and metrics."""
        from provision.health.watching import watch

        return counts_of(watch(opened(), actor=actor()))

    @task(multiple_outputs=False)
    def lineage() -> dict[str, int]:
        """OpenLineage events of what is new in the provision log, where a server or a file is named."""
        from provision.lineage.sending import send_new

        return {"sent": send_new(opened())}

    look()
    lineage()
