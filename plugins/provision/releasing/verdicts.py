"""判定の有効性: the verdict that counts for a release, and whether it still holds.

A verdict says what one contract and one state of the gate found. Where plan, profile, code lists or detectors change,
nothing is approved or delivered on it until the payload was gated again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expectations.verdict import expires_with
from expectations.version import gate_version
from provision.context import Context
from provision.errors import Refused
from provision.releasing.contract import contract_of
from provision.releasing.drafting import drafted_plan

#: Entry of a verdict after the first: no change of state, so that officers' decisions stay what they are.
GATED_AGAIN = "release.gated_again"


def latest(ctx: Context, release: str) -> Mapping[str, Any]:
    """Summary of the last verdict on a release; empty where it was never gated."""
    found: Mapping[str, Any] = {}
    for entry in ctx.ledger.entries(kind="release", subject=release):
        if entry.type in {"release.gated", GATED_AGAIN}:
            found = entry.payload["verdict"]
    return found


def told(ctx: Context, release: str, *, since: int) -> Mapping[str, Any]:
    """The verdict that entries from `since` on say, passed or not; empty where none does."""
    found: Mapping[str, Any] = {}
    for entry in ctx.ledger.entries(kind="release", subject=release):
        if entry.seq >= since and "verdict" in entry.payload:
            found = entry.payload["verdict"]
    return found


def versions(ctx: Context, release: str) -> dict[str, str]:
    """The versions a verdict on a made release has today."""
    made = next(iter(ctx.ledger.entries(type="release.made", kind="release", subject=release))).payload
    contract = contract_of(ctx, drafted_plan(ctx, release), made)
    return {"contract_version": contract.version, "detectors_version": gate_version()}


def expired(ctx: Context, release: str) -> str:
    """Why the last verdict does not hold any more, in words; "" where it does. `Refused` where the plan changed."""
    return expires_with(latest(ctx, release), **versions(ctx, release))


def require_in_force(ctx: Context, release: str, step: str) -> None:
    """`Refused` unless the last verdict let the payload pass and still holds."""
    verdict = latest(ctx, release)
    reason = "" if verdict.get("passed") is True else "the last verdict on it did not let it pass"
    reason = reason or expired(ctx, release)
    if reason:
        raise Refused(reason, where=release, rule=f"{step}.verdict", remedy=f"tokumei gate {release}")
