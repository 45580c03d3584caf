"""Packings beside ZIP: gzip, bzip2, xz, and tar archives, told by their first bytes and read as streams."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

Packing = Callable[[BinaryIO], io.BufferedIOBase]


def _gzip(stream: BinaryIO) -> io.BufferedIOBase:
    return gzip.GzipFile(fileobj=stream)


def _bzip2(stream: BinaryIO) -> io.BufferedIOBase:
    return bz2.BZ2File(stream)


def _xz(stream: BinaryIO) -> io.BufferedIOBase:
    return lzma.LZMAFile(stream)


_PACKINGS: tuple[tuple[bytes, Packing], ...] = ((b"\x1f\x8b", _gzip), (b"BZh", _bzip2), (b"\xfd7zXZ\0", _xz))


@dataclass(frozen=True)
class Member:
    """One file of an archive: its size in bytes, and its bytes when asked for."""

    size: int
    read: Callable[[], bytes]


def packing_of(head: bytes) -> Packing | None:
    """What unpacks a stream that begins like this; None for what is not packed."""
    return next((packing for beginning, packing in _PACKINGS if head.startswith(beginning)), None)


def is_tar(head: bytes) -> bool:
    """True for POSIX and GNU tar archives (``ustar`` at byte 257)."""
    return head[257:262] == b"ustar"


def members(stream: BinaryIO) -> Iterator[tuple[str, Member | None]]:
    """Name and member of everything in a tar archive but folders; None for links and devices. Raises TarError."""
    with tarfile.open(fileobj=stream, mode="r:", errors="replace") as archive:
        for info in archive:
            if info.isdir():
                continue
            file = archive.extractfile(info) if info.isfile() else None
            yield info.name, Member(info.size, file.read) if file is not None else None
