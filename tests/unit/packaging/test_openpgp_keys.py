"""OpenPGP keys that nobody should encrypt to: expired, revoked, weak, for signing only, secret, or two at once."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provision.errors import FixConfiguration
from provision.packaging.encryption import schemes
from tests.support.pgp import Keeper, confirmed, keeper


@pytest.fixture(scope="module")
def ring() -> Iterator[Keeper]:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="tk-") as folder:
        made = keeper(Path(folder) / "k")
        yield made
        made.close()


def refused(block: str, fingerprint: str) -> str:
    with pytest.raises(FixConfiguration) as caught:
        schemes()["openpgp"].check(confirmed(block, fingerprint))
    return caught.value.what


def test_weak_rsa_is_refused_and_strong_is_not(ring: Keeper) -> None:
    for bits in ("2048", "3072"):
        ring.gpg("--quick-gen-key", f"rsa{bits}@partner.example", f"rsa{bits}", "sign,cert,encr", "1y")
    weak = ring.key("rsa2048@partner.example")
    assert "weak" in refused(weak.key, weak.fingerprint)
    schemes()["openpgp"].check(ring.key("rsa3072@partner.example"))


def test_expired_key_is_refused(ring: Keeper) -> None:
    ring.gpg("--faked-system-time", "20200101T000000", "--quick-gen-key", "old@partner.example", "future-default",
             "default", "1y")  # fmt: skip
    key = ring.key("old@partner.example")
    assert "expired" in refused(key.key, key.fingerprint)


def test_key_whose_subkey_has_expired_is_refused(ring: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    ring.gpg("--quick-gen-key", "sub@partner.example", "ed25519", "sign,cert", "never")
    key = ring.key("sub@partner.example")
    assert "no subkey" in refused(key.key, key.fingerprint)  # nothing to encrypt to at all
    ring.gpg("--quick-add-key", key.fingerprint, "cv25519", "encr", "1y")
    schemes()["openpgp"].check(ring.key("sub@partner.example"))
    later = time.time() + 400 * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    assert "no subkey" in refused(ring.key("sub@partner.example").key, key.fingerprint)


def test_revoked_key_is_refused(ring: Keeper) -> None:
    ring.gpg("--quick-gen-key", "gone@partner.example", "future-default", "default", "1y")
    key = ring.key("gone@partner.example")
    certificate = (ring.home / "openpgp-revocs.d" / f"{key.fingerprint}.rev").read_bytes()
    ring.gpg("--import", given=certificate.replace(b":-----BEGIN", b"-----BEGIN"))
    assert "revoked" in refused(ring.key("gone@partner.example").key, key.fingerprint)


def test_secret_key_and_two_keys_are_refused(ring: Keeper) -> None:
    for name in ("one", "two"):
        ring.gpg("--quick-gen-key", f"{name}@partner.example", "future-default", "default", "1y")
    key = ring.key("one@partner.example")
    both = ring.gpg("--armor", "--export", "one@partner.example", "two@partner.example").decode()
    assert "one public key" in refused(both, key.fingerprint)
    secret = ring.gpg("--armor", "--export-secret-keys", "one@partner.example").decode()
    secret = secret.replace("PRIVATE KEY", "PUBLIC KEY")
    assert refused(secret, key.fingerprint)
