"""The ledger's signing key can be kept apart from the platform's other keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from provision.context import open_context
from provision.ledger.signing import Verifier

CONFIG = Path(__file__).parents[2] / "config"


def test_the_signing_key_lies_where_the_operator_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apart = tmp_path / "apart" / "signing.key"
    apart.parent.mkdir(mode=0o700)
    monkeypatch.setenv("TOKUMEI_SIGNING_KEY", str(apart))
    context = open_context(folder=CONFIG, home=tmp_path / "home")
    public = context.signer.public
    assert apart.is_file()
    assert not list((tmp_path / "home" / "vault").rglob("ledger-signing*"))
    assert (tmp_path / "home" / "ledger" / "log.vkey").read_text().strip() == public
    assert Verifier.from_public(public).public == public


def test_without_it_the_key_lies_among_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKUMEI_SIGNING_KEY", raising=False)
    context = open_context(folder=CONFIG, home=tmp_path / "home")
    assert context.signer.public
    assert (tmp_path / "home" / "vault" / "keys" / "ledger-signing.key").is_file()
