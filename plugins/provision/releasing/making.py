"""作成: select, assess and suppress, make the tables, pack the payload, commit it once under its digest."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl

import provision
from anonymization.risk.people import Risk, suppress_small_groups
from provision.context import Context
from provision.errors import Refused
from provision.layouthistory import check_layouts
from provision.ledger.entry import Entry
from provision.model import Plan, Profile
from provision.packaging.payload import bag_digest, build_payload
from provision.releasing.contract import counted_table
from provision.releasing.drafting import TOKYO, drafted_plan
from provision.releasing.select import Selection, moment_of, select
from provision.releasing.tables import ReleaseTable, layout, make_tables


def make(ctx: Context, release: str, *, actor: str) -> dict[str, object]:
    """Make a drafted release; gives its facts (digest, counts, risk). Repeating it finds what was committed.

    Raises `Refused` where nothing matches, where suppression would exceed the plan's limit, or where a table is empty.
    """
    if ctx.ledger.state("release", release) == "drafted":
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
    shapes = layout(plan, ctx.catalogue)
    selection = select(ctx, plan, profile, moment_of(plan, drafted.seq))
    kept, risk = _suppress(plan, selection, shapes)
    orders: dict[str, dict[str, int]] = {}
    frames = make_tables(ctx, plan, profile, selection, kept, orders)
    empty = [name for name, frame in frames.items() if not frame.height]
    if empty:
        raise Refused(
            f"table {empty[0]} would be empty", where=plan.id, rule="release.empty_table", remedy="leave it out"
        )
    day = drafted.when.astimezone(TOKYO).date().isoformat()
    digest = build_payload(ctx, release, plan, profile, shapes, frames, folder / "bag", day)
    claims = selection.heads.join(kept.select("person"), on="person", how="semi").height
    return {**_facts(selection, plan, profile, frames, risk, digest, claims), "row_order": orders}


def _suppress(plan: Plan, selection: Selection, shapes: tuple[ReleaseTable, ...]) -> tuple[pl.DataFrame, Risk]:
    kept, risk = suppress_small_groups(selection.people, plan.quasi_identifiers, plan.k)
    kept, risk = _also_in_gated_table(plan, selection, counted_table(plan, shapes), kept, risk)
    if risk.suppressed_share > plan.suppression_limit or not kept.height:
        raise Refused(
            f"{risk.suppressed} of {risk.people} people would be left out, the limit is {plan.suppression_limit:.1%}; "
            + _costs(plan, selection, risk),
            where=plan.id,
            rule="release.suppression",
            remedy="drop or coarsen the costliest column, or widen the selection",
        )
    return kept, risk


def _also_in_gated_table(
    plan: Plan, selection: Selection, table: ReleaseTable | None, kept: pl.DataFrame, risk: Risk
) -> tuple[pl.DataFrame, Risk]:
    """Leave out more people until k holds in the table the gate counts, too: not everybody is in every dataset."""
    datasets = {table.dataset} if table is not None else set()
    here = selection.heads.filter(pl.col("dataset").is_in(list(datasets))).select("person").unique()
    quasi, before = plan.quasi_identifiers, -1
    while datasets and kept.height not in (before, 0):
        before = kept.height
        inside = kept.join(here, on="person", how="semi").filter(pl.len().over(quasi) < plan.k)
        kept = kept.join(inside, on="person", how="anti").filter(pl.len().over(quasi) >= plan.k)
    sizes = kept.group_by(quasi).len()["len"].to_list()
    smallest = min(sizes, default=0)
    suppressed = risk.people - kept.height
    return kept, replace(risk, suppressed=suppressed, groups_left=len(sizes), smallest_group_left=smallest)


def _costs(plan: Plan, selection: Selection, risk: Risk) -> str:
    """How many people each quasi-identifier costs, the costliest first: those that would stay without it."""
    parts: list[tuple[int, str]] = []
    for name in plan.quasi_identifiers:
        others = [q for q in plan.quasi_identifiers if q != name]
        without = suppress_small_groups(selection.people, others, plan.k)[1].suppressed if others else 0
        parts.append((risk.suppressed - without, name))
    return ", ".join(f"{name} costs {cost}" for cost, name in sorted(parts, reverse=True))


def _facts(
    selection: Selection,
    plan: Plan,
    profile: Profile,
    frames: dict[str, pl.DataFrame],
    risk: Risk,
    digest: str,
    claims: int,
) -> dict[str, object]:
    return {
        "digest": digest,
        "tables": {name: frame.height for name, frame in frames.items()},
        "people": risk.people - risk.suppressed,
        "claims": claims,
        "risk": {**risk.counts(), "quasi_identifiers": list(plan.quasi_identifiers)},
        "batches": sorted({b.batch for b in selection.batches}),
        "batch_datasets": {b.batch: _datasets(selection, b.batch) for b in selection.batches},
        "as_of": {"entry": selection.moment.entry, "day": str(selection.moment.day or "")},
        "fates": {dataset: found.counts() for dataset, found in selection.fates.items()},
        "in_quarantine": dict(selection.in_quarantine),
        "linkage": {name: found.counts() for name, found in selection.linkage.items()},
        "profile": {"id": profile.id, "law": profile.law, "in_force": profile.in_force.isoformat()},
        "numbering": "random permutation in memory, ended with the making process",
        "code_version": provision.__version__,
    }


def _datasets(selection: Selection, batch: str) -> list[str]:
    return [b.dataset for b in selection.batches if b.batch == batch]
