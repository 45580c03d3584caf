"""控えから戻す: make a machine from a set. Into empty folders only, whole or not at all, and the log says so.

Everything is opened and verified aside (``.restoring``) before anything gets its place. A run that died is repeated and
begins anew, or, where all was verified, puts the rest in its place. What left between the backup and the loss of the
machine nobody here knows: `recovery` asks an operator before such an order goes out again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import pyrage

from provision import agefiles, logkeys
from provision.backup import Set, manifest, sealing, verifying
from provision.backup.manifest import Manifest
from provision.backup.sealing import damaged
from provision.backup.target import MANIFEST, UNITS, Target
from provision.backup.units import PLACES
from provision.context import Context, open_context
from provision.errors import FixConfiguration, Refused
from provision.keys import SIGNING, signing_key_path
from provision.ledger import notes
from provision.ledger.places import ADDRESS
from provision.ledger.reading import LedgerReader
from provision.ledger.signing import Signer, Verifier
from provision.recovery import RESTORED, VAULT_RESTORED
from provision.store import flush
from provision.zones import PRIVATE, Zones

_ASIDE, _COMPLETE = ".restoring", "complete"
_OF_THE_VAULT = ("vault/known_values", "vault/presences", "vault/register", "portal/keys")


@dataclass(frozen=True)
class Restored:
    """What was restored: which set, of which moment (UTC), how many units, and the log's size then."""

    set: Set
    made_at: str
    units: int
    ledger_size: int


@dataclass(frozen=True)
class Place:
    """Where to: the home of the zones, and the folder of the configuration."""

    home: Path
    config: Path


def read_manifest(source: Path, key: pyrage.x25519.Identity, log_keys: str) -> tuple[Manifest, tuple[Verifier, ...]]:
    """The signed list of the set at `source`. Raises `FixConfiguration` and `Refused`."""
    target, keys = Target.open(source), notes.keys(log_keys.splitlines())
    try:
        data = agefiles.decrypted((source / MANIFEST).read_bytes(), key)
    except (OSError, Refused):
        raise damaged(MANIFEST) from None
    found = manifest.read(data, keys, MANIFEST)
    if (found.set, found.id) != (target.set, target.id):
        raise damaged(MANIFEST)
    return found, keys


def check(source: Path, key: pyrage.x25519.Identity, log_keys: str) -> Restored:
    """Open and verify everything of a set and write nothing: what an operator does every month."""
    found, _ = read_manifest(source, key, log_keys)
    for _, stream in _files(source, found, key):
        while stream.read(sealing.BLOCK):
            pass
    return _counts(found)


def restore(source: Path, key: pyrage.x25519.Identity, log_keys: str, to: Place, *, actor: str) -> Restored:
    """Restore one set to empty folders; the vault after the data. Gives counts.

    Raises `FixConfiguration` (no set, no identity), `Refused` (not empty, damaged, not signed, does not fit) and
    `LedgerBroken`. Repeating a restore that ended changes nothing.
    """
    _require_file()
    found, keys = read_manifest(source, key, log_keys)
    if _done(to, found):
        return _counts(found)
    aside = to.home / _ASIDE
    if not (aside / _COMPLETE).exists():
        _require_room(to, found.set)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=PRIVATE, parents=True)
        _unpack(source, found, key, aside)
        if found.set == "data":
            verifying.log(aside / "ledger" / "ledger.db", found, log_keys)
        else:
            verifying.covers(to.home, found)
        (aside / _COMPLETE).touch()
    _put_in_place(aside, to)
    _enter(to, found, keys, actor)
    shutil.rmtree(aside)
    return _counts(found)


def _require_file() -> None:
    """A set holds the log as a file, wherever it was kept; a database is filled from that file afterwards."""
    if os.environ.get(ADDRESS, "").strip():
        raise FixConfiguration(
            "a restored log is a file first", where=ADDRESS, rule="backup.ledger",
            remedy=f"unset {ADDRESS}, restore, then `tokumei ledger move` the file into the prepared, empty database",
        )  # fmt: skip


def _counts(found: Manifest) -> Restored:
    return Restored(found.set, found.made_at, len(found.units), found.size)


def _entry_key(found: Manifest) -> str:
    return f"restored:{found.id}:{found.made_at}"


def _done(to: Place, found: Manifest) -> bool:
    if not (to.home / "ledger" / "ledger.db").exists() or (to.home / _ASIDE).exists():
        return False
    kind = RESTORED if found.set == "data" else VAULT_RESTORED
    with LedgerReader.read(to.home / "ledger" / "ledger.db") as log:
        return any(entry.key == _entry_key(found) for entry in log.entries(type=kind))


