"""One unit as one sealed file: a tar stream (POSIX.1-2001 pax) into age, read back from the medium before it counts."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyrage

from provision import agefiles
from provision.backup.units import Unit
from provision.errors import FixConfiguration, Refused, RetryLater
from provision.hashed import Hashed
from provision.intake.archives.streams import Forward
from provision.intake.sealed import opened
from provision.store import flush

BLOCK = 1 << 20


@dataclass(frozen=True)
class Sealed:
    """A sealed file of a set: its name, and SHA-256 and size of its ciphertext."""

    file: str
    sha256: str
    size: int


def recipient(key: str, where: str) -> pyrage.x25519.Recipient:
    """An age public key; `FixConfiguration` where it is none."""
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise FixConfiguration(
            "it is no age public key", where=where, rule="backup.key", remedy="copy the line that age-keygen printed"
        ) from None


def identity(path: Path) -> pyrage.x25519.Identity:
    """The one age identity in a file as age-keygen writes it; `FixConfiguration` where there is not exactly one."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        (line,) = [line for line in lines if line and not line.startswith("#")]
        return pyrage.x25519.Identity.from_str(line)
    except (OSError, ValueError, pyrage.IdentityError):
        raise FixConfiguration(
            "this file holds no single age identity", where=path.name, rule="backup.identity",
            remedy="name the file that age-keygen wrote when the backup key was made",
        ) from None  # fmt: skip


def seal(unit: Unit, folder: Path, name: str, key: pyrage.x25519.Recipient) -> Sealed:
    """Write `unit` to ``folder/name``, complete and verified, or not at all. `RetryLater` where a file changed
    meanwhile, or where the medium gives back other bytes than were written."""
    return seal_bytes(tar(unit), folder, name, key)


def seal_bytes(pieces: Iterator[bytes], folder: Path, name: str, key: pyrage.x25519.Recipient) -> Sealed:
    """As `seal`, of any bytes."""
    temporary = folder / f".{name}.part"
    with temporary.open("wb") as file:
        watched = Hashed(file)
        agefiles.encrypt(Forward(pieces), watched, [key])
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # what is read next comes from the medium
    made = Sealed(name, watched.sha256, watched.size)
    if digest_of(temporary) != (made.sha256, made.size):
        raise RetryLater(
            "the medium gives back other bytes than were written", where=name, rule="backup.verify",
            remedy="try again, then take another medium; the last backup is as it was",
        )  # fmt: skip
    os.replace(temporary, folder / name)
    flush(folder)
    return made


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file, ("", 0) where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    except OSError:
        return "", 0


def tar(unit: Unit) -> Iterator[bytes]:
    """The files of a unit as a tar stream: names, bytes and nothing else of them."""
    for path, place in unit.files:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            info = tarfile.TarInfo(place)
            info.size, info.mode = size, 0o600
            yield info.tobuf(tarfile.PAX_FORMAT)
            yield from _exactly(file, size, unit.name)
            yield bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _exactly(file: BinaryIO, size: int, where: str) -> Iterator[bytes]:
    left = size
    while left and (block := file.read(min(BLOCK, left))):
        left -= len(block)
        yield block
    if left or file.read(1):
        raise RetryLater(
            "a file changed while it was saved", where=where, rule="backup.changed", remedy="run the backup again"
        )


def unseal(sealed: Sealed, folder: Path, key: pyrage.x25519.Identity) -> Iterator[tuple[str, BinaryIO]]:
    """Place and stream of every file of a unit, to be read in this order. `Refused` where the ciphertext is not the one
    that was written, cannot be opened, or holds anything but files."""
    path = folder / sealed.file
    if digest_of(path) != (sealed.sha256, sealed.size):
        raise damaged(sealed.file)
    with opened(path, key) as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK) as archive:
                for member in archive:
                    content = archive.extractfile(member) if member.isreg() else None
                    if content is None:
                        raise damaged(sealed.file)
                    yield member.name, cast(BinaryIO, content)
            while stream.read(BLOCK):  # to the end: only then is the last piece known to be whole
                pass
        except tarfile.TarError:
            raise damaged(sealed.file) from None


def damaged(file: str) -> Refused:
    """What to raise for a file of a set that is not as it was written."""
    return Refused(
        "a file of the backup is missing, damaged or for another key", where=file, rule="backup.damaged",
        remedy="take another copy of the backup, and the identity that belongs to it",
    )  # fmt: skip
