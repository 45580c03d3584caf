"""封緘: small sealed JSON files of the vault, one an id: who asked, and who must not come again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyrage

from provision import agefiles
from provision.errors import Refused
from provision.keys import Keys
from provision.store import flush


class Boxes:
    """Files below `folder`, each sealed for the age identity whose name `key_of` gives, and for `also`, whose private
    halves are kept elsewhere."""

    def __init__(
        self, folder: Path, keys: Keys, key_of: Callable[[str], str], also: Sequence[pyrage.x25519.Recipient] = ()
    ) -> None:
        self.folder, self.keys, self.key_of, self.also = folder, keys, key_of, also

    def put(self, id: str, content: Mapping[str, object]) -> None:
        """Write one, complete or as it was."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        recipient = self.keys.create_identity(self.key_of(id))
        making = self.folder / f".{id}.tmp"
        told = json.dumps(content, ensure_ascii=False).encode()
        making.write_bytes(agefiles.encrypted(told, [recipient, *self.also]))
        making.chmod(0o600)
        flush(making)
        os.replace(making, self._path(id))
        flush(self.folder)

    def get(self, id: str, identity: pyrage.x25519.Identity | None = None) -> dict[str, Any]:
        """Read one, with `identity` instead of its own key. `Refused` where it is not there, was changed, or its key is
        gone."""
        try:
            opens = identity or self.keys.identity(self.key_of(id))
            return dict(json.loads(agefiles.decrypted(self._path(id).read_bytes(), opens)))
        except (OSError, ValueError, Refused):
            raise Refused(
                "what was sealed cannot be opened", where=id, rule="person.sealed",
                remedy="restore the vault from its backup, then tokumei person reopen; nothing goes on without it",
            ) from None  # fmt: skip

    def ids(self) -> Iterator[str]:
        """Every id, sorted."""
        yield from sorted(path.stem for path in self.folder.glob("*.age"))

    def remove(self, id: str) -> None:
        """Remove one; it may be gone already. Its key is whoever's it is."""
        self._path(id).unlink(missing_ok=True)

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.age"
