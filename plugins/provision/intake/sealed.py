"""Raw files under the batch's own key (age): written once, read as a stream, gone when the key is destroyed.

Plain text exists in memory only. Names given by the sender may identify people, so they are inside the seal too.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

import pyrage

from provision import agefiles
from provision.agefiles import header
from provision.agefiles.header import broken
from provision.hashed import Hashed
from provision.intake.archives.streams import Forward
from provision.store import flush

#: Bytes read at once.
BLOCK = 1 << 20
#: Of a file that was put under another key: the header for that key, beside it.
OWN_HEADER = ".header"


@dataclass(frozen=True, slots=True)
class SealedFile:
    """One file of a batch: `number` from 1, the sender's `name` (never shown), digest and size of the plain bytes."""

    number: int
    name: str
    sha256: str
    size: int

    def sealed_name(self) -> str:
        """Name on disk: a number only."""
        return f"{self.number:04d}.age"


def seal_stream(plain: BinaryIO, target: Path, recipient: pyrage.x25519.Recipient) -> tuple[str, int]:
    """Encrypt a stream to `target`; gives SHA-256 (hex) and size of the plain bytes. What `plain` raises is raised as
    it is, and nothing is left then; a process that dies leaves a beginning, which opens for nobody. Not yet safe from a
    power failure: flush the files of a drop when all are there, since waiting for the disk once a file costs more than
    sealing a small one."""
    watched = Hashed(plain)
    try:
        with target.open("wb") as cipher:
            agefiles.encrypt(watched, cipher, [recipient])
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return watched.sha256, watched.size


def write_manifest(folder: Path, files: Iterable[SealedFile], recipient: pyrage.x25519.Recipient) -> None:
    """The list of files with the sender's names, sealed: a line of JSON each, so that nobody has to hold it whole."""
    lines = (json.dumps(asdict(f)).encode() + b"\n" for f in files)  # ASCII: names that are no UTF-8 stay as escapes
    path = folder / "manifest.age"
    with path.open("wb") as cipher:
        agefiles.encrypt(Forward(lines), cipher, [recipient])
    flush(path)
    flush(folder)


def manifest(folder: Path, identity: pyrage.x25519.Identity) -> Iterator[SealedFile]:
    """The sealed list of files, one by one; `Refused` where it is gone or was not sealed for this key, at the latest
    at its end."""
    with opened(folder / "manifest.age", identity) as stream:
        for line in _lines(stream):
            found = json.loads(line)
            yield from (SealedFile(**item) for item in (found if isinstance(found, list) else [found]))


def read_manifest(folder: Path, identity: pyrage.x25519.Identity) -> list[SealedFile]:
    """As `manifest`, whole."""
    return list(manifest(folder, identity))


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(BLOCK):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest


@contextmanager
def opened(path: Path, identity: pyrage.x25519.Identity) -> Iterator[BinaryIO]:
    """The plain bytes of a sealed file as a stream, each proved before it is given; nothing touches the disk. `Refused`
    at once where the file is gone or was not sealed for this key, and where it was changed or cut at its end at the
    latest: a block shorter than was asked for is given only by a file that is whole."""
    try:
        file = path.open("rb")
    except OSError:
        raise broken() from None
    with file:
        cipher = _with_own_header(path, _OnDisk(file))
        yield cast(BinaryIO, Forward(agefiles.plain_pieces(cipher, identity)))


def reseal(sealed: Path, identity: pyrage.x25519.Identity, target: Path, recipient: pyrage.x25519.Recipient) -> None:
    """Put a sealed file that `identity` opens under the key of `recipient`, without opening it: `target` is the same
    file with a header of its own beside it (``.header``); or, on another file system, a copy with that header.

    The old header goes with the old key; then only the new key opens the file. Flushed to the disk. `Refused` where the
    file is gone, or its header was changed or is for another key; a changed body is found when it is opened.
    """
    try:
        with sealed.open("rb") as cipher:
            start = cipher.read(header.HEADER_BYTES)
            fresh = header.rewrapped(start, identity, recipient)
            if _is_linked(sealed, target):
                target = target.with_suffix(OWN_HEADER)
                target.write_bytes(fresh)
            else:
                cipher.seek(header.length(start))
                with target.open("wb") as out:
                    out.write(fresh)
                    shutil.copyfileobj(cipher, out, BLOCK)
    except FileNotFoundError:
        raise broken() from None
    flush(target)


def _is_linked(sealed: Path, target: Path) -> bool:
    try:
        os.link(sealed, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        return False
    return True


class _OnDisk:
    """A sealed file as it lies on the disk: what the disk does not give back is broken."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def read(self, size: int = -1) -> bytes:
        try:
            return self.file.read(size)
        except OSError:
            raise broken() from None


def _with_own_header(path: Path, sealed: _OnDisk) -> _OnDisk | Forward:
    """A sealed file with the header that lies beside it, if one does, in place of the one it begins with."""
    try:
        own = path.with_suffix(OWN_HEADER).read_bytes()
    except FileNotFoundError:
        return sealed
    start = sealed.read(header.HEADER_BYTES)
    rest = start[header.length(start) :]
    return Forward(chain([own, rest], iter(lambda: sealed.read(BLOCK), b"")))
