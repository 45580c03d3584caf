"""One claims file of any size, for measuring: everybody with a lasting illness is a patient, every month."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from provision.sampledata.blocks import World, make_block
from provision.sampledata.illness import visits
from provision.sampledata.uke_claim import claim
from provision.sampledata.uke_file import UkeFile, encode

#: Above this size the number of payers would need seven digits.
LARGEST = 1_000_000_000
_MONTHS = tuple(f"2025-{month:02d}" for month in range(4, 10))


def uke_stream(seed: int, target_bytes: int) -> Iterator[bytes]:
    """One valid medical claims file of about `target_bytes` bytes, in pieces of a few hundred kilobytes.

    The same seed gives the same bytes up to the totals. Claims of six service months per person. Raises ValueError
    above `LARGEST`: the format counts with six digits.
    """
    if target_bytes > LARGEST:
        raise ValueError("a claims file of this size would need to count further than six digits allow")
    world = World.of(seed, 1, _MONTHS)
    file = UkeFile(world.months[-1])
    piece = file.head()
    written = len(piece)
    yield piece
    for index in count():
        block = make_block(world, index)
        for month in world.months:
            if written >= target_bytes:
                yield file.tail()
                return
            piece = encode([file.number(claim(v, file.style)) for v in visits(world, block, month, bulk=True)])
            written += len(piece)
            yield piece
