"""What a kind of archive offers, and the room it is opened in: limits, password, counts, and how it is refused.

Limits hold for the bytes that really come out, never for what headers say. Every refusal concerns the whole archive:
what came out of it before is not to be used.
"""

from __future__ import annotations

import gzip
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from provision.errors import Refused
from provision.intake.archives.streams import PIECE, Forward
from provision.model import ArchiveLimits

#: Small archives of one repeated line may be packed better than any limit of ratio allows.
_RATIO_FROM = 16 * 1024 * 1024

#: What the libraries raise at bytes that are no whole archive. Of all OSErrors only `BadGzipFile` says that.
_BROKEN = (
    *(ValueError, IndexError, KeyError, EOFError, RecursionError, NotImplementedError, OverflowError),
    *(struct.error, zlib.error, tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile),
)


@dataclass
class Tally:
    """Counts of opening one file: archives in it, entries of any sort, members (files), and junk and empty folders
    that were left out. `consumed`: bytes of the file; `produced`: bytes that decompressing gave, on every level."""

    archives: int = 0
    entries: int = 0
    members: int = 0
    left_out: int = 0
    consumed: int = 0
    produced: int = 0


@dataclass(frozen=True)
class Entry:
    """One entry of an archive: its raw name (never shown), whether it is a folder, its bytes."""

    name: bytes
    folder: bool
    stream: Forward


@dataclass(frozen=True)
class Room:
    """What all archives of one received file share."""

    limits: ArchiveLimits
    password: bytes | None
    tally: Tally

    def refusal(self, rule: str, what: str, remedy: str) -> Refused:
        """A refusal at the present entry: the running number over all archives of the file."""
        place = f"entry {self.tally.entries}" if self.tally.entries else ""  # before the first it is the whole archive
        return Refused(what, where=place, rule=f"archive.{rule}", remedy=remedy)

    def over(self, what: str) -> Refused:
        """A limit is passed; `what` is its name in `archive_limits`."""
        remedy = f"look at the archive before anything else; raise archive_limits.{what} of the source if it is right"
        return self.refusal(f"limit.{what}", "the archive unpacks to more than it may", remedy)

    def consumed(self, stream: BinaryIO) -> Iterator[bytes]:
        """The pieces of the received file, counted."""
        while piece := stream.read(PIECE):
            self.tally.consumed += len(piece)
            yield piece

    def produced(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pieces as decompressing gives them, counted against total and ratio; what breaks is refused."""
        tally, limits = self.tally, self.limits
        with self.broken_refused():
            for piece in pieces:
                tally.produced += len(piece)
                if tally.produced > limits.total_bytes:
                    raise self.over("total_bytes")
                if tally.produced > max(_RATIO_FROM, limits.ratio * tally.consumed):
                    raise self.over("ratio")
                yield piece

    @contextmanager
    def broken_refused(self) -> Iterator[None]:
        """Errors of the libraries become one refusal without their text, which may quote names."""
        try:
            yield
        except _BROKEN:
            what = "the archive is cut, damaged, or goes on after its end"
            raise self.refusal("broken", what, "ask the sender to make and send it again") from None


class Kind(Protocol):
    """One kind of archive."""

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes (up to `HEAD` of them) is of this kind."""

    def entries(self, stream: Forward, room: Room) -> Iterator[Entry]:
        """Every entry, in the archive's order. The caller drains each before it asks for the next. `Refused` at the
        latest at the end of the iteration, until which nothing that came out is certain."""
