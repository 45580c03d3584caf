"""Raw files under the batch's own key (age): written once, read as a stream, gone when the key is destroyed.

Plain text exists in memory only. Names given by the sender may identify people, so they are inside the seal too.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyrage

from provision.errors import Refused
from provision.store import flush


@dataclass(frozen=True)
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
    `plain` raises is raised as it is."""
    temporary = target.with_suffix(".tmp")
    watched = _Hashing(plain)
    with temporary.open("wb") as cipher:
        try:
            pyrage.encrypt_io(watched, cipher, [recipient])
        except pyrage.EncryptError:  # its text quotes the error it hides
            if watched.failure is None:
                raise
        cipher.flush()
        os.fsync(cipher.fileno())
    if watched.failure is not None:
        temporary.unlink()
        raise watched.failure
    os.replace(temporary, target)
    return watched.sha256.hexdigest(), watched.size


def write_manifest(folder: Path, files: list[SealedFile], recipient: pyrage.x25519.Recipient) -> None:
    """The list of files with the sender's names, sealed."""
    text = json.dumps([asdict(f) for f in files]).encode()  # ASCII: names that are no UTF-8 (CP932) survive as escapes
    path = folder / "manifest.age"
    path.write_bytes(pyrage.encrypt(text, [recipient]))
    flush(path)
    flush(folder)


def read_manifest(folder: Path, identity: pyrage.x25519.Identity) -> list[SealedFile]:
    """The sealed list of files; `Refused` where it is gone or was not sealed for this key."""
    try:
        text = pyrage.decrypt((folder / "manifest.age").read_bytes(), [identity])
    except (OSError, pyrage.DecryptError):
        raise _broken() from None
    return [SealedFile(**item) for item in json.loads(text)]


def _broken() -> Refused:
    return Refused("a sealed file cannot be opened", rule="seal.broken", remedy="restore it or ask the sender")


@contextmanager
def opened(path: Path, identity: pyrage.x25519.Identity) -> Iterator[BinaryIO]:
    """The plain bytes of a sealed file as a stream, decrypted by a thread into a pipe; nothing touches the disk.
    `Refused` where the file is gone, was changed or was not sealed for this key."""
    try:
        sealed = path.open("rb")  # before there is a pipe: its reader would wait for a writer that never comes
    except OSError:
        raise _broken() from None
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
                raise _broken()
        return block

    def close(self) -> None:
        self.pipe.close()
