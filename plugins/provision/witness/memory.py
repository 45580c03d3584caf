"""What a witness remembers: of every log the last checkpoint it cosigned. On the disk before it signs."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provision.databasefile import sync_folder


@dataclass(frozen=True)
class Memory:
    """A folder with one note a log, named by the hash of the log's origin."""

    folder: Path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else looks or writes meanwhile, not another thread or process either."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def note(self, origin: str) -> str | None:
        """The last note of a log, None where none was cosigned yet."""
        path = self._path(origin)
        return path.read_text(encoding="utf-8") if path.exists() else None

    def remember(self, origin: str, note: str) -> None:
        """Replace it, whole or not at all."""
        path = self._path(origin)
        aside = path.with_suffix(".part")
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as stream:
            stream.write(note.encode())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, path)
        sync_folder(self.folder)

    def _path(self, origin: str) -> Path:
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.note"
