"""A house that can be saved: backup keys in its configuration, their private halves elsewhere, and two places."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pyrage
import yaml

from provision.backup import Set
from provision.backup.restoring import Place, Restored, restore
from provision.backup.saving import Saved, backup
from provision.context import Context

ACTOR = "test:backup"
KEYS = {"data": "backup_key", "vault": "vault_backup_key"}


@dataclass(frozen=True)
class Safe:
    """Two places and two private keys, on no machine of the platform."""

    folder: Path

    def place(self, wanted: Set) -> Path:
        return self.folder / wanted

    def identity(self, wanted: Set) -> pyrage.x25519.Identity:
        return pyrage.x25519.Identity.from_str((self.folder / f"{wanted}.txt").read_text().splitlines()[-1])

    @property
    def log_key(self) -> str:
        """The log's public key, written down when the first backup was made."""
        return (self.folder / "log.vkey").read_text()

    def save(self, ctx: Context, *sets: Set, reread: bool = False) -> dict[str, Saved]:
        (self.folder / "log.vkey").write_text(ctx.signer.public + "\n")
        return {each: backup(ctx, self.place(each), each, actor=ACTOR, reread=reread) for each in sets or KEYS}

    def restore(self, wanted: Set, to: Place) -> Restored:
        return restore(self.place(wanted), self.identity(wanted), self.log_key, to, actor=ACTOR)


def safe_for(config: Path, folder: Path) -> Safe:
    """Make both pairs as age-keygen does, and put the public halves into ``platform.yaml``."""
    path = config / "platform.yaml"
    platform = yaml.safe_load(path.read_text("utf-8"))
    for wanted, name in KEYS.items():
        (folder / wanted).mkdir(parents=True)
        made = pyrage.x25519.Identity.generate()
        (folder / f"{wanted}.txt").write_text(f"# public key: {made.to_public()}\n{made}\n")
        platform[name] = str(made.to_public())
    path.write_text(yaml.safe_dump(platform, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return Safe(folder)


def lose(*folders: Path) -> None:
    """The machine burns down."""
    for folder in folders:
        shutil.rmtree(folder)
