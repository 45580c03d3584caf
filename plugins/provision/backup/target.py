"""The place of a set: a folder, mounted from another machine, disc or bucket.

    tokumei-backup.json    which set this is (no data)
    manifest.age           what it holds; the newest one only
    units/<mark>.<n>.age   one sealed file per unit; a unit that did not change is not written again

What is gone from the platform is gone from here after the next run: a backup must not outlive a destruction.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyrage

from provision.backup import Set, sealing
from provision.backup.sealing import Sealed
from provision.backup.units import Unit
from provision.errors import FixConfiguration, Refused
from provision.store import flush

LABEL, MANIFEST, UNITS = "tokumei-backup.json", "manifest.age", "units"


@dataclass(frozen=True)
class Target:
    """One set at one place."""

    folder: Path
    set: Set
    id: str

    @classmethod
    def prepare(cls, folder: Path, wanted: Set) -> Target:
        """The place of a set, made where it is new. `Refused` where it holds the other set, or something else."""
        if not folder.is_dir():
            raise FixConfiguration(
                "there is no such folder", where=folder.name, rule="backup.place", remedy="mount it, or make it"
            )
        if not (folder / LABEL).exists():
            _require_empty(folder)
            (folder / UNITS).mkdir(mode=0o700, exist_ok=True)
            _put(folder / LABEL, json.dumps({"set": wanted, "id": secrets.token_hex(8)}).encode())
        target = cls.open(folder)
        if target.set != wanted:
            raise Refused(
                f"this place holds the set {target.set}", where=folder.name, rule="backup.apart",
                remedy="vault and data go to two places, kept by two people",
            )  # fmt: skip
        return target

    @classmethod
    def open(cls, folder: Path) -> Target:
        """A set that is there. `FixConfiguration` where there is none."""
        try:
            said = json.loads((folder / LABEL).read_text(encoding="utf-8"))
            kind, id = {"data": "data", "vault": "vault"}[said["set"]], str(said["id"])
        except (OSError, ValueError, KeyError, TypeError):
            raise FixConfiguration(
                "this folder is no backup of ours", where=folder.name, rule="backup.place", remedy="name another one"
            ) from None
        return cls(folder, "vault" if kind == "vault" else "data", id)

    def put(self, unit: Unit, mark: str, key: pyrage.x25519.Recipient) -> Sealed:
        """Save one unit, under a name that no manifest has yet: the last set stays whole until there is a new one."""
        return sealing.seal(unit, self.folder / UNITS, f"{mark}.{secrets.token_hex(4)}.age", key)

    def holds(self, sealed: Sealed) -> bool:
        """Whether a unit saved before is still there, by its size. `verified` reads it."""
        try:
            return (self.folder / UNITS / sealed.file).stat().st_size == sealed.size
        except OSError:
            return False

    def verified(self, sealed: Sealed) -> bool:
        """Whether a unit saved before is there, byte for byte."""
        return sealing.digest_of(self.folder / UNITS / sealed.file) == (sealed.sha256, sealed.size)

    def put_manifest(self, data: bytes, key: pyrage.x25519.Recipient) -> Sealed:
        """From here on the set is the new one."""
        return sealing.seal_bytes(iter([data]), self.folder, MANIFEST, key)

    def prune(self, kept: Collection[str]) -> int:
        """Remove every unit that the newest manifest does not name; gives how many. Also what a dead run left."""
        gone = [path for path in (self.folder / UNITS).iterdir() if path.name not in kept]
        for path in gone:
            path.unlink()
        flush(self.folder / UNITS)
        return len(gone)


def _require_empty(folder: Path) -> None:
    """``lost+found`` is every fresh disc's; what a first run that died made is ours."""
    if {path.name for path in folder.iterdir()} - {"lost+found", UNITS, f".{LABEL}"}:
        raise Refused(
            "the folder holds other things", where=folder.name, rule="backup.place", remedy="name an empty folder"
        )


def _put(path: Path, data: bytes) -> None:
    aside = path.with_name(f".{path.name}")
    aside.write_bytes(data)
    flush(aside)
    os.replace(aside, path)
    flush(path.parent)
