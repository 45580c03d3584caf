"""Writing age files: a stream of any size, or a few bytes, encrypted to one or several public keys."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyrage

from provision.agefiles import header, payload

if TYPE_CHECKING:
    from _typeshed import SupportsRead, SupportsWrite


def encrypt(
    plain: SupportsRead[bytes], cipher: SupportsWrite[memoryview], recipients: Sequence[pyrage.x25519.Recipient]
) -> None:
    """Encrypt all of `plain` to `cipher`, a buffered stream; every one of the keys opens it.

    What either stream raises is raised as it is; what was written until then opens for nobody: it has no end.
    `ValueError` where there is no key, or one that no private key belongs to.
    """
    key, nonce = os.urandom(payload.KEY), os.urandom(payload.NONCE)
    cipher.write(memoryview(header.made(key, recipients) + nonce))
    aead, filled = payload.cipher_of(key, nonce), 0
    buffer = memoryview(bytearray((payload.CHUNK + payload.TAG) * payload.AT_ONCE))
    for chunk, once in payload.chunks(plain, payload.CHUNK):
        filled += aead.encrypt_into(once, chunk, None, buffer[filled : filled + len(chunk) + payload.TAG])
        if filled == len(buffer):
            cipher.write(buffer)
            filled = 0
    cipher.write(buffer[:filled])


def encrypted(plain: bytes, recipients: Sequence[pyrage.x25519.Recipient]) -> bytes:
    """As `encrypt`, of bytes in memory."""
    cipher = io.BytesIO()
    encrypt(io.BytesIO(plain), cipher, recipients)
    return cipher.getvalue()
