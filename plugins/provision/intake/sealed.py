"""Raw files under the batch's own key (age): written once, read as a stream, gone when the key is destroyed.

Plain text exists in memory only. Names given by the sender may identify people, so they are inside the seal too.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

import pyrage

from provision.errors import Refused
from provision.intake import ageheader
from provision.intake.archives.streams import Forward
from provision.store import flush

#: A sealed file up to this size is opened in memory: a thread and a pipe would cost more than its bytes.
SMALL = 1 << 20
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
    """Encrypt a stream to `target` (complete or not there); gives SHA-256 (hex) and size of the plain bytes. What
    `plain` raises is raised as it is. Not yet safe from a power failure: flush the files of a drop when all are there,
    since waiting for the disk once a file costs more than sealing a small one."""
    temporary = target.with_suffix(".tmp")
    watched = _Hashing(plain)
    with temporary.open("wb") as cipher:
        try:
            pyrage.encrypt_io(watched, cipher, [recipient])
        except pyrage.EncryptError:  # its text quotes the error it hides
            if watched.failure is None:
                raise
    if watched.failure is not None:
        temporary.unlink()
        raise watched.failure
    os.replace(temporary, target)
    return watched.sha256.hexdigest(), watched.size


def write_manifest(folder: Path, files: Iterable[SealedFile], recipient: pyrage.x25519.Recipient) -> None:
    """The list of files with the sender's names, sealed: a line of JSON each, so that nobody has to hold it whole."""
    lines = (json.dumps(asdict(f)).encode() + b"\n" for f in files)  # ASCII: names that are no UTF-8 stay as escapes
    path = folder / "manifest.age"
    with path.open("wb") as cipher:
        pyrage.encrypt_io(cast(BinaryIO, Forward(lines)), cipher, [recipient])
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
    while block := stream.read(SMALL):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest


def broken() -> Refused:
    """What to raise for a sealed file that is not as it was sealed."""
    return Refused("a sealed file cannot be opened", rule="seal.broken", remedy="restore it or ask the sender")


@contextmanager
def opened(path: Path, identity: pyrage.x25519.Identity) -> Iterator[BinaryIO]:
    """The plain bytes of a sealed file as a stream: of a small one from memory, of others decrypted by a thread into a
    pipe; nothing touches the disk. `Refused` where the file is gone, was changed or was not sealed for this key."""
    try:
        sealed = path.open("rb")  # before there is a pipe: its reader would wait for a writer that never comes
    except OSError:
        raise broken() from None
    small = os.fstat(sealed.fileno()).st_size <= SMALL
    cipher = _with_own_header(path, sealed)
    if small:
        with sealed:
            plain = _plain(cipher.read(), identity)
        yield io.BytesIO(plain)
        return
    with closing(sealed), _piped(cipher, identity) as stream:
        yield stream


def reseal(sealed: Path, identity: pyrage.x25519.Identity, target: Path, recipient: pyrage.x25519.Recipient) -> None:
    """Put a sealed file that `identity` opens under the key of `recipient`, without opening it: `target` is the same
    file with a header of its own beside it (``.header``); or, on another file system, a copy with that header.

    The old header goes with the old key; then only the new key opens the file. Flushed to the disk. `Refused` where the
    file is gone, or its header was changed or is for another key; a changed body is found when it is opened.
    """
    try:
        with sealed.open("rb") as cipher:
            start = cipher.read(ageheader.HEADER_BYTES)
            header = ageheader.rewrapped(start, identity, recipient)
            if _is_linked(sealed, target):
                target = target.with_suffix(OWN_HEADER)
                target.write_bytes(header)
            else:
                cipher.seek(ageheader.length(start))
                with target.open("wb") as out:
                    out.write(header)
                    shutil.copyfileobj(cipher, out, SMALL)
    except (FileNotFoundError, ValueError):
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


def _with_own_header(path: Path, sealed: BinaryIO) -> BinaryIO:
    """A sealed file with the header that lies beside it, if one does, in place of the one it begins with."""
    try:
        header = path.with_suffix(OWN_HEADER).read_bytes()
    except FileNotFoundError:
        return sealed
    try:
        sealed.seek(ageheader.length(sealed.read(ageheader.HEADER_BYTES)))
    except ValueError:
        sealed.close()
        raise broken() from None
    return cast(BinaryIO, Forward(chain([header], iter(lambda: sealed.read(SMALL), b""))))


def _plain(cipher: bytes, identity: pyrage.x25519.Identity) -> bytes:
    try:
        return bytes(pyrage.decrypt(cipher, [identity]))
    except pyrage.DecryptError:
        raise broken() from None


@contextmanager
def _piped(sealed: BinaryIO, identity: pyrage.x25519.Identity) -> Iterator[BinaryIO]:
    reading, writing = os.pipe()
    failure: list[BaseException] = []

    def decrypt() -> None:
        try:
            with sealed as cipher, os.fdopen(writing, "wb") as plain:
                pyrage.decrypt_io(cipher, plain, [identity])
        except BrokenPipeError:
            pass  # the reader had seen enough
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=decrypt, daemon=True)
    thread.start()
    stream = cast(BinaryIO, _Whole(os.fdopen(reading, "rb"), thread, failure))
    try:
        yield stream
    finally:
        stream.close()
        thread.join()


class _Hashing(io.RawIOBase):
    """Hashes and counts what is read through it, and keeps the error that ended it."""

    def __init__(self, inner: BinaryIO) -> None:
        self.inner, self.sha256, self.size = inner, hashlib.sha256(), 0
        self.failure: BaseException | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            block = self.inner.read(size)
        except BaseException as error:
            self.failure = error
            raise
        self.sha256.update(block)
        self.size += len(block)
        return block

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


class _Whole:
    """A pipe that gives full blocks, and raises at its end where decryption failed: a cut file is never a short one."""

    def __init__(self, pipe: BinaryIO, thread: threading.Thread, failure: list[BaseException]) -> None:
        self.pipe, self.thread, self.failure = pipe, thread, failure

    def read(self, size: int = -1) -> bytes:
        block = self.pipe.read(size)
        if size < 0 or len(block) < size:
            self.thread.join()
            if self.failure:
                raise broken()
        return block

    def close(self) -> None:
        self.pipe.close()
