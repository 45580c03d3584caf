"""The folder beside the database where signed checkpoints lie as files, to be copied elsewhere.

``<size>.note`` is the signed note, ``<size>.leaves`` the 32-byte leaf hashes since the previous note. The hashes hold
no content, but with them an auditor can say *which* entry differs from what was signed, even when somebody rebuilt
the whole database.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from provision.databasefile import sync_folder
from provision.ledger.merkle import HASH_SIZE

_NOTE = re.compile(r"(0|[1-9][0-9]{0,17})\.note", re.ASCII)


@dataclass(frozen=True)
class CheckpointFolder:
    """The folder ``checkpoints/`` of one log."""

    path: Path

    @classmethod
    def beside(cls, ledger: Path) -> CheckpointFolder:
        """The folder that belongs to the database at `ledger`."""
        return cls(ledger.parent / "checkpoints")

    def sizes(self) -> list[int]:
        """Sizes of all checkpoints, smallest first."""
        if not self.path.is_dir():
            return []
        found = (_NOTE.fullmatch(name) for name in os.listdir(self.path))
        return sorted(int(match[1]) for match in found if match)

    def note(self, size: int) -> str:
        """The note of one checkpoint; damaged bytes come back as replacement characters and fail verification."""
        return (self.path / f"{size}.note").read_bytes().decode(errors="replace")

    def leaves(self, size: int) -> list[bytes] | None:
        """Leaf hashes since the previous checkpoint, or None where the file is missing or cut."""
        try:
            data = (self.path / f"{size}.leaves").read_bytes()
        except OSError:
            return None
        if len(data) % HASH_SIZE:
            return None
        return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]

    def write(self, size: int, note: str, leaves: list[bytes]) -> None:
        """Save a checkpoint. The note comes last: a note without its leaves never lies here."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._put(f"{size}.leaves", b"".join(leaves))
        self.replace_note(size, note)

    def replace_note(self, size: int, note: str) -> None:
        """Save the note alone, after a further signature."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._put(f"{size}.note", note.encode())
        sync_folder(self.path)

    def _put(self, name: str, data: bytes) -> None:
        aside = self.path / f".{name}.part"
        handle = os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, self.path / name)
