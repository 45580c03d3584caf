"""The seam of an encryption scheme. Streaming at any size; no scheme ever writes plain text to a disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from provision.model import AgeKey, OpenPgpKey, Platform


class Written(Protocol):
    """What takes ciphertext: a buffered file, or what looks at the bytes on their way into one."""

    def write(self, block: bytes | memoryview, /) -> int:
        """Write all of it."""


class Scheme(Protocol):
    """One way of encrypting a stream to several public keys."""

    @property
    def kind(self) -> str:
        """`kind` of the keys in `config/recipients`."""

    @property
    def ending(self) -> str:
        """What the name of an encrypted file ends with."""

    def escrow(self, platform: Platform) -> AgeKey | OpenPgpKey:
        """The operator's own key of this scheme. `FixConfiguration` where there is none."""

    def check(self, key: AgeKey | OpenPgpKey) -> None:
        """Refuse a key that is expired, revoked, weak, or not the one that was confirmed (`FixConfiguration`)."""

    def encrypt(self, plain: BinaryIO, cipher: Written, keys: Sequence[AgeKey | OpenPgpKey]) -> None:
        """Encrypt all of `plain` (a pipe or file) to `cipher`; every key opens it. What `cipher` raises is raised as it
        is, and after an error what it holds is not to be used."""
