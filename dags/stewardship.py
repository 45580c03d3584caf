"""保管と期限: what must happen without anybody asking, every night (Asia/Tokyo).

**tend** destroys what has reached the end of its retention (quarantine, outbox), counts batches that nobody took in,
lets releases expire that waited too long for officers, and signs a checkpoint of the provision log. Safe to run at any
time and twice.
"""

from __future__ import annotations

from airflow.sdk import DAG, task
from dag_parts import actor, clock, common, counts_of, late_after, opened, the_platform

_platform, _ = the_platform()

with DAG(
    "stewardship",
    dag_display_name="保管と期限",
    **common(__doc__, ["stewardship"], clock("30 2 * * *"), late_after(2, _platform, "stewardship")),
) as dag:

    @task(multiple_outputs=False)
    def tend() -> dict[str, int]:
        """Clocks, expiry, checkpoint."""
        from provision import stewardship

        return counts_of(stewardship.run(opened(), actor=actor()))

    tend()
