"""作成: select, generalise and leave out, treat the tables, pack the payload, commit it once under its digest."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from provision.atrest import shared
from provision.context import Context
from provision.errors import Refused
from provision.layouthistory import check_layouts
from provision.ledger.entry import Entry
from provision.model import Plan
from provision.packaging.payload import bag_digest, build_payload
from provision.recovery import require_vault
from provision.releasing.drafting import TOKYO, drafted_plan
from provision.releasing.earlier import against_earlier
from provision.releasing.facts import Made, exact, facts_of
from provision.releasing.presence import presence
from provision.releasing.protecting import protected
from provision.releasing.recipes import Recipe
from provision.releasing.select import moment_of, select
from provision.releasing.tables import Treated, make_tables, treated_tables
from provision.releasing.trails import measured


def make(ctx: Context, release: str, *, actor: str) -> dict[str, object]:
    """Make a drafted release; gives its facts (digest, counts, risk). Repeating it finds what was committed.

    Raises `Refused` where nothing matches, where suppression would exceed the plan's limit, where a risk is above the
    profile's, or where a table is empty.
    """
    if ctx.ledger.state("release", release) == "drafted":
        require_vault(ctx)
        with shared(ctx):
            drafted = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=release)))
            plan = drafted_plan(ctx, release)
            facts = _committed(ctx, release, plan, drafted)
            ctx.ledger.transition(
                "release", release, "made", actor=actor, key=f"made:{release}",
                subjects={"plan": plan.id, "recipient": plan.recipient}, payload=facts,
            )  # fmt: skip
    for entry in ctx.ledger.entries(type="release.made", kind="release", subject=release):
        return dict(entry.payload)
    raise Refused(
        "the release was never drafted, or has ended", where=release, rule="release.state", remedy="release anew"
    )


def made_folder(ctx: Context, release: str) -> Path:
    """Where a made release lies: ``bag/`` and ``facts.json``."""
    return ctx.zones.release(release) / "made"


def _committed(ctx: Context, release: str, plan: Plan, drafted: Entry) -> dict[str, object]:
    """Facts of the committed payload; made now where a dead task had not committed one."""
    folder, making = made_folder(ctx, release), ctx.zones.release(release) / ".making"
    if not folder.is_dir():
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        facts = _make(ctx, release, plan, making, drafted)
        (making / "facts.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
        os.rename(making, folder)
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    if bag_digest(folder / "bag") != facts["digest"]:
        raise Refused(
            "the made payload is not what was committed", where=release, rule="release.digest", remedy="release anew"
        )
    return dict(facts)


def _make(ctx: Context, release: str, plan: Plan, folder: Path, drafted: Entry) -> dict[str, object]:
    profile = ctx.profile(plan.profile)
    if plan.k < profile.minimum_k or plan.suppression_limit > profile.maximum_suppression:
        raise Refused(
            "the plan's k or suppression_limit is laxer than its profile", where=plan.id, rule="plan.profile",
            remedy=f"k of at least {profile.minimum_k}, suppression_limit of at most {profile.maximum_suppression}",
        )  # fmt: skip
    check_layouts(ctx, [table.dataset for table in plan.tables])
    selection = select(ctx, plan, profile, moment_of(plan, drafted.seq))
    people = protected(ctx, plan, profile, selection)
    made = treated_tables(ctx, plan, profile, selection, people.kept, people.columns)
    _require_filled(plan, made.tables)
    _require_k(plan, made.tables)
    agreement = ctx.recipient(plan.recipient).agreement
    trails = measured(release, plan, agreement, profile, made.tables, people.kept, ctx.catalogue, folder)
    here = presence(Recipe(plan, profile), selection, people)
    across = against_earlier(ctx, release, plan.recipient, here)
    day = drafted.when.astimezone(TOKYO).date().isoformat()
    shapes = [table.shape for table in made.tables]
    digest = build_payload(ctx, release, plan, profile, shapes, make_tables(made), folder / "bag", day)
    facts = facts_of(Made(plan, profile, selection, people, made, digest), ctx.catalogue)
    more = {**trails.figures(), "earlier_releases": across}
    return {**facts, **{name: exact(found) for name, found in more.items()}}


def _require_filled(plan: Plan, tables: Sequence[Treated]) -> None:
    """`Refused` where nothing is left of a table, or of a column that held something: a person looks at the plan."""
    for table in tables:
        name = table.shape.name
        if not table.frame.height:
            raise Refused(
                f"table {name} would be empty", where=plan.id, rule="release.empty_table", remedy="leave it out"
            )
        if table.emptied:
            raise Refused(
                f"column {name}.{table.emptied[0]} would be empty: the profile leaves nothing of it for so few people",
                where=plan.id, rule="release.empty_column", remedy="leave it out, or widen the selection",
            )  # fmt: skip


def _require_k(plan: Plan, tables: Sequence[Treated]) -> None:
    """Count k once more, on the rows as they go out: whatever came between must not have made a group smaller."""
    for table in tables:
        quasi = list(table.shape.counted) if table.shape.head else []
        sizes = table.frame.group_by(quasi).agg(pl.col("person").n_unique()) if quasi else table.frame.clear()
        if (sizes["person"] < plan.k).any():
            raise Refused(
                f"{table.shape.name} would have a group of under {plan.k} people: rules left out rows of some of them",
                where=plan.id, rule="release.k", remedy="no rule that leaves out rows of tables with quasi-identifiers",
            )  # fmt: skip
