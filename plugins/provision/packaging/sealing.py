"""封緘: the payload as one file, encrypted once per delivery order to the recipient and to the operator's escrow key.

The container is a ZIP without compression (it opens anywhere), written as a stream into the encryption: no plain copy.
"""

from __future__ import annotations

import fcntl
import os
import threading
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from provision.hashed import Hashed
from provision.model import AgeKey, OpenPgpKey
from provision.packaging.encryption.base import Scheme

#: Bytes the pipe between container and encryption holds (Linux, pipe(7): what a user may ask for by default).
_PIPE = 1 << 20

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same container


def seal_bag(
    bag: Path, name: str, target: Path, scheme: Scheme, keys: Sequence[AgeKey | OpenPgpKey]
) -> tuple[str, int]:
    """Encrypt `bag` as ``<name>/…`` to `target` (complete or not there); gives SHA-256 and size of the ciphertext.

    The caller holds the order's lock: what a task that died left of an earlier sealing is removed first.
    """
    for left in target.parent.glob(f".{target.name}.*.tmp"):
        left.unlink()
    for key in keys:
        scheme.check(key)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    reading, writing = os.pipe()
    with suppress(OSError):  # a smaller pipe only takes longer
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
    failure: list[BaseException] = []
    thread = threading.Thread(target=_zip_into, args=(bag, name, writing, failure), daemon=True)
    thread.start()
    try:
        with os.fdopen(reading, "rb") as plain, temporary.open("wb") as file:
            cipher = Hashed(file)
            scheme.encrypt(plain, cipher, keys)
            file.flush()
            os.fsync(file.fileno())
        thread.join()  # it ends as well where encrypting failed: nobody reads its pipe any more
        if failure:
            raise failure[0]
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return cipher.sha256, cipher.size


def _zip_into(bag: Path, name: str, descriptor: int, failure: list[BaseException]) -> None:
    try:
        with os.fdopen(descriptor, "wb") as stream:
            write_zip(bag, name, stream)
    except BaseException as error:
        failure.append(error)


def write_zip(bag: Path, name: str, stream: BinaryIO) -> None:
    """Write the bag as a ZIP without compression, files in order of name, all of one date."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path in sorted(p for p in bag.rglob("*") if p.is_file()):
            info = zipfile.ZipInfo(f"{name}/{path.relative_to(bag).as_posix()}", _EPOCH)
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
                while block := source.read(1 << 20):
                    member.write(block)
