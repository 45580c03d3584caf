"""隔離からの除去: single files and records leave quarantine before their day; the rest of the batch stays.

What opens a file goes first, so that the rest of it is noise even where the disk keeps a copy. The log says first what
goes, by numbers of files, and under which reference; a run that died is run again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

import pyrage

from provision.context import Context
from provision.errors import Refused
from provision.intake import ageheader, looking
from provision.intake.quarantine import key_name, records_name, seal_records
from provision.intake.sealed import OWN_HEADER, manifest, write_manifest
from provision.keys import erase
from provision.retention.received import Quarantine
from provision.store import flush

REMOVED = "quarantine.removed"


def remove(
    ctx: Context, batch: str, files: Collection[int], records: Mapping[int, Collection[int]] | None = None,
    *, reference: str, actor: str, key: str | None = None,
) -> None:  # fmt: skip
    """Remove whole files with what is kept of them, and records of others, by the numbers they had in their file.
    Where nothing is left the batch's quarantine ends. Twice is once; `key` makes one entry of two runs."""
    due = next((due for due in Quarantine().due(ctx) if due.subject == batch), None)
    if due is None:
        return
    some = records or {}
    ctx.ledger.append(
        REMOVED, actor=actor, key=key, subjects={"batch": batch, "source": due.source},
        payload={"files": ranges(files), "records": sum(map(len, some.values())), "reference": reference},
    )  # fmt: skip
    folder = ctx.zones.quarantine() / batch
    if ctx.keys.exists(key_name(batch)) and folder.is_dir():
        for number in files:
            _noise(folder / f"{number:04d}.age")
            _noise(folder / records_name(number))
        for number, places in some.items():
            _without(ctx, batch, number, places)
        _names(folder, ctx.keys.identity(key_name(batch)))
    if not any(folder.glob("[0-9]*.age")):
        Quarantine().end(ctx, due, actor)


def require_kept(ctx: Context, batch: str, files: Collection[int]) -> None:
    """`Refused` where quarantine keeps nothing of one of these files."""
    folder = ctx.zones.quarantine() / batch
    for number in files:
        if not any((folder / name).is_file() for name in (f"{number:04d}.age", records_name(number))):
            raise looking.nothing(f"{batch}, file {number}")


def ranges(numbers: Collection[int]) -> str:
    """1, 2, 3, 7 as ``1-3, 7``: an entry of the log has room for the numbers of any batch."""
    told, ordered = list[list[int]](), sorted(set(numbers))
    for number in ordered:
        if told and number == told[-1][1] + 1:
            told[-1][1] = number
        else:
            told.append([number, number])
    return ", ".join(str(one) if one == last else f"{one}-{last}" for one, last in told)


def _noise(sealed: Path) -> None:
    """Without its header nobody opens a sealed file. One that lies beside it is for our key; the one it begins with was
    for a key that is destroyed, and its bytes may be another folder's, too (a link)."""
    if not erase(sealed.with_suffix(OWN_HEADER)) and sealed.exists():
        with sealed.open("r+b") as file:
            file.write(b"\0" * min(ageheader.HEADER_BYTES, sealed.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    sealed.unlink(missing_ok=True)


def _without(ctx: Context, batch: str, number: int, places: Collection[int]) -> None:
    """Seal the other records of a file anew; what held all of them goes."""
    path = ctx.zones.quarantine() / batch / records_name(number)
    before = path.with_suffix(".before")
    if before.exists():  # of a run that died
        os.replace(before, path)
    if not path.exists():
        return
    left = [one for one in looking.held_records(ctx, batch, number) if one.record not in places]
    os.rename(path, before)
    if left:
        seal_records(path, left, ctx.keys.create_identity(key_name(batch)))
    erase(before)


def _names(folder: Path, identity: pyrage.x25519.Identity) -> None:
    """The sender's names of files that are there."""
    making = folder / ".names"
    making.mkdir(mode=0o700, exist_ok=True)
    kept = (
        item
        for item in manifest(folder, identity)
        if (folder / item.sealed_name()).exists() or (folder / records_name(item.number)).exists()
    )
    try:
        write_manifest(making, kept, identity.to_public())
        os.replace(making / "manifest.age", folder / "manifest.age")
    except Refused:  # the list is damaged: nobody reads a name in it
        pass
    shutil.rmtree(making)
    flush(folder)
