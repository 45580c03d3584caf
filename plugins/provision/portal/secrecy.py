"""秘密: random tokens, what is kept of them, and the portal's own key. Nothing here is ever logged.

Of a token that opens something only the SHA-256 is kept: who reads the database can use none of them (ASVS 2.9, 3.2).
Seeds of authenticator apps must be read again, so they are encrypted (AES-256-GCM) and bound to their owner.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provision.errors import FixConfiguration

NONCE_BYTES = 12


def new_token() -> str:
    """256 random bits, to be used in an address."""
    return secrets.token_urlsafe(32)


def new_id(prefix: str) -> str:
    """An id that says nothing about whom it stands for: ``m-`` and 16 hexadecimal digits."""
    return f"{prefix}-{secrets.token_hex(8)}"


def kept(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Secrecy:
    """The portal's key, 32 bytes, and what is done with it; each use has a key of its own derived from it."""

    key: bytes = field(repr=False)

    def seal(self, content: bytes, owner: str) -> bytes:
        """Encrypt for one owner: opened for anybody else it is an error."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._derived("seal")).encrypt(nonce, content, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """What `seal` encrypted. `FixConfiguration` where the key is another one or the database was changed."""
        try:
            plain = AESGCM(self._derived("seal")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
        except InvalidTag:
            raise FixConfiguration(
                "the portal's key does not open its database", where="portal.db", rule="portal.key",
                remedy="restore the key that belongs to this database, or let people enrol again",
            ) from None  # fmt: skip
        return bytes(plain)

    def mac(self, use: str, *said: str) -> str:
        """A keyed digest for one use, in hexadecimal: form tokens, personal links, addresses in counters."""
        text = "".join(f"{len(each)}:{each}" for each in said)
        return hmac.digest(self._derived(use), text.encode(), "sha256").hex()

    def _derived(self, use: str) -> bytes:
        return hmac.digest(self.key, b"tokumei-portal-1\0" + use.encode(), "sha256")


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())
