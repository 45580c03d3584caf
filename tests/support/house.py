"""A small fictitious house: three senders' files received and taken in once, then copied for every test."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyrage
import yaml

from provision.connections import Credentials
from provision.context import Context, open_context
from provision.errors import FixConfiguration

ROOT = Path(__file__).parents[2]
MONTHS = ["2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09"]
PEOPLE = 240
SOURCES = ("minato-city", "kita-hospital", "sakura-care")
OFFICERS = {"officer1": "demo-officer-1", "officer2": "demo-officer-2"}
ACTOR = "test:house"

_kept = ExitStack()  # the folder goes when the process ends


class NoConnections:
    """A `Resolver` for tests whose channel needs no server."""

    def get(self, connection_id: str) -> Credentials:
        """Refuse: nothing here connects."""
        raise FixConfiguration("no such connection", remedy="none in this test")


@dataclass(frozen=True)
class House:
    """Configuration, zones, senders' truth and everybody's private keys, all below `root`."""

    root: Path

    @property
    def config(self) -> Path:
        """The operator's configuration."""
        return self.root / "config"

    @property
    def home(self) -> Path:
        """The platform's zones."""
        return self.root / "home"

    def open(self) -> Context:
        """A fresh context: reads the configuration as it is now."""
        return open_context(NoConnections(), folder=self.config, home=self.home)

    def identity(self, who: str) -> pyrage.x25519.Identity:
        """The private key of a recipient, or of ``escrow``."""
        return pyrage.x25519.Identity.from_str((self.root / "keys" / who).read_text().strip())

    def truth(self, name: str) -> list[dict[str, object]]:
        """Lines of ``truth/<name>.jsonl``."""
        text = (self.root / "truth" / f"{name}.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def edit(self, file: str, change: Callable[[dict], object]) -> None:  # type: ignore[type-arg]
        """Change one YAML file; `change` gets its contents to alter in place."""
        path = self.config / file
        data = yaml.safe_load(path.read_text("utf-8"))
        change(data)
        path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")

    def replace(self, file: str, old: str, new: str) -> None:
        """Change one place of a configuration file as an editor would."""
        path = self.config / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{file} has {text.count(old)} places like this"
        path.write_text(text.replace(old, new), encoding="utf-8")


def copy_of_house(target: Path) -> House:
    """A house of one's own; the first call of a process makes the model."""
    shutil.copytree(_model(), target, ignore=shutil.ignore_patterns("senders"), dirs_exist_ok=True)
    return House(target)


def fresh_config(target: Path) -> Path:
    """The shipped configuration with age keys whose private halves lie in ``keys`` beside it."""
    shutil.copytree(ROOT / "config", target / "config")
    for path in sorted((target / "config" / "recipients").glob("*.yaml")):
        _give_key(path, target / "keys" / path.stem, "key")
    _give_key(target / "config" / "platform.yaml", target / "keys" / "escrow", "escrow_key")
    for path in sorted((target / "config" / "releases").glob("*.yaml")):
        _loosen(path)
    return target / "config"


def _loosen(plan: Path) -> None:
    """k and limit for a village: everything else stays as shipped."""
    text = re.sub(r"^k: \d+", "k: 3", plan.read_text("utf-8"), flags=re.MULTILINE)
    plan.write_text(re.sub(r"^suppression_limit: .*", "suppression_limit: 0.3", text, flags=re.MULTILINE), "utf-8")


def _give_key(path: Path, identity: Path, key: str) -> None:
    made = pyrage.x25519.Identity.generate()
    identity.parent.mkdir(exist_ok=True)
    identity.write_text(f"{made}\n")
    text = re.sub(rf"(\b{key}: )age1[a-z0-9]+", rf"\g<1>{made.to_public()}", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


@cache
def _model() -> Path:
    from provision import intake
    from provision.sampledata.world import write_world

    root = Path(_kept.enter_context(tempfile.TemporaryDirectory(prefix="tokumei-house-")))
    write_world(root, seed=11, people=PEOPLE, months=MONTHS)
    fresh_config(root)
    context = House(root).open()
    for source in SOURCES:
        for drop in sorted((root / "senders" / source).iterdir()):
            shutil.copytree(drop, context.zones.inbox(source) / drop.name)
        for batch in intake.receive(context, source, actor=ACTOR):
            intake.take_in(context, batch, actor=ACTOR)
    context.ledger.checkpoint(context.signer)
    context.ledger.close()
    return root
