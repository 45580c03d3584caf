"""Whether what a set holds is what its list and its log say, before it gets its place, and afterwards by command."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from provision.backup.manifest import Manifest
from provision.backup.units import removed
from provision.context import Context
from provision.errors import LedgerBroken, Refused
from provision.ledger.places import place_of
from provision.ledger.reading import LedgerReader
from provision.ledger.verify import verify
from provision.packaging.bag import bag_digest


def log(path: Path, found: Manifest, log_keys: str) -> None:
    """`LedgerBroken` where the log of a set does not verify or is not the one of its list."""
    checked = verify(path, public_key=log_keys)
    if not checked.ok or (checked.size, checked.root_hex) != (found.size, found.root):
        what = checked.problems[0].what if checked.problems else "it is not the log that the backup's list names"
        raise LedgerBroken(
            f"the log in the backup does not verify: {what}",
            rule="restore.ledger",
            remedy="take another copy of the backup",
        )


def covers(home: Path, found: Manifest) -> None:
    """`Refused` where a vault is older than data that is here: people in it would have no identity, and be counted as
    strangers to themselves."""
    with LedgerReader.read(home / "ledger" / "ledger.db") as reader:
        last = max((entry.seq for entry in reader.entries(type="batch.accepted")), default=-1)
    if found.size <= last:
        raise Refused(
            "this vault was saved before a batch of the store was taken in", where="vault", rule="restore.vault",
            remedy="take the vault's newest backup; always save the vault after the data",
        )  # fmt: skip


def problems(ctx: Context) -> list[str]:
    """What of the store and of releases is not as the log says; empty where all is. Reads every made payload."""
    found = [f"store: batch {batch}: {what}" for batch, what in _batches(ctx)]
    for entry in ctx.ledger.entries(type="release.made"):
        folder = ctx.zones.home / "releases" / entry.subjects["release"] / "made" / "bag"
        if folder.is_dir() and bag_digest(folder) != entry.payload["digest"]:
            found.append(f"releases: {entry.subjects['release']}: the payload is not the one that the log names")
    return found


def _batches(ctx: Context) -> list[tuple[str, str]]:
    found = []
    with closing(LedgerReader.read(place_of(ctx.zones))) as reader:
        erased = any(True for _ in reader.entries(type="request.done", limit=1))  # then batches may have fewer rows
        for entry in reader.entries(type="batch.accepted"):
            batch, source = entry.subjects["batch"], entry.subjects["source"]
            if removed(reader, batch):
                continue
            if not ctx.store.datasets(source, batch):
                found.append((batch, "it is missing"))
            else:
                rows, taken = _rows(ctx, source, batch), int(entry.payload["rows_out"])
                if rows != taken and not (erased and 0 <= rows < taken):
                    found.append((batch, "it has another number of rows"))
    return found


def _rows(ctx: Context, source: str, batch: str) -> int:
    """Rows of a batch over all its tables, from the files' own footers; -1 where one cannot be read."""
    total = 0
    for dataset in ctx.store.datasets(source, batch):
        folder: Any = ctx.zones.store() / dataset / source / batch
        for path in sorted(folder.glob("*/*.parquet")):
            try:
                total += pl.scan_parquet(path).select(pl.len()).collect().item()
            except (pl.exceptions.PolarsError, OSError):
                return -1
    return total
