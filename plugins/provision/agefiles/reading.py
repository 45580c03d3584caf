"""Reading age files: the plain bytes as pieces, each of which was proved before it is given out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyrage
from cryptography.exceptions import InvalidTag

from provision.agefiles import header, payload
from provision.agefiles.header import broken

if TYPE_CHECKING:
    from _typeshed import SupportsRead


def plain_pieces(cipher: SupportsRead[bytes], identity: pyrage.x25519.Identity) -> Iterator[bytes]:
    """The plain bytes of an age file, in pieces of up to 64 KiB.

    `Refused` at once where `identity` does not open it; at the changed place where a byte was changed; and at the end
    where it was cut or has more bytes than it was written with. So what was given out is the beginning of what was
    encrypted, and is whole when the pieces have ended without an error; after an error there is no end.
    """
    start = payload.full(cipher, header.HEADER_BYTES)
    key, end = header.file_key(start, identity), header.length(start)
    nonce, begun = start[end : end + payload.NONCE], start[end + payload.NONCE :]
    if len(nonce) < payload.NONCE:
        raise broken()
    return _Proved(_opened(key, nonce, cipher, begun))


def decrypted(cipher: bytes, identity: pyrage.x25519.Identity) -> bytes:
    """As `plain_pieces`, of bytes in memory: all of them, or `Refused`."""
    return b"".join(plain_pieces(io.BytesIO(cipher), identity))


class _Proved(Iterator[bytes]):
    """Pieces whose error stays: whoever passes over it, and goes on, must not take what follows for the end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces, self.failed = pieces, False

    def __next__(self) -> bytes:
        if self.failed:
            raise broken()
        self.failed = True
        piece = next(self.pieces, None)
        self.failed = False
        if piece is None:
            raise StopIteration
        return piece


def _opened(key: bytes, nonce: bytes, cipher: SupportsRead[bytes], begun: bytes) -> Iterator[bytes]:
    aead, given = payload.cipher_of(key, nonce), False
    for chunk, once in payload.chunks(cipher, payload.CHUNK + payload.TAG, begun):
        try:
            piece = aead.decrypt(once, chunk, None)
        except InvalidTag:
            raise broken() from None
        if given and not piece:  # only of nothing at all is there an empty last chunk
            raise broken()
        yield piece
        given = True
