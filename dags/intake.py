"""受領: takes in what one provider sent (提供元ごと).

1. **receive** finds the drops that are complete, gives each its batch identity and encrypts it with a key of its own.
2. **take_in** (once per batch) reads, de-identifies in memory, stores and destroys the received file.
3. **settle** tells the release plans that new data is there, once for all batches of the run.
4. **complete** fails the run where a drop, a batch or a file of one could not be taken in, so that somebody looks.

Nothing about a person is in logs, XCom or this page. A run without anything new is skipped.
"""

from __future__ import annotations

from airflow.sdk import DAG, Asset, TriggerRule, task
from airflow.sdk.exceptions import AirflowSkipException
from dag_parts import (
    actor,
    broken_files,
    built,
    clock,
    common,
    config_folder,
    counts_of,
    identifier,
    late_after,
    opened,
    the_platform,
)

from provision.config import load_sources
from provision.model import Platform, Source


def store_of(source: str) -> Asset:
    """The asset that stands for what the store holds of `source`."""
    return Asset(f"tokumei://store/{source}")


def facts(source: Source) -> str:
    """What this provider's YAML says, for the DAG's page."""
    linkage = f"{source.linkage.document} (`{source.linkage.group}`)" if source.linkage else "なし none: never linked"
    return f"""{__doc__}
| 提供元 source | {source.name.ja} / {source.name.en} (`{source.id}`) |
|---|---|
| 種別 kind | {source.kind} |
| 形式 format | {", ".join(f"`{name}`" for name in source.formats)} |
| 法的な位置づけ legal status | `{source.legal_status}` |
| 連結の根拠 linkage | {linkage} |
| 予定 schedule | {source.schedule or "手動 by hand"} (Asia/Tokyo) |
| 期限 deadline | {source.deadline_hours} h |
"""


def intake(source: Source, platform: Platform | None) -> DAG:
    """The DAG of one provider."""
    name = identifier("intake", source.id)
    arguments = common(
        facts(source),
        ["intake", source.kind],
        clock(source.schedule),
        late_after(source.deadline_hours, platform, name),
    )
    with DAG(name, dag_display_name=f"受領 {source.name.ja}", **arguments) as dag:

        @task
        def receive() -> list[str]:
            """Batches received and not yet taken in, those a dead task left included."""
            from provision.intake import receive as received

            batches = received(opened(), source.id, actor=actor())
            if not batches:
                raise AirflowSkipException("nothing new in the inbox")
            return batches

        # One batch after another: each may use all memory a batch is allowed.
        @task(max_active_tis_per_dagrun=1, multiple_outputs=False)
        def take_in(batch: str) -> dict[str, int]:
            """De-identify one batch into the store."""
            from provision.intake import take_in as taken_in

            return counts_of(taken_in(opened(), batch, actor=actor()))

        # The outlet is here and not on `take_in`: an event per batch would satisfy the plans' AssetAll with the first
        # batch and start a release while the others are still being read. Other batches go on where one fails, so
        # one success is enough, but only after all are done.
        @task(
            outlets=[store_of(source.id)],
            trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS,
            multiple_outputs=False,
        )
        def settle(taken: list[dict[str, int]]) -> dict[str, int]:
            """Add up the batches; no asset event where nothing reached the store."""
            total: dict[str, int] = {}
            for counts in taken:
                for key, value in counts.items():
                    total[key] = total.get(key, 0) + value
            if not total.get("rows_out"):
                raise AirflowSkipException("no batch brought rows into the store")
            return total

        # A leaf of its own: with `settle` as the only leaf the run would end green although a batch failed.
        @task
        def complete() -> None:
            """Green only where every batch was taken in, and nothing of this run went to quarantine."""
            from provision.intake import attention

            attention(opened(), source.id, actor=actor())

        taken = take_in.expand(batch=receive())
        settle(taken)
        taken >> complete()
    return dag


_platform, _ = the_platform()
_sources = load_sources(config_folder())
for _source in _sources.items.values():
    _dag = built(intake, _source.id, _source, _platform)
    globals()[_dag.dag_id] = _dag
for _dag in broken_files(_sources.problems):
    globals()[_dag.dag_id] = _dag
