"""起案: one run of a plan becomes a release, if purpose, agreement, requester, approvers and sources allow it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from provision.context import Context
from provision.errors import FixConfiguration, Refused
from provision.model import Agreement, Plan, Recipient
from provision.releasing.recipes import recipe_text

TOKYO = ZoneInfo("Asia/Tokyo")


def today() -> date:
    """The date in Japan: agreements start and end there."""
    return datetime.now(UTC).astimezone(TOKYO).date()


def draft(ctx: Context, plan_id: str, run_key: str, *, actor: str) -> str:
    """The release of this plan and run (the same pair is the same release). Raises `Refused` where it may not be."""
    plan = ctx.plan(plan_id)
    recipient = ctx.recipient(plan.recipient)
    release = release_id(plan_id, run_key)
    if ctx.ledger.state("release", release):
        return release
    check(ctx, plan, recipient, today())
    check_files(ctx, {f"releases/{plan.id}", f"recipients/{recipient.id}", f"profiles/{plan.profile}", "platform"}
                | {f"sources/{source}" for source in plan.sources})  # fmt: skip
    ctx.ledger.transition(
        "release", release, "drafted", actor=actor, key=f"drafted:{release}",
        subjects={"plan": plan.id, "recipient": recipient.id},
        payload={
            "plan": plan.id, "run_key": run_key, "recipient": recipient.id, "agreement": plan.agreement,
            "purpose": plan.purpose, "requester": plan.requester, "approvers": list(plan.approvers),
            "channel": plan.channel, "categories": list(recipient.agreement.categories), "linkage": plan.linkage,
            "sources": list(plan.sources), "cutoff_month": plan.cutoff_month, "profile": plan.profile,
            "first_month": plan.first_month, "datasets": sorted({table.dataset for table in plan.tables}),
            "as_of": str(plan.as_of),
            "plan_digest": plan_digest(plan),
            "recipe": recipe_text(plan, ctx.profile(plan.profile)),
        },
    )  # fmt: skip
    return release


def plan_digest(plan: Plan) -> str:
    """SHA-256 of everything a plan says about what goes out; when it runs is not part of it."""
    said = plan.model_dump(mode="json", exclude={"schedule", "deadline_hours"})
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def drafted_plan(ctx: Context, release: str) -> Plan:
    """The plan of a drafted release, as it was drafted. `Refused` where its file says something else by now.

    Officers see plan and counts together, and the public is told the plan's items: they must be those of the payload.
    """
    drafted = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=release)), None)
    if drafted is None:
        raise Refused("there is no such release", where=release, rule="release.unknown", remedy="draft it first")
    plan = ctx.plan(drafted.subjects["plan"])
    _require(plan_digest(plan) == drafted.payload["plan_digest"], release, "plan", "the plan was changed since")
    return plan


def check_files(ctx: Context, names: set[str]) -> None:
    """What `tokumei config check` says about these files; `FixConfiguration` with the first problem."""
    from provision.checking import check_all  # it looks at releases as a whole, this room included

    for problem in check_all(ctx.config_folder):
        if any(problem.file.endswith(f"{name}.yaml") for name in names):
            raise FixConfiguration(
                problem.what, where=f"{problem.file}:{problem.line}", rule=problem.key, remedy=problem.remedy
            )


def release_id(plan_id: str, run_key: str) -> str:
    """Deterministic, so that a repeated task finds its release."""
    digest = hashlib.sha256("\x1f".join((plan_id, run_key)).encode()).hexdigest()
    return f"r-{plan_id}-{digest[:10]}"


def check(ctx: Context, plan: Plan, recipient: Recipient, on: date) -> None:
    """Everything a release rests on, on the day `on`; raises `Refused` naming what does not hold."""
    where = f"config/releases/{plan.id}.yaml"
    officers = {officer.id for officer in ctx.platform.officers}
    _require(plan.purpose in ctx.platform.purposes, where, "purpose", "the purpose is not a published one")
    _require(plan.requester in ctx.platform.requesters, where, "requester", "the requester is not entitled")
    _require(set(plan.approvers) <= officers, where, "approvers", "an approver is no officer of platform.yaml")
    independent = set(plan.approvers) - {plan.requester}
    _require(len(independent) >= 2, where, "approvers", "two approvers besides the requester are needed")
    for source_id in plan.sources:
        ctx.source(source_id)
    _check_agreement(plan, recipient.agreement, where, on)


def _check_agreement(plan: Plan, agreement: Agreement, where: str, on: date) -> None:
    _require(agreement.id == plan.agreement, where, "agreement", "the recipient's agreement is another one")
    _require(agreement.starts <= on <= agreement.ends, where, "agreement", "the agreement is not in force today")
    _require(plan.channel in agreement.channels, where, "channel", "the agreement does not allow this channel")
    agreed = bool(plan.formats) and set(plan.formats) <= set(agreement.formats)
    _require(agreed, where, "formats", "the agreement does not name every format")
    datasets = {table.dataset for table in plan.tables}
    _require(datasets <= set(agreement.datasets), where, "tables", "the agreement does not cover every dataset")
    _require(plan.purpose == agreement.purpose, where, "purpose", "the agreement is for another purpose")


def _require(holds: bool, where: str, key: str, what: str) -> None:
    if not holds:
        raise Refused(what, where=where, rule=f"release.{key}", remedy=f"correct {key}, or do not release")
