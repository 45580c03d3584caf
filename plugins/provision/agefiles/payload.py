"""本体: the payload of an age file is chunks, each encrypted by itself (C2SP age.md, "Payload").

A chunk's nonce holds its number and whether it is the last one. So none can be changed, left out, doubled or put
elsewhere, and no file is whole without its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from _typeshed import SupportsRead

#: Bytes of a chunk, of what encryption adds to it, of a payload's nonce, and of the key of a file.
CHUNK, TAG, NONCE, KEY = 64 * 1024, 16, 16, 16
#: Chunks read and written at once: more bytes than fit into a processor's own cache cost more than they save.
AT_ONCE = 4


def derived(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256, 32 bytes (RFC 5869): every key of the format is made by it."""
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def cipher_of(key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    """What encrypts and decrypts the chunks of the file whose key is `key` and whose payload begins with `nonce`."""
    return ChaCha20Poly1305(derived(key, nonce, b"payload"))


def nonce_of(number: int, *, last: bool) -> bytes:
    """The nonce of chunk `number`, from 0: it is used once, because every file has a payload key of its own."""
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")


def chunks(stream: SupportsRead[bytes], size: int, first: bytes = b"") -> Iterator[tuple[memoryview, bytes]]:
    """The bytes of `first` and `stream` in chunks of `size`, each with its nonce. Only the last one may be shorter, and
    only the one of nothing at all is empty."""
    number, most = 0, size * AT_ONCE
    block = first + full(stream, most - len(first))
    while True:
        following = full(stream, most) if len(block) == most else b""
        view, end = memoryview(block), max(len(block), 1)
        for at in range(0, end, size):
            yield view[at : at + size], nonce_of(number, last=not following and at + size >= end)
            number += 1
        if not following:
            return
        block = following


def full(stream: SupportsRead[bytes], size: int) -> bytes:
    """`size` bytes, fewer only at the end: a pipe gives what it has. (None, of a stream that does not wait, is no end
    but a `TypeError`.)"""
    parts, missing = [], size
    while missing and len(part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
