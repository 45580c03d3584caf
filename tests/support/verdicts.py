"""A gated release without starting Great Expectations: the verdict is the real type about the real bytes.

Tests of what follows the gate need a release behind it, not the gate itself, which has tests of its own.
"""

from __future__ import annotations

import pytest

from expectations.verdict import Finding, Verdict
from provision import releasing
from provision.context import Context
from provision.packaging.bag import bag_digest
from provision.releasing import gating, verdicts
from tests.support.house import ACTOR, House


def gate_without_engine(house: House, plan: str, monkeypatch: pytest.MonkeyPatch, key: str = "run-1") -> str:
    """Draft, make and gate one run of a plan."""
    ctx = house.open()
    release = releasing.draft(ctx, plan, key, actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    with monkeypatch.context() as patch:
        patch.setattr(gating, "_examine", lambda ctx, release, _: _whole(ctx, release))
        releasing.gate(ctx, release, actor=ACTOR)
    return release


def _whole(ctx: Context, release: str) -> Verdict:
    digest = bag_digest(gating.made_folder(ctx, release) / "bag")
    finding = Finding("ExpectBagToHaveDigest", "payload", "bag", 1, 0, bool(digest))
    return Verdict(digest, bool(digest), known_values="checked", findings=(finding,), **verdicts.versions(ctx, release))
