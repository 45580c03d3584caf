"""領域: every zone is there, ours, written by us and read by nobody else, with room."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from provision.context import Context
from provision.doctor.finding import Finding

ZONES = ("landing", "quarantine", "vault", "store", "releases", "previews", "outbox", "staging", "published", "portal",
         "access", "ledger")  # fmt: skip
#: Bytes free below which a zone is in trouble, and below which somebody should look.
LEAST, LITTLE = 1 << 30, 10 << 30


def check(ctx: Context) -> Iterator[Finding]:
    """One answer a zone; of the inboxes, which people make by hand, their rights."""
    for name in ZONES:
        yield from _zone(name, ctx.zones.home / name)
    for inbox in sorted((ctx.zones.home / "landing" / "inbox").glob("*")):
        yield from _private(f"landing/inbox/{inbox.name}", inbox, 0o007)  # a sender's group may put drops into it


def _zone(name: str, folder: Path) -> Iterator[Finding]:
    if not folder.exists():
        yield Finding("good", "zones", name, "not there yet; made with mode 0700 when it is needed")
        return
    found = list(_private(name, folder))
    if folder.is_dir():
        found += [*_writable(name, folder), *_room(name, folder)]
    yield from found or [Finding("good", "zones", name, f"private, writable, {_free(folder) >> 30} GiB free")]


def _private(name: str, folder: Path, others: int = 0o077) -> Iterator[Finding]:
    state = folder.stat()
    if not stat.S_ISDIR(state.st_mode):
        yield Finding("fail", "zones", name, "it is no folder", "remove what is there, or mount the zone")
    elif state.st_mode & others:
        yield Finding(
            "fail", "zones", name, "others may enter it", "chmod 700 (an inbox: 730, with the sender's group)"
        )
    if state.st_uid != os.geteuid():
        yield Finding("warn", "zones", name, "it belongs to another account", "chown it to the account that runs")


def _writable(name: str, folder: Path) -> Iterator[Finding]:
    """By writing: a right is not all it takes (a read-only mount, a quota)."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        yield Finding(
            "fail", "zones", name, f"it cannot be written ({os.strerror(error.errno or 0)})", "mount it writable"
        )


def _room(name: str, folder: Path) -> Iterator[Finding]:
    free = _free(folder)
    if free < LITTLE:
        level = "fail" if free < LEAST else "warn"
        yield Finding(level, "zones", name, f"only {free >> 20} MiB are free", "make room or enlarge the disk")  # type: ignore[arg-type]


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


CHECK = check
