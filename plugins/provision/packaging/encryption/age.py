"""age (age-encryption.org/v1): the default. One key form, one algorithm, nothing to set wrongly; opened by ``age``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyrage

from provision.errors import FixConfiguration
from provision.model import AgeKey, OpenPgpKey, Platform


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
        _recipient(key)

    def encrypt(self, plain: BinaryIO, cipher: BinaryIO, keys: Sequence[AgeKey | OpenPgpKey]) -> None:
        """Encrypt the stream, 64 KiB at a time."""
        pyrage.encrypt_io(plain, cipher, [_recipient(key) for key in keys])


def _recipient(key: AgeKey | OpenPgpKey) -> object:
    try:
        return pyrage.x25519.Recipient.from_str(key.key)
    except pyrage.RecipientError:
        raise FixConfiguration(
            "it is no age public key", where="encryption.key", rule="encryption.key",
            remedy="ask the recipient for the line that age-keygen printed, and confirm it by telephone",
        ) from None  # fmt: skip


SCHEME = Age()
