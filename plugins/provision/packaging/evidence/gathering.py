"""証拠の集成: everything the pack says, as one record: from the log, and from the payload that was gated."""

from __future__ import annotations

from typing import Any

from provision.context import Context
from provision.errors import Refused
from provision.ledger.entry import Entry
from provision.model import Plan
from provision.packaging.bag import bag_digest
from provision.packaging.evidence.items import sections
from provision.packaging.utility import loss, utility
from provision.releasing.drafting import drafted_plan
from provision.releasing.making import made_folder
from provision.releasing.recipes import recipe_of
from provision.releasing.shapes import layout
from provision.releasing.verdicts import told

VERSION = 1
#: Facts that stand in the pack as they are.
_FACTS = ("people", "claims", "tables", "risk", "generalisation", "suppression", "rare_codes", "trails", "attacks",
          "earlier_releases", "profile", "code_version", "as_of", "batches", "fates", "in_quarantine")  # fmt: skip


def evidence(ctx: Context, release: str) -> dict[str, Any]:
    """The record. `Refused` where it was not made, or by a version without these facts, or its payload changed."""
    drafted, made = (_entry(ctx, release, step) for step in ("drafted", "made"))
    if drafted is None or made is None or any(name not in made.payload for name in _FACTS):
        raise Refused(
            "it was not made, or by a version that kept less",
            where=release,
            rule="evidence.facts",
            remedy="release anew",
        )
    recipe, plan = recipe_of(drafted), plan_of(ctx, drafted)
    bag, facts = made_folder(ctx, release) / "bag", made.payload
    if bag_digest(bag) != facts["digest"]:
        raise Refused("the payload is not what was made", where=release, rule="evidence.digest", remedy="release anew")
    verdict = dict(told(ctx, release, since=made.seq)) or None
    datasets = sorted({table.dataset for table in plan.tables})
    return {
        "version": VERSION, "release": release, "digest": facts["digest"], "made_at": made.at,
        "title": {"ja": plan.title.ja, "en": plan.title.en}, "plan": plan.id, "recipient": plan.recipient,
        "agreement": plan.agreement, "purpose": plan.purpose,
        "months": {"first": plan.first_month, "last": plan.cutoff_month}, "linkage": plan.linkage,
        "plan_digest": drafted.payload["plan_digest"],
        "rule_34": sections(facts, verdict, recipe.profile if recipe else None, datasets, ctx.catalogue),
        "gate": verdict,
        "utility": {**utility(bag, layout(plan, ctx.catalogue)), "loss": loss(facts)},
        "made": {name: facts[name] for name in _FACTS},
    }  # fmt: skip


def plan_of(ctx: Context, drafted: Entry) -> Plan:
    """The plan as it was drafted: from the log, whatever its file says by now; else from a file that holds."""
    recipe = recipe_of(drafted)
    return recipe.plan if recipe is not None else drafted_plan(ctx, drafted.subjects["release"])


def _entry(ctx: Context, release: str, step: str) -> Entry | None:
    return next(iter(ctx.ledger.entries(type=f"release.{step}", kind="release", subject=release)), None)
