"""検査: the gate examines a made payload; its verdict goes into the ledger, or the release ends here."""

from __future__ import annotations

import json
from pathlib import Path

from expectations.known_values import KnownValues, UnusableIndex
from expectations.verdict import Verdict
from provision.context import Context
from provision.errors import GateStopped
from provision.intake.fingerprints import KEY, index_path
from provision.releasing.contract import contract_of
from provision.releasing.drafting import drafted_plan
from provision.releasing.making import made_folder


def gate(ctx: Context, release: str, *, actor: str) -> dict[str, object]:
    """Gate a made release; gives the verdict's summary. Raises `GateStopped` where it does not pass, also again."""
    state = ctx.ledger.state("release", release)
    if state == "made":
        verdict = _examine(ctx, release)
        _keep(ctx, release, verdict)
        drafted = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=release)))
        payload = {"digest": verdict.digest, "verdict": verdict.summary()}
        if not verdict.passed:
            payload["reason"] = "the gate did not pass it"
        ctx.ledger.transition(
            "release", release, "gated" if verdict.passed else "rejected", actor=actor, key=f"gated:{release}",
            subjects={"plan": drafted.subjects["plan"], "recipient": drafted.subjects["recipient"]}, payload=payload,
        )  # fmt: skip
    for entry in ctx.ledger.entries(type="release.gated", kind="release", subject=release):
        return dict(entry.payload["verdict"])
    raise GateStopped(
        _what_stopped(ctx, release), where=release, rule="gate", remedy="correct rules or plan and release anew"
    )


def _examine(ctx: Context, release: str) -> Verdict:
    from expectations.gate import examine  # Great Expectations costs seconds to import

    made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=release))).payload
    contract = contract_of(ctx, drafted_plan(ctx, release), made)
    return examine(
        made_folder(ctx, release) / "bag",
        contract,
        digest=str(made["digest"]),
        known=_known(ctx, list(made["batches"])),
    )


def _known(ctx: Context, batches: list[str]) -> KnownValues:
    """Fingerprints of every batch of the release. `GateStopped` where any is gone: a gate that cannot look stops."""
    try:
        return KnownValues([index_path(ctx, batch) for batch in batches], ctx.keys.symmetric(KEY))
    except UnusableIndex as error:
        raise GateStopped(
            str(error), where="vault/known_values", rule="gate.known_values",
            remedy="restore the vault from its backup; the release waits",
        ) from None  # fmt: skip


def _keep(ctx: Context, release: str, verdict: Verdict) -> Path:
    path = ctx.zones.release(release) / "verdict.json"
    path.write_text(json.dumps(verdict.summary(), ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _what_stopped(ctx: Context, release: str) -> str:
    for entry in ctx.ledger.entries(type="release.rejected", kind="release", subject=release):
        verdict = entry.payload.get("verdict")
        if not verdict:
            return "the release was rejected by an officer"
        found = [f"{f['where']} ({f['kind'] or f['expectation']})" for f in verdict["failures"]]
        return f"the gate stopped it: {'; '.join(found[:5])}" + (
            f" and {len(found) - 5} more" if len(found) > 5 else ""
        )
    return "the release is not in a state the gate can pass"
