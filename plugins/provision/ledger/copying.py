"""A copy of the log for auditors and backups: one whole moment of it, also while others go on appending."""

from __future__ import annotations

import os
from pathlib import Path

from provision.errors import FixConfiguration
from provision.ledger.checkpoints import CheckpointFolder
from provision.ledger.reading import LedgerReader


def copy(ledger: LedgerReader, folder: Path) -> Path:
    """Copy database and checkpoints into the new `folder`; gives the copied database, to be verified there.

    The copy is one file complete by itself (no write-ahead log beside it), so it can be burned or sent. Raises
    `FixConfiguration` where `folder` is there already.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise FixConfiguration(
            "a copy of the ledger is never put over something else",
            where=folder.name,
            rule="ledger.copy",
            remedy="name a folder that is not there yet",
        ) from None
    path = folder / ledger.path.name
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    ledger.copy_into(path)
    with LedgerReader.read(path) as copied:
        size = copied.size
    _copy_checkpoints(ledger.folder, CheckpointFolder.beside(path), size)
    return path


def _copy_checkpoints(source: CheckpointFolder, target: CheckpointFolder, size: int) -> None:
    """Those of the copied entries. A newer one was made after the copy and would look like a rollback."""
    for signed in source.sizes():
        leaves = source.leaves(signed)
        if signed <= size and leaves is not None:
            target.write(signed, source.note(signed), leaves)
        elif signed <= size:
            target.replace_note(signed, source.note(signed))
