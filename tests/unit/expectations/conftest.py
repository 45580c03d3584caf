"""Great Expectations is imported once per session; a clean payload is a copy away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from payloads import CONTRACT, Payload, make_payload

from expectations.contract import Contract
from expectations.gate import examine
from expectations.known_values import KnownValues
from expectations.verdict import Verdict


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Payload]:
    """Make a payload, with its table changed."""

    def payload(change: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame) -> Payload:
        return make_payload(tmp_path / "payload", change)

    return payload


@pytest.fixture
def gate(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[..., Verdict]:
    """Examine a payload, and make sure that none of `secrets` shows anywhere."""

    def run(
        payload: Payload, contract: Contract = CONTRACT, known: KnownValues | None = None, secrets: tuple[str, ...] = ()
    ) -> Verdict:
        caplog.set_level(0)
        verdict = examine(payload.root, contract, digest=payload.digest, known=known)
        shown = repr(verdict) + json.dumps(verdict.summary(), ensure_ascii=False) + caplog.text
        shown += "".join(capfd.readouterr())
        for secret in secrets:
            assert secret not in shown
        return verdict

    return run
