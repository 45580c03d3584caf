"""What is saved, and in which pieces. An allow-list: a file that no line here names is saved by nobody.

Never saved: ``landing`` and ``quarantine`` and the keys they lie under (a copy would outlive their destruction, and
senders still have what they sent), the log's signing key (a copy could sign another history; a restored machine makes
a new one) and anything that is still being written.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from provision.context import Context
from provision.errors import Refused
from provision.ledger.reading import LedgerReader

#: Folders of the home that each set may hold; ``config`` is put where the operator says.
PLACES = {
    "data": frozenset(
        {"ledger", "access", "portal", "store", "releases", "previews", "outbox", "staging", "published", "config"}
    ),
    "vault": frozenset({"vault", "portal"}),
}
#: Keys that a restored vault needs. They make tokens, marks and fingerprints and encrypt nothing. The key of the
#: register of vetoes is not among them: it opens with the operator's own key, too (`persons.register.reopen`).
LASTING = ("link-", "claim-", "known-values", "landing-marks", "acknowledgement")
#: Spelt in pieces, so that this file can be saved, too.
_SECRETS = (b"AGE-SECRET-" + b"KEY-1", b"PRIVATE " + b"KEY-----", b"PGP PRIVATE " + b"KEY BLOCK")


@dataclass(frozen=True)
class Unit:
    """A piece that is saved whole: where each file lies, and its place below the home of the machine to be."""

    name: str
    files: tuple[tuple[Path, str], ...]

    def mark(self, key: str) -> str:
        """What changes when any file of it does (names, sizes and times, as rsync looks at them), or the key that
        it is sealed to; 32 hex digits."""
        seen = [(place, path.stat()) for path, place in self.files]
        listed = "\n".join(f"{place}\x1f{stat.st_size}\x1f{stat.st_mtime_ns}" for place, stat in seen)
        return hashlib.sha256(f"{key}\n{self.name}\n{listed}".encode()).hexdigest()[:32]


def unit(name: str, folder: Path, only: Iterable[Path] | None = None) -> Iterator[Unit]:
    """The files below `folder` (or `only` these of it) as one unit, put back below `name`; none where it is empty.

    Hidden files and folders are work in progress. `Refused` for a link: what it leads to may be anything.
    """
    found = []
    for path in sorted(folder.rglob("*") if only is None else only):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts):
            continue
        if path.is_symlink():
            raise Refused("a link is not saved", where=name, rule="backup.link", remedy="put the file itself there")
        if path.is_file():
            found.append((path, f"{name}/{relative.as_posix()}"))
    if found:
        yield Unit(name, tuple(found))


def data_units(ctx: Context, log: LedgerReader, scratch: Path) -> Iterator[Unit]:
    """The set ``data`` as of the copied log, which says what there is: what came after it waits for the next run."""
    yield from unit("ledger", log.path.parent)
    for zone in ("access", "portal"):
        yield from _databases(zone, ctx.zones.home / zone, scratch / zone)
    yield from _configuration(ctx.config_folder)
    yield from _batches(ctx, log)
    for release in _ids(log, "release.drafted", "release"):
        folder = ctx.zones.home / "releases" / release
        yield from unit(f"releases/{release}", folder, [folder / "verdict.json", *(folder / "made").rglob("*")])
    for order in _ids(log, "delivery.ordered", "delivery"):
        yield from _sealed(ctx, log, order)
        yield from unit(f"staging/{order}", ctx.zones.staging() / order)
    for zone in ("previews", "published"):
        yield from unit(zone, ctx.zones.home / zone)


def vault_units(ctx: Context, scratch: Path) -> Iterator[Unit]:
    """The set ``vault``: databases as of one moment each (copied to `scratch`), fingerprints, who was in releases, the
    register of vetoes (sealed; its key stays out), `LASTING` keys, and the portal's key (not beside its database)."""
    vault = ctx.zones.vault()
    yield from _databases("vault", vault, scratch / "vault")
    for name, kind in (("known_values", "*.npy"), ("presences", "*.parquet"), ("register", "*.age")):
        for path in sorted((vault / name).glob(kind)):
            yield from unit(f"vault/{name}", vault / name, [path])
    keys = vault / "keys"
    yield from unit("vault/keys", keys, [path for path in sorted(keys.glob("*.key")) if path.stem.startswith(LASTING)])
    yield from unit("portal/keys", ctx.zones.home / "portal" / "keys")


def _databases(name: str, folder: Path, scratch: Path) -> Iterator[Unit]:
    """Every database of a folder, each as of one moment."""
    for database in sorted(folder.glob("*.db")):
        scratch.mkdir(mode=0o700, exist_ok=True)
        _copy_database(database, scratch / database.name)
        yield from unit(name, scratch, [scratch / database.name])


def _configuration(folder: Path) -> Iterator[Unit]:
    """The configuration. `Refused` where somebody put a private key into it: a set must not hold what opens it."""
    for found in unit("config", folder):
        for path, place in found.files:
            content = path.read_bytes()
            if any(secret in content for secret in _SECRETS):
                raise Refused(
                    "a private key lies in the configuration", where=place, rule="backup.secret",
                    remedy="take it out (and make a new pair: this one was readable by everybody who reads config/)",
                )  # fmt: skip
        yield found


def _batches(ctx: Context, log: LedgerReader) -> Iterator[Unit]:
    """Every accepted batch. `Refused` where the store lacks one and the log does not say why: then the store is
    damaged, and the older copy must stay."""
    for entry in log.entries(type="batch.accepted"):
        batch, source = entry.subjects["batch"], entry.subjects["source"]
        datasets = ctx.store.datasets(source, batch)
        if not datasets and not removed(log, batch):
            raise Refused(
                f"the store lacks batch {batch}, which the log accepted and nobody removed", where="store",
                rule="backup.store", remedy="restore the store first; the last backup was left as it is",
            )  # fmt: skip
        for dataset in datasets:
            name = f"store/{dataset}/{source}/{batch}"
            yield from unit(name, ctx.zones.home / name)


def removed(log: LedgerReader, batch: str) -> bool:
    """Whether the log says that a batch was taken out of the store again (``store.…`` about the batch)."""
    return any(entry.type.startswith("store.") for entry in log.entries(kind="batch", subject=batch))


def _sealed(ctx: Context, log: LedgerReader, order: str) -> Iterator[Unit]:
    """Ciphertext and envelope of an order, as sealed last. Half of them is nothing: they are sealed anew then."""
    folder = ctx.zones.home / "outbox" / order
    entries = list(log.entries(type="delivery.sealed", kind="delivery", subject=order))
    files = [folder / Path(item["name"]).name for entry in entries[-1:] for item in entry.payload["files"]]
    if files and all(path.is_file() for path in files):
        yield from unit(f"outbox/{order}", folder, files)


def _ids(log: LedgerReader, type: str, kind: str) -> list[str]:
    return list(dict.fromkeys(entry.subjects[kind] for entry in log.entries(type=type)))


def _copy_database(path: Path, target: Path) -> None:
    """One whole moment of a database that others go on writing, as one file (no write-ahead log beside it)."""
    target.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=60)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("pragma journal_mode=delete")


def copy_of_log(ctx: Context, folder: Path) -> Path:
    """The log, its checkpoints and its public keys as of one moment; gives the copied database."""
    from provision.ledger.copying import copy

    path = copy(ctx.ledger, folder)
    public = ctx.zones.ledger().parent / "log.vkey"
    if public.exists():
        shutil.copy(public, folder)
    return path
