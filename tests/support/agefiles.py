"""An age file taken apart by hand, for tests that put it together otherwise."""

from __future__ import annotations

import os
from collections.abc import Sequence

#: Bytes of a chunk, plain and encrypted (C2SP age.md, "Payload").
CHUNK, SEALED = 65_536, 65_552
SIZES = (0, 1, 65_535, 65_536, 65_537, 131_072, 262_144, 262_145, 3_000_000)


def random(size: int) -> bytes:
    """Bytes that stand nowhere else."""
    return os.urandom(size)


def parts(file: bytes) -> tuple[bytes, list[bytes]]:
    """The header with the payload's nonce, and the encrypted chunks."""
    begin = file.index(b"\n--- ") + 5 + 43 + 1 + 16
    payload = file[begin:]
    return file[:begin], [payload[at : at + SEALED] for at in range(0, len(payload), SEALED)]


def joined(head: bytes, chunks: Sequence[bytes]) -> bytes:
    """The other way round."""
    return head + b"".join(chunks)
