"""提供: one run makes one release of one plan and delivers it, or stops (提供計画ごと).

1. **make** drafts the release and makes its tables and payload from the store.
2. **gate** lets Great Expectations read the payload's bytes; anything found stops here. The evidence pack is written.
3. **approve** waits for two officers (承認者). They decide on the *Release approvals* page after signing in again.
   Answering this prompt, or marking it as successful, approves nothing: the later tasks believe only the log.
4. **publish** announces items and method of provision (個人情報保護法 APPI arts. 43(3), 43(4), 44) unless they stand
   already, and reads the page back.
5. **deliver** encrypts and hands over through the plan's channel, once, with a receipt.

A rejected release ends here with the last two tasks skipped. *Run succeeded* therefore does not mean *released*.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, AssetAll, task
from ask_officers import AskOfficers
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
    run_key,
    the_platform,
)

from provision.config import load_plans
from provision.errors import FixConfiguration
from provision.model import Plan, Platform

PROMPT = """
**提供の承認 Approval of a release**

| | |
|---|---|
| 提供 release | `{{ ti.xcom_pull(task_ids="make")["release"] }}` |
{%- for name, count in ti.xcom_pull(task_ids="make")["counts"].items() %}
| {{ name }} | {{ count }} |
{%- endfor %}
{%- for name, count in ti.xcom_pull(task_ids="gate").items() %}
| gate: {{ name }} | {{ count }} |
{%- endfor %}

**[承認ページを開く Open the approval page](plugin/release-approvals)**

ダイジェスト、ゲートの判定、リスク、通知文を確認し、再度サインインして決定してください。ここで回答しても承認にはなりません。

Decide on the approval page, after signing in again. Answering here approves nothing.
"""


def facts(plan: Plan) -> str:
    """What this plan's YAML says, for the DAG's page. Officers by their office, not by name."""
    tables = ", ".join(f"`{table.dataset}.{table.table}` ({len(table.columns)})" for table in plan.tables)
    after = f"after {', '.join(plan.schedule.after)}" if plan.schedule.after else ""
    starts = " or ".join(filter(None, (after, plan.schedule.cron))) or "手動 by hand"
    return f"""{__doc__}
| 計画 plan | {plan.title.ja} / {plan.title.en} (`{plan.id}`) |
|---|---|
| 利用目的 purpose | {plan.purpose} |
| 提供先 recipient | `{plan.recipient}`, 契約 agreement `{plan.agreement}` |
| 提供元 sources | {", ".join(plan.sources)} |
| 表 tables (columns) | {tables} |
| 期間 months | {plan.first_month} - {plan.cutoff_month} |
| 加工 profile | `{plan.profile}`, linkage `{plan.linkage}`, k ≥ {plan.k} |
| 方法 channel | `{plan.channel}`, {", ".join(plan.formats) or "契約の形式 as agreed"} |
| 承認 approvals | two of {len(plan.approvers)} officers |
| 予定 schedule | {starts} |
| 期限 deadline | {plan.deadline_hours} h |
"""


def approvers(plan: Plan, platform: Platform | None) -> list[dict[str, str]]:
    """Airflow users that may answer the prompt: the plan's officers. FAB compares numeric ids, hence `airflow_id`."""
    if platform is None:
        raise FixConfiguration(
            "config/platform.yaml cannot be used, so nobody can approve", remedy="see the DAG broken__platform"
        )
    officers = {officer.id: officer for officer in platform.officers}
    unknown = [one for one in plan.approvers if one not in officers]
    if unknown:
        raise FixConfiguration(
            f"plan {plan.id} names approvers that config/platform.yaml does not: {', '.join(unknown)}",
            rule="plan.approvers",
            remedy="correct the plan, or add the officers",
        )
    chosen = [officers[one] for one in plan.approvers]
    return [{"id": officer.airflow_id or officer.login, "name": officer.login} for officer in chosen]


def starts_after(plan: Plan) -> AssetAll | None:
    """All these sources took in something since the last run."""
    assets = [Asset(f"tokumei://store/{source}") for source in plan.schedule.after]
    return AssetAll(*assets) if assets else None


def release(plan: Plan, platform: Platform | None) -> DAG:
    """The DAG of one plan: five tasks."""
    name = identifier("release", plan.id)
    arguments = common(
        facts(plan),
        ["release", plan.channel],
        clock(plan.schedule.cron, starts_after(plan)),
        late_after(plan.deadline_hours, platform, name),
    )
    with DAG(name, dag_display_name=f"提供 {plan.title.ja}", **arguments) as dag:

        @task(multiple_outputs=False)
        def make() -> dict[str, object]:
            """Draft and make; a second try of the same run works on the same release."""
            from provision import releasing

            context = opened()
            drafted = releasing.draft(context, plan.id, run_key(), actor=actor())
            made = releasing.make(context, drafted, actor=actor())
            return {"release": drafted, "counts": counts_of(made)}

        @task(multiple_outputs=False)
        def gate(made: dict[str, str]) -> dict[str, int]:
            """Stop unless the payload is what the contract says and nobody can be found in it; then the evidence of
            what was done is written, for those who decide."""
            from provision import releasing
            from provision.packaging.evidence.writing import write

            context = opened()
            found = counts_of(releasing.gate(context, made["release"], actor=actor()))
            write(context, made["release"], actor=actor())
            return found

        @task(multiple_outputs=False)
        def publish(made: dict[str, str]) -> dict[str, int]:
            """Announce. Refuses where the log does not hold both approvals."""
            from provision import releasing

            return counts_of(releasing.publish(opened(), made["release"], actor=actor()))

        @task(multiple_outputs=False)
        def deliver(made: dict[str, str]) -> dict[str, int]:
            """Hand over. Refuses where the log does not hold both approvals."""
            from provision import releasing

            return counts_of(releasing.deliver(opened(), made["release"], actor=actor()))

        # No `defaults`: a timeout would then approve. It fails instead (HITLTimeoutError).
        approve = AskOfficers(
            task_id="approve",
            subject=f"{plan.title.ja} / {plan.title.en}",
            body=PROMPT,
            assigned_users=approvers(plan, platform),
            response_timeout=timedelta(hours=plan.deadline_hours),
        )
        made = make()
        gate(made) >> approve >> publish(made) >> deliver(made)
    return dag


_platform, _problems = the_platform()
_plans = load_plans(config_folder())
for _plan in _plans.items.values():
    _dag = built(release, _plan.id, _plan, _platform)
    globals()[_dag.dag_id] = _dag
for _dag in broken_files([*_plans.problems, *_problems]):
    globals()[_dag.dag_id] = _dag
