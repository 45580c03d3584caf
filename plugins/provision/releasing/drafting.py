"""起案: one run of a plan becomes a release, if purpose, agreement, requester, approvers and sources allow it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from provision.catalogue import Catalogue
from provision.context import Context
from provision.errors import FixConfiguration, Refused
from provision.model import Plan, Recipient
from provision.releasing import conditions
from provision.releasing.conditions import Unmet
from provision.releasing.recipes import recipe_text
from provision.releasing.shapes import layout

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
    _check_terms(ctx, plan, recipient, today())
    check_files(ctx, {f"releases/{plan.id}", f"recipients/{recipient.id}", f"profiles/{plan.profile}", "platform"}
                | {f"sources/{source}" for source in plan.sources})  # fmt: skip
    check(ctx, plan, recipient, today())
    ctx.ledger.transition(
        "release", release, "drafted", actor=actor, key=f"drafted:{release}",
        subjects={"plan": plan.id, "recipient": recipient.id},
        payload={
            "plan": plan.id, "run_key": run_key, "recipient": recipient.id, "agreement": plan.agreement,
            "purpose": plan.purpose, "requester": plan.requester, "approvers": list(plan.approvers),
            "channel": plan.channel, "categories": categories(plan, ctx.catalogue), "linkage": plan.linkage,
            "terms": conditions.terms(recipient.agreement), "terms_digest": recipient.agreement.digest,
            "legal_status": {source: ctx.source(source).legal_status for source in plan.sources},
            "permissions": _permissions(ctx, plan),
            "sources": list(plan.sources), "cutoff_month": plan.cutoff_month, "profile": plan.profile,
            "first_month": plan.first_month, "datasets": sorted({table.dataset for table in plan.tables}),
            "as_of": str(plan.as_of),
            "plan_digest": plan_digest(plan),
            "recipe": recipe_text(plan, ctx.profile(plan.profile)),
        },
    )  # fmt: skip
    return release


def categories(plan: Plan, known: Catalogue) -> list[int]:
    """Content categories of the columns that go out."""
    return sorted({c.category for table in layout(plan, known) for c in table.columns if c.category})


def _permissions(ctx: Context, plan: Plan) -> dict[str, dict[str, str]]:
    """By source, the documents that let us release what is others'."""
    found = {source: ctx.source(source).permission for source in plan.sources}
    return {source: one.model_dump(mode="json") for source, one in found.items() if one is not None}


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
    """Everything a release rests on, on the day `on`; raises `Refused` naming file, key and remedy of what does not
    hold."""
    _check_terms(ctx, plan, recipient, on)
    _refuse(conditions.about_contents(plan, recipient, ctx.catalogue))


def _check_terms(ctx: Context, plan: Plan, recipient: Recipient, on: date) -> None:
    sources = {source: ctx.source(source) for source in plan.sources}
    _refuse(conditions.about_people(plan, ctx.platform))
    _refuse(conditions.about_agreement(plan, recipient))
    _refuse(conditions.about_days(recipient, on))
    _refuse(conditions.about_sources(plan, sources, on))
    _check_receipts(ctx, plan)


def _check_receipts(ctx: Context, plan: Plan) -> None:
    """What a source sent came under the legal status it has now: a changed word in a file changes no received data."""
    from provision.releasing.batches import in_force_by_receipt  # it needs the clock of this room

    for received in in_force_by_receipt(ctx, plan.sources):
        source = ctx.source(received.subjects["source"])
        if received.payload.get("legal_status") != source.legal_status:
            raise Refused(
                f"batch {received.subjects['batch']} was received under another legal status",
                where=f"config/sources/{source.id}.yaml, legal_status", rule="release.legal_status",
                remedy="a source of another status is another source: give it an id of its own and receive again",
            )  # fmt: skip


def _refuse(found: Iterable[Unmet]) -> None:
    unmet = conditions.first(found)
    if unmet is not None:
        raise Refused(unmet.what, where=unmet.where, rule=f"release.{unmet.rule}", remedy=unmet.remedy)


def _require(holds: bool, where: str, key: str, what: str) -> None:
    if not holds:
        raise Refused(what, where=where, rule=f"release.{key}", remedy=f"correct {key}, or do not release")
