"""保管と期限: what must happen without anybody asking, every night (Asia/Tokyo).

**tend** destroys what has reached the end of its retention (quarantine, outbox), counts batches that nobody took in,
lets releases expire that waited too long for officers, and signs a checkpoint of the provision log. **follow_up** reads
what came back about messages we sent (不達), and alerts where a delivery bounced, is in doubt, or is confirmed by
nobody. **access_log** puts the digests of past days' page views and downloads into the provision log and destroys
those past `retention.access_days`. **announce** tells the public the items of what was made and waits long for officers
(APPI art. 43(3)). **anchor** then carries a signed checkpoint to witnesses, auditors and the locked bucket, as
configured. All are safe to run at any time and twice; but for the last none waits for another.
"""

from __future__ import annotations

from airflow.sdk import DAG, task
from dag_parts import actor, clock, common, counts_of, late_after, opened, the_platform

from provision.errors import Refused

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

    @task(multiple_outputs=False)
    def follow_up() -> dict[str, int]:
        """Status notes and alerts."""
        from provision import stewardship

        return counts_of(stewardship.follow_up(opened(), actor=actor()))

    @task(multiple_outputs=False)
    def access_log() -> dict[str, int]:
        """Digests of past days, expiry."""
        from provision.accesslog import nightly

        return counts_of(nightly.run(opened(), actor=actor()))

    @task(multiple_outputs=False)
    def announce() -> dict[str, int]:
        """Announcements that are due."""
        from provision import stewardship

        return counts_of(stewardship.announce(opened(), actor=actor()))

    @task(multiple_outputs=False, trigger_rule="all_done")
    def anchor() -> dict[str, int]:
        """Checkpoints to witnesses, auditors and the locked bucket, over whatever the others wrote."""
        from provision import anchors

        return counts_of(anchors.anchor(opened(), actor=actor()))

    @task(trigger_rule="one_failed")
    def all_well() -> None:
        """Fail the run where a task failed: `anchor` runs all the same, and would make it look well."""
        raise Refused(
            "a task of this run failed", rule="stewardship", remedy="see which, and why; then clear it and this one"
        )

    work = [tend(), follow_up(), access_log(), announce()]
    work >> anchor()
    work >> all_well()
