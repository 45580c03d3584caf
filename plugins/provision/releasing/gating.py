"""検査: the gate examines a made payload; its verdict goes into the ledger, or the release ends here.

A release may be gated again, and has to be where its verdict expired (`verdicts.py`): the new verdict then counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from expectations.attested import Attested
from expectations.known_values import KnownValues, UnusableIndex
from expectations.verdict import Verdict
from expectations.version import gate_version
from provision.context import Context
from provision.errors import GateStopped
from provision.intake.fingerprints import index_keys, index_path
from provision.ledger.entry import Entry
from provision.recovery import require_vault
from provision.releasing.contract import contract_of
from provision.releasing.drafting import drafted_plan
from provision.releasing.making import made_folder
from provision.releasing.order import attested_order
from provision.releasing.twin import twin
from provision.releasing.verdicts import GATED_AGAIN, expired, latest

#: States in which a payload lies here and may still leave.
_AGAIN = frozenset({"gated", "approved", "published", "open"})
#: What becomes of a release that a later verdict stops. An open one has left; people recall it.
_STOPPED = {"made": "rejected", "gated": "rejected", "approved": "failed", "published": "failed"}


def gate(ctx: Context, release: str, *, actor: str, again: bool = False) -> dict[str, object]:
    """Gate a made release; gives the verdict's summary. One that was gated is looked at again where its verdict has
    expired, or where `again` asks for it. Raises `GateStopped` where it does not pass, also the next time."""
    require_vault(ctx)
    state = ctx.ledger.state("release", release)
    if state == "made" or (state in _AGAIN and (again or expired(ctx, release))):
        _record(ctx, release, state, _examine(ctx, release, actor), actor)
    verdict = latest(ctx, release)
    if verdict.get("passed") is True and ctx.ledger.state("release", release) in {*_AGAIN, "closed", "recalled"}:
        return dict(verdict)
    raise GateStopped(
        _what_stopped(ctx, release), where=release, rule="gate", remedy="correct rules or plan and release anew"
    )


def _record(ctx: Context, release: str, state: str, verdict: Verdict, actor: str) -> None:
    """The verdict beside the release and in the log: as the transition it makes, or as a later one of several."""
    _keep(ctx, release, verdict)
    drafted = _entry(ctx, release, "drafted")
    subjects = {"plan": drafted.subjects["plan"], "recipient": drafted.subjects["recipient"]}
    payload: dict[str, object] = {"digest": verdict.digest, "verdict": verdict.summary()}
    if state == "made" and verdict.passed:
        ctx.ledger.transition(
            "release", release, "gated", actor=actor, key=f"gated:{release}", subjects=subjects, payload=payload
        )
    elif not verdict.passed and state in _STOPPED:
        ctx.ledger.transition(
            "release", release, _STOPPED[state], actor=actor, key=f"gated:{release}:stopped", subjects=subjects,
            payload={**payload, "reason": "the gate did not pass it"},
        )  # fmt: skip
    else:
        ctx.ledger.append(GATED_AGAIN, actor=actor, subjects={"release": release, **subjects}, payload=payload)


def _examine(ctx: Context, release: str, actor: str) -> Verdict:
    from expectations.gate import examine  # Great Expectations costs seconds to import

    made, plan = _entry(ctx, release, "made").payload, drafted_plan(ctx, release)
    apart = twin(ctx, plan)
    return examine(
        made_folder(ctx, release) / "bag",
        contract_of(ctx, plan, made),
        digest=str(made["digest"]),
        known=_known(ctx, release, list(made["batches"]), actor),
        attested=Attested(attested_order(made), apart.canaries, apart.rules),
    )


def _known(ctx: Context, release: str, batches: list[str], actor: str) -> KnownValues:
    """Fingerprints of every batch of the release that are still there; asking is written into the log first (規則35条).

    Where some were destroyed the verdict says so. One that is there and cannot be used stops the gate: `GateStopped`.
    """
    there = [path for path in (index_path(ctx, batch) for batch in batches) if path.exists()]
    gone = len(batches) - len(there)
    ctx.ledger.append(
        "known_values.asked", actor=actor, subjects={"release": release},
        payload={"batches": len(there), "gone": gone, "for": "gate", "detectors_version": gate_version()},
    )  # fmt: skip
    try:
        return KnownValues(there, index_keys(ctx), gone=gone)
    except UnusableIndex as error:
        raise GateStopped(
            str(error), where="vault/known_values", rule="gate.known_values",
            remedy="restore the vault from its backup; the release waits",
        ) from None  # fmt: skip


def _keep(ctx: Context, release: str, verdict: Verdict) -> None:
    """Every finding, beside the release; complete or as it was."""
    path = ctx.zones.release(release) / "verdict.json"
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(verdict.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(temporary, path)


def _entry(ctx: Context, release: str, step: str) -> Entry:
    return next(iter(ctx.ledger.entries(type=f"release.{step}", kind="release", subject=release)))


def _what_stopped(ctx: Context, release: str) -> str:
    stops = [
        e for e in ctx.ledger.entries(kind="release", subject=release) if e.type.endswith((".rejected", ".failed"))
    ]
    verdict: Mapping[str, Any] = latest(ctx, release)
    if stops:
        verdict = stops[-1].payload.get("verdict", {})
        if not verdict:
            return "the release was rejected by an officer, or has failed"
    if not verdict:
        return "the release is not in a state the gate can pass"
    found = [f"{f['where']} ({f['kind'] or f['expectation']})" for f in verdict["failures"]]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"the gate stopped it: {'; '.join(found[:5])}{more}"
