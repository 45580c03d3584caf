"""開封と封緘: the files of a drop, archives opened, sealed one by one in a folder that nobody can read yet.

The key is in memory only until the drop has become a batch or a quarantined drop: what a task that dies leaves behind
is noise. Each byte is read once, from where it lies into the seal.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

import pyrage

from provision.errors import Refused
from provision.intake.archives import Member, Tally, members
from provision.intake.archives.streams import Forward
from provision.intake.landing.base import Drop, Item, changed
from provision.intake.sealed import SealedFile, seal_stream, write_manifest
from provision.keys import Keys
from provision.model import ArchiveLimits
from provision.store import flush


@dataclass(frozen=True)
class Opening:
    """How archives of a source are opened."""

    limits: ArchiveLimits
    password: bytes | None


@dataclass
class Sealing:
    """Sealed files on their way to a place of their own, in `folder`, whose key is `identity`."""

    folder: Path
    identity: pyrage.x25519.Identity = field(default_factory=pyrage.x25519.Identity.generate)
    files: list[SealedFile] = field(default_factory=list)
    archives: int = 0
    left_out: int = 0

    @cached_property
    def recipient(self) -> pyrage.x25519.Recipient:
        """Whom the files are sealed for, worked out once: it costs as much as sealing a small one."""
        return self.identity.to_public()

    @property
    def digest(self) -> str:
        """SHA-256 over the sorted digests of the files: the same files are the same content, whatever their names, and
        however they were packed."""
        return hashlib.sha256("\n".join(sorted(f.sha256 for f in self.files)).encode()).hexdigest()

    def add(self, name: str, plain: BinaryIO) -> None:
        """Seal one more file."""
        item = SealedFile(len(self.files) + 1, name, "", 0)
        digest, size = seal_stream(plain, self.folder / item.sealed_name(), self.recipient)
        self.files.append(SealedFile(item.number, name, digest, size))

    def settle(self, keys: Keys, key: str, target: Path) -> None:
        """Give the folder its place, complete with manifest and safe on the disk, and the key its name; the key first:
        without it the folder would be lost."""
        for item in self.files:
            flush(self.folder / item.sealed_name())
        write_manifest(self.folder, self.files, self.recipient)
        keys.adopt_identity(key, self.identity)
        os.rename(self.folder, target)
        flush(target.parent)

    def discard(self) -> None:
        """Forget it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def fresh(folder: Path) -> Sealing:
    """Begin; what a dead task left in `folder` is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return Sealing(folder)


def seal_members(drop: Drop, opening: Opening, sealing: Sealing) -> None:
    """Seal every file of a drop, and every member of every archive in it. `Refused` (``receive.…``, ``archive.…``) says
    which file by its number in the order of the names."""
    for number, item in enumerate(drop.listing.items, 1):
        tally = Tally()
        try:
            with drop.open(item) as stream:
                for member in members(stream, opening.limits, opening.password, tally):
                    sealing.add(_name(item, member), cast(BinaryIO, member.stream))
        except Refused as error:
            where = ", ".join(filter(None, (f"file {number}", error.where)))
            raise Refused(error.what, where=where, rule=error.rule, remedy=error.remedy) from None
        sealing.archives += tally.archives
        sealing.left_out += tally.left_out
    sealing.left_out += drop.listing.left_out
    if drop.again() != drop:
        raise changed()


def seal_as_it_lies(drop: Drop, sealing: Sealing) -> None:
    """Seal the files of a drop and its marker as they were sent, archives closed. `Refused` where they change."""
    for item in (*drop.listing.items, drop.listing.marker):
        with drop.open(item) as stream:
            sealing.add(item.name, cast(BinaryIO, Forward(_pieces(stream))))
    if drop.again() != drop:
        raise changed()


def _name(item: Item, member: Member) -> str:
    return f"{item.name}/{member.name}" if member.name else item.name


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: stream.read(1 << 16), b"")
