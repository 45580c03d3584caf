"""受領フォルダ: how a drop that is sealed is taken away, so that dying in the middle does no harm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MARKER = "batch.yaml"
_TAKEN = ".batch.taken"  # what the marker is called from the moment the drop may be removed


def take_away(drop: Path) -> None:
    """Remove a drop that is sealed elsewhere and recorded. Its marker loses its name first and goes last: a task that
    dies in between leaves no smaller drop that looks ready, and the next one finds what is still to be removed."""
    taken = drop / _TAKEN
    if (drop / MARKER).exists():
        os.replace(drop / MARKER, taken)
    for path in drop.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != taken:
            path.unlink()
    taken.unlink(missing_ok=True)
    drop.rmdir()


def finish_removals(inbox: Path) -> None:
    """Take away what dead tasks had begun to remove."""
    for drop in inbox.iterdir():
        if drop.is_dir() and (drop / _TAKEN).is_file() and not (drop / MARKER).exists():
            take_away(drop)
