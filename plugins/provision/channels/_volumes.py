"""巻: how a consignment lies on discs. The ciphertext is cut where one disc does not hold it; the rest is on each.

Each piece is below 4 GiB, as ISO 9660 keeps larger files in several extents, which not every reader joins (ECMA-119,
section 6.5). Joining the pieces in the order of their numbers gives the file back: no program of ours is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provision.channels.base import Consignment, OutboxFile
from provision.errors import Refused

#: The largest piece, in bytes.
LARGEST_PIECE = 4 * 1024**3 - 2048
#: Directory records, path tables, notice and lists, generously: the image itself is measured afterwards.
OVERHEAD = 4_000_000
#: More discs than this are nobody's delivery.
MOST = 40
JOIN_NAME, VOLUME_NAME = "つなぎ方_JOIN.txt", "VOLUME.json"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Piece:
    """`size` bytes of a file from `offset` on, under `name`; the whole file where `whole`."""

    file: OutboxFile
    name: str
    offset: int
    size: int

    @property
    def whole(self) -> bool:
        """Whether it is a file as it lies in the outbox."""
        return self.size == self.file.size


@dataclass(frozen=True)
class Volume:
    """One disc: number `number` of `of`, and what is on it."""

    number: int
    of: int
    pieces: tuple[Piece, ...]

    @property
    def folder(self) -> str:
        """Its folder below the order's."""
        return f"VOL{self.number:02d}"


def volumes(consignment: Consignment, capacity: int) -> tuple[Volume, ...]:
    """How a consignment lies on discs of `capacity` bytes. `Refused` where that would be more than `MOST`."""
    first, *others = consignment.files
    room = capacity - OVERHEAD - sum(file.size for file in others)
    if first.size <= min(room, LARGEST_PIECE):
        return (Volume(1, 1, tuple(Piece(file, file.name, 0, file.size) for file in consignment.files)),)
    if room < OVERHEAD or first.size > MOST * room:
        raise Refused(
            f"{first.size + sum(f.size for f in others)} bytes would need more than {MOST} discs of {capacity} bytes",
            where=consignment.order, rule="disc.capacity",
            remedy="choose a larger medium in config/recipients, or deliver through bucket or partner_sftp",
        )  # fmt: skip
    cut = _cut(first, room)
    beside = tuple(Piece(file, file.name, 0, file.size) for file in others)
    return tuple(Volume(number, len(cut), (*pieces, *beside)) for number, pieces in enumerate(cut, 1))


def _cut(file: OutboxFile, room: int) -> list[list[Piece]]:
    discs: list[list[Piece]] = []
    offset = number = 0
    while offset < file.size:
        left, disc = room, list[Piece]()
        while left and offset < file.size:
            size, number = min(LARGEST_PIECE, left, file.size - offset), number + 1
            disc.append(Piece(file, f"{file.name}.{number:03d}", offset, size))
            offset, left = offset + size, left - size
        discs.append(disc)
    return discs


def copy_piece(piece: Piece, target: Path) -> None:
    """Write a piece to a file of its own."""
    left = piece.size
    with piece.file.path.open("rb") as source, target.open("wb") as sink:
        source.seek(piece.offset)
        while left and (block := source.read(min(_BLOCK, left))):
            sink.write(block)
            left -= len(block)


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def described(consignment: Consignment, volume: Volume, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """``VOLUME.json``: which disc this is, what is on it, and what the whole is."""
    whole = consignment.files[0]
    return {
        "version": 1,
        "order": consignment.order,
        "release": consignment.release,
        "volume": volume.number,
        "of": volume.of,
        "parts": list(parts),
        "whole": {"name": whole.name, "size": whole.size, "sha256": whole.sha256},
    }


def joining(consignment: Consignment, every: Sequence[Volume]) -> str:
    """つなぎ方: how to get the file back from several discs with what every machine has (CRLF)."""
    whole = consignment.files[0]
    names = [piece.name for volume in every for piece in volume.pieces if piece.file is whole]
    lines = [
        *(f"{len(every)} 枚の全ての {whole.name}.??? を一つのフォルダに写してから、つなぎます。",),
        *(f"Copy {whole.name}.??? of all {len(every)} discs into one folder, then join them.", ""),
        *("Windows:", f"  copy /b {'+'.join(names)} {whole.name}", f"  certutil -hashfile {whole.name} SHA256", ""),
        *("macOS, Linux:", f"  cat {' '.join(names)} > {whole.name}", f"  sha256sum {whole.name}", ""),
        *("SHA-256:", f"  {whole.sha256}  {whole.size}  {whole.name}"),
    ]
    return "\r\n".join(lines) + "\r\n"
