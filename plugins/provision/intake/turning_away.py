"""受領拒否: a drop that cannot be a batch goes to quarantine as it was sent, sealed, with a report."""

from __future__ import annotations

import hashlib
from pathlib import Path

from provision.context import Context
from provision.errors import Refused
from provision.formats.base import Problem
from provision.intake.landing.base import Drop
from provision.intake.problems import report
from provision.intake.quarantine import key_name
from provision.intake.unpacking import Sealing, fresh, seal_as_it_lies
from provision.model import Source


def turn_away(ctx: Context, source: Source, drop: Drop, mark: str, label: str, error: Refused, actor: str) -> None:
    """Seal a drop in quarantine and record why; whoever calls takes it away. Twice is once. `Refused` where it changes
    meanwhile: then it stays where it is, and nothing is recorded."""
    sealing = fresh(ctx.zones.quarantine() / f".turned-away-{source.id}")
    try:
        seal_as_it_lies(drop, sealing)
        batch = "Q" + hashlib.sha256(f"{source.id}\x1f{sealing.digest}".encode()).hexdigest()[:16]
        _put(
            ctx, sealing, batch, Problem(", ".join(filter(None, (label, error.where))), 0, "", error.rule, error.remedy)
        )
    finally:
        sealing.discard()
    ctx.ledger.append(
        "drop.quarantined", actor=actor, subjects={"batch": batch, "source": source.id},
        payload={"rule": error.rule, "files": len(sealing.files), "drop": mark},
        key=f"quarantined:{batch}:{error.rule}:{mark}",
    )  # fmt: skip


def _put(ctx: Context, sealing: Sealing, batch: str, problem: Problem) -> None:
    target: Path = ctx.zones.quarantine() / batch
    if not target.is_dir():
        report(sealing.folder, [problem])
        sealing.settle(ctx.keys, key_name(batch), target)
