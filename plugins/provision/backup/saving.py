"""控えをとる: bring a set in line with the platform. Killed at any moment it leaves the last set whole; run it again.

The log is copied first and says what there is, so that the set is of one moment although tasks go on. A log that does
not verify is never put over one that did.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyrage

import provision
from provision.atrest import shared
from provision.backup import Set, units
from provision.backup.manifest import Manifest
from provision.backup.sealing import Sealed, recipient
from provision.backup.target import Target
from provision.backup.units import Unit
from provision.context import Context
from provision.errors import FixConfiguration, LedgerBroken, RetryLater
from provision.ledger.reading import LedgerReader
from provision.ledger.verify import verify

#: Entry types: a set was saved.
SAVED = "platform.backed_up"


@dataclass(frozen=True)
class Saved:
    """Counts of one run."""

    units: int
    written: int
    bytes_written: int
    removed: int
    ledger_size: int


def backup(ctx: Context, to: Path, wanted: Set, *, actor: str, reread: bool = False) -> Saved:
    """Save one set to the folder `to`; gives counts. With `reread` every file already there is read and compared.

    Raises `FixConfiguration` (no key, no place), `Refused` (a place of something else, a damaged store), `LedgerBroken`
    and `RetryLater` (medium, files that changed).
    """
    key = recipient(_key(ctx, wanted), "platform.yaml")
    target = Target.prepare(to, wanted)
    with _scratch(ctx) as folder:
        log = units.copy_of_log(ctx, folder / "log")
        with LedgerReader.read(log) as reader:
            _require_sound(ctx, log)
            found = units.data_units(ctx, reader, folder) if wanted == "data" else units.vault_units(ctx, folder)
            memory = _Memory(ctx.zones.vault() / "backups" / f"{target.id}.json")
            with shared(ctx):  # no row leaves the store, and no person the vault, while they are read
                counts, saved = _save(target, found, memory, key, reread)
            size, root = reader.size, reader.root().hex()
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(wanted, target.id, moment, provision.__version__, size, root, tuple(saved))
    written = target.put_manifest(manifest.signed(ctx.signer), key)
    removed = target.prune({sealed.file for _, sealed in saved})
    memory.keep(saved)
    ctx.ledger.append(
        SAVED, actor=actor, subjects={"backup": target.id},
        payload={"set": wanted, "size": size, "root": root, "units": len(saved), "manifest_sha256": written.sha256},
    )  # fmt: skip
    return Saved(len(saved), *counts, removed, size)


def _key(ctx: Context, wanted: Set) -> str:
    platform = ctx.platform
    name = {"data": "backup_key", "vault": "vault_backup_key"}[wanted]
    key: str | None = getattr(platform, name)
    if key is None:
        raise FixConfiguration(
            f"there is no key to seal the set {wanted} to", where=f"platform.yaml: {name}", rule="backup.key",
            remedy="make a pair with age-keygen on another machine, keep the private half there, put the public one in",
        )  # fmt: skip
    return key


def _save(
    target: Target, found: Iterable[Unit], memory: _Memory, key: pyrage.x25519.Recipient, reread: bool
) -> tuple[tuple[int, int], list[tuple[str, Sealed]]]:
    """(units written, bytes written), and every unit of the set with its sealed file."""
    saved, written, size = [], 0, 0
    for unit in found:
        mark = unit.mark(str(key))
        sealed = memory.known.get(mark)
        if sealed is None or not (target.verified(sealed) if reread else target.holds(sealed)):
            sealed = target.put(unit, mark, key)
            written, size = written + 1, size + sealed.size
        saved.append((unit.name, sealed))
    return (written, size), saved


def _require_sound(ctx: Context, log: Path) -> None:
    checked = verify(log, public_key=ctx.log_keys)
    if not checked.ok:
        problem = checked.problems[0]
        raise LedgerBroken(
            f"the provision log does not verify: {problem.what}", rule="backup.ledger",
            remedy=f"{problem.remedy}; the last backup was left as it is",
        )  # fmt: skip


@contextmanager
def _scratch(ctx: Context) -> Iterator[Path]:
    """A folder in the vault for copies of databases; one run at a time. What a dead one left is removed first."""
    home = ctx.zones.vault() / "backups"
    home.mkdir(mode=0o700, exist_ok=True)
    folder = home / ".copies"
    with (home / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RetryLater("another backup runs now", rule="backup.busy", remedy="wait for it") from None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class _Memory:
    """What this machine itself wrote to a place, so that nothing there has to be believed or opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            self.known = {mark: Sealed(**sealed) for mark, sealed in said.items()}
        except (OSError, ValueError, TypeError):
            self.known = {}  # everything is written again

    def keep(self, saved: Iterable[tuple[str, Sealed]]) -> None:
        """Remember exactly these."""
        text = json.dumps({sealed.file.partition(".")[0]: asdict(sealed) for _, sealed in saved})
        temporary = self.path.with_name(f".{self.path.name}")
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self.path)
