"""One file of any size and any format, for measuring: everybody who can be in it is, every month."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from tempfile import TemporaryFile
from typing import BinaryIO

from provision.sampledata.blocks import World, make_block
from provision.sampledata.illness import visits
from provision.sampledata.sheets import SENDERS, Sheet
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
    _check(target_bytes)
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


def format_stream(format_id: str, seed: int, target_bytes: int, style: int = 0) -> Iterator[bytes]:
    """One file of the format, of about `target_bytes` bytes (some tens of kilobytes more, and never without entries).

    It is valid for every format but ``dpc-k``, which is refused whatever it holds. `style` chooses the sender's program
    (`sheets.base.Sheet`). The same arguments give the same bytes. Entries lie in a temporary file until the totals
    are known, since some formats have them in front; memory does not grow. Raises KeyError for a format that the
    world does not write, ValueError above `LARGEST`.
    """
    kind = SENDERS[format_id].kinds[0]
    _check(target_bytes)
    world = World.of(seed, 1, _MONTHS)
    sheet = kind.sheet(world.months[-1], style)
    with TemporaryFile() as body:
        for index in count():
            block = make_block(world, index)
            for month in world.months:
                for visit in kind.occasion(world, block, month, True):
                    body.write(sheet.entry(visit, "first").encode(sheet.encoding))
                    if body.tell() >= target_bytes:
                        yield from _finished(sheet, body)
                        return


def _finished(sheet: Sheet, body: BinaryIO) -> Iterator[bytes]:
    body.seek(0)
    yield from sheet.finish(body)


def _check(target_bytes: int) -> None:
    if target_bytes > LARGEST:
        raise ValueError("a claims file of this size would need to count further than six digits allow")