def _require_room(to: Place, wanted: Set) -> None:
    """`Refused` where anything is there that would be mixed with what is restored."""
    taken = []
    if wanted == "data":
        taken = [name for name in sorted(PLACES["data"] - {"config"}) if _holds(to.home / name)]
        taken += ["the configuration folder"] if _holds(to.config) else []
    elif not (to.home / "ledger" / "ledger.db").exists():
        raise Refused(
            "there is no log yet",
            where="ledger",
            rule="restore.order",
            remedy="restore the set data first, then the vault",
        )
    elif any((to.home / "vault").glob("*.db")) or any(_holds(to.home / name) for name in _OF_THE_VAULT):
        taken = ["vault"]
    if taken:
        raise Refused(
            f"not empty: {', '.join(taken)}", rule="restore.empty",
            remedy="restore into an empty TOKUMEI_HOME, and name an empty folder with --config",
        )  # fmt: skip


def _holds(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() or path.is_symlink() for path in folder.rglob("*"))


def _files(source: Path, found: Manifest, key: pyrage.x25519.Identity) -> Iterator[tuple[PurePosixPath, BinaryIO]]:
    """Place and stream of every file of a set; `Refused` for a place where that set has nothing to put."""
    for _, sealed in found.units:
        for name, stream in sealing.unseal(sealed, source / UNITS, key):
            place = PurePosixPath(name)
            if place.is_absolute() or ".." in place.parts or place.parts[0] not in PLACES[found.set]:
                raise damaged(sealed.file)
            yield place, stream


def _unpack(source: Path, found: Manifest, key: pyrage.x25519.Identity, aside: Path) -> None:
    for place, stream in _files(source, found, key):
        folder = aside
        for part in place.parts[:-1]:  # one by one: `parents=True` makes folders on the way readable by everybody
            folder = folder / part
            folder.mkdir(mode=PRIVATE, exist_ok=True)
        descriptor = os.open(folder / place.name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(stream, file, sealing.BLOCK)
            os.fsync(file.fileno())


def _put_in_place(aside: Path, to: Place) -> None:
    """The log last: where it lies, the rest does. A folder that cannot be renamed onto (a mount) takes the contents."""
    for path in sorted((p for p in aside.iterdir() if p.is_dir()), key=lambda p: p.name == "ledger"):
        _move(path, to.config if path.name == "config" else to.home / path.name)
    flush(to.home)


def _move(path: Path, target: Path) -> None:
    target.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    for inner in sorted(path.iterdir()):
        place = target / inner.name
        if inner.is_dir() and place.is_dir():
            _move(inner, place)
        else:
            shutil.move(inner, place)  # across mounts it copies, then removes
    flush(target)
    path.rmdir()


def _enter(to: Place, found: Manifest, keys: Sequence[Verifier], actor: str) -> None:
    """The keys that signed before are retired, a new one signs, and the log has what happened."""
    context = open_context(folder=to.config, home=to.home)
    with context.ledger:
        if found.set == "data":
            _retire(context, found, keys)
        kind = RESTORED if found.set == "data" else VAULT_RESTORED
        context.ledger.append(
            kind, actor=actor, key=_entry_key(found), subjects={"backup": found.id},
            payload={"set": found.set, "made_at": found.made_at, "size": found.size, "root": found.root},
        )  # fmt: skip
        context.ledger.checkpoint(context.signer)


def _retire(context: Context, found: Manifest, keys: Sequence[Verifier]) -> None:
    """Every key that signed the backup's log counts up to its size; one that survived elsewhere goes on signing."""
    path = signing_key_path(context.keys)
    used = Signer.load(path, unseal=partial(context.keys.opened, SIGNING)).verifier.raw if path.exists() else b""
    logkeys.retire(path, [key.line for key in keys if key.raw != used], found.size)


def read_log_key(path: Path) -> str:
    """Public keys of a log, one a line, from a file; `FixConfiguration` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise FixConfiguration(
            "the log's public key cannot be read", where=path.name, rule="restore.log_key",
            remedy="name the file log.vkey as kept outside the platform, or type its line into one",
        ) from None  # fmt: skip


def default_place(config: Path | None) -> Place:
    """The platform's own folders, or another one for the configuration."""
    from provision.config import config_folder
    from provision.zones import home_folder

    home = Zones(home_folder()).home
    if not home.parent.is_dir():
        raise FixConfiguration("TOKUMEI_HOME lies nowhere", rule="restore.home", remedy="make the folder around it")
    return Place(home, (config or config_folder()).resolve())
