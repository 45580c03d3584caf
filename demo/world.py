"""The demonstration's world: senders' files, configuration with fresh keys, the recipients' own key pairs."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyrage

from provision.sampledata.world import write_world

ROOT = Path(__file__).resolve().parents[1]
MONTHS = ["2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09"]


@dataclass(frozen=True)
class World:
    """Everything below `root` (var/demo): what senders, operator and recipients each have."""

    root: Path

    @property
    def config(self) -> Path:
        """The operator's configuration."""
        return self.root / "config"

    @property
    def home(self) -> Path:
        """The platform's zones."""
        return self.root / "home"

    def recipient(self, name: str) -> Path:
        """What a recipient has."""
        return self.root / "recipients" / name

    def make(self, *, people: int, seed: int) -> None:
        """Write it anew."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True, mode=0o700)
        write_world(self.root, seed=seed, people=people, months=MONTHS, sins=True)
        shutil.copytree(ROOT / "config", self.config)
        for path in sorted((self.config / "recipients").glob("*.yaml")):
            self._give_key(path, self.recipient(path.stem) / "identity.txt", "key")
        self._give_key(self.config / "platform.yaml", self.root / "escrow" / "identity.txt", "escrow_key")

    def _give_key(self, yaml: Path, identity: Path, key: str) -> None:
        """Make an age key pair: the private part stays with its owner, the public one goes into the YAML."""
        made = pyrage.x25519.Identity.generate()
        identity.parent.mkdir(parents=True, mode=0o700)
        identity.write_text(f"{made}\n")
        identity.chmod(0o600)
        text = re.sub(rf"(\b{key}: )age1[a-z0-9]+", rf"\g<1>{made.to_public()}", yaml.read_text(encoding="utf-8"))
        yaml.write_text(text, encoding="utf-8")

    def senders(self) -> list[str]:
        """Ids of the senders."""
        return sorted(path.name for path in (self.root / "senders").iterdir())

    def drop(self, sender: str) -> int:
        """Copy a sender's drops into the operator's inbox, ``batch.yaml`` last; gives the number of drops."""
        drops = sorted((self.root / "senders" / sender).iterdir())
        for folder in drops:
            target = self.home / "landing" / "inbox" / sender / folder.name
            target.mkdir(parents=True, mode=0o700)
            for path in sorted(folder.iterdir(), key=lambda p: p.name == "batch.yaml"):
                shutil.copy(path, target / path.name)
        return len(drops)
