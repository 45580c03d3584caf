"""age (age-encryption.org/v1): the default. One key form, one algorithm, nothing to set wrongly; opened by ``age``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyrage

from provision import agefiles
from provision.errors import FixConfiguration
from provision.model import AgeKey, OpenPgpKey, Platform
from provision.packaging.encryption.base import Written


@dataclass(frozen=True)
class Age:
    """X25519 keys, ChaCha20-Poly1305."""

    kind: str = "age"
    ending: str = ".age"

    def escrow(self, platform: Platform) -> AgeKey | OpenPgpKey:
        """`escrow_key` of config/platform.yaml."""
        return AgeKey.model_construct(kind="age", key=platform.escrow_key)

    def check(self, key: AgeKey | OpenPgpKey) -> None:
        """Refuse what is no age key: its own checksum finds a slip of the pen. age keys neither expire nor are weak."""
        try:
            agefiles.encrypted(b"", [_recipient(key)])
        except ValueError:  # a point of low order has a checksum, too, and no private key
            raise _none() from None

    def encrypt(self, plain: BinaryIO, cipher: Written, keys: Sequence[AgeKey | OpenPgpKey]) -> None:
        """Encrypt the stream, 64 KiB at a time."""
        agefiles.encrypt(plain, cipher, [_recipient(key) for key in keys])


def _recipient(key: AgeKey | OpenPgpKey) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(key.key)
    except pyrage.RecipientError:
        raise _none() from None


def _none() -> FixConfiguration:
    return FixConfiguration(
        "it is no age public key", where="encryption.key", rule="encryption.key",
        remedy="ask the recipient for the line that age-keygen printed, and confirm it by telephone",
    )  # fmt: skip


SCHEME = Age()
