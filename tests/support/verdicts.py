"""A gated release without starting Great Expectations: the verdict is the real type about the real bytes.

Tests of what follows the gate need a release behind it, not the gate itself, which has tests of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from expectations.verdict import Finding, Verdict
from provision import releasing
from provision.packaging.bag import bag_digest
from provision.releasing import gating
from tests.support.house import ACTOR, House


def gate_without_engine(house: House, plan: str, monkeypatch: pytest.MonkeyPatch, key: str = "run-1") -> str:
    """Draft, make and gate one run of a plan."""
    ctx = house.open()
    release = releasing.draft(ctx, plan, key, actor=ACTOR)
    releasing.make(ctx, release, actor=ACTOR)
    with monkeypatch.context() as patch:
        patch.setattr(gating, "_examine", lambda ctx, release: _whole(gating.made_folder(ctx, release) / "bag"))
        releasing.gate(ctx, release, actor=ACTOR)
    return release


def _whole(bag: Path, **_: Any) -> Verdict:
    digest = bag_digest(bag)
    finding = Finding("ExpectBagToHaveDigest", "payload", "bag", 1, 0, bool(digest))
    return Verdict(digest, bool(digest), "test", "test", "checked", (finding,))
