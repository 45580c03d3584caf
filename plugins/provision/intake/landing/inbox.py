"""受領フォルダ: drops in a folder of ours, ``landing/inbox/<source>/<drop>/``. Links are left alone."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from provision.intake.landing.base import MARKER, TAKEN, Drop, Item, Landing, Listing, changed


@contextmanager
def opened(folder: Path) -> Iterator[Landing]:
    """The landing in `folder`."""
    yield Inbox(folder)


@dataclass(frozen=True)
class Inbox:
    """See `base.Landing`."""

    folder: Path

    @property
    def keeps(self) -> bool:
        """Never: in our own folder people would lie in clear."""
        return False

    def look(self) -> None:
        """See `base.Landing`."""
        next(self.folder.iterdir(), None)

    def drops(self) -> list[Drop]:
        """See `base.Landing`."""
        for taken in self.folder.glob(f"{TAKEN}*"):
            shutil.rmtree(taken)
        folders = [f for f in sorted(self.folder.iterdir()) if f.is_dir() and not f.is_symlink()]
        listed = [(folder, _listing(folder)) for folder in folders if (folder / MARKER).is_file()]
        return [InboxDrop(folder, listing) for folder, listing in listed if listing is not None]


@dataclass(frozen=True)
class InboxDrop:
    """See `base.Drop`."""

    folder: Path
    listing: Listing

    @contextmanager
    def open(self, item: Item) -> Iterator[BinaryIO]:
        """See `base.Drop`."""
        try:
            descriptor = os.open(self.folder / item.name, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                raise changed() from None
            raise
        with os.fdopen(descriptor, "rb") as stream:
            before = _stamp(os.fstat(descriptor))
            yield stream
            if {before, _stamp(os.fstat(descriptor))} != {item.stamp}:
                raise changed()

    def again(self) -> InboxDrop | None:
        """See `base.Drop`."""
        listing = _listing(self.folder)
        return None if listing is None else replace(self, listing=listing)

    def take_away(self) -> None:
        """See `base.Drop`."""
        taken = self.folder.with_name(f"{TAKEN}{secrets.token_hex(8)}")
        os.rename(self.folder, taken)
        shutil.rmtree(taken)


def _listing(folder: Path) -> Listing | None:
    try:
        return Listing.of(folder.name, _items(folder, ""))
    except (FileNotFoundError, NotADirectoryError):  # it is being taken away: no drop, or another one the next time
        return None


def _items(folder: Path, below: str) -> Iterator[Item]:
    """The files in a folder and in the folders in it; links are left alone."""
    with os.scandir(folder / below) as entries:
        for entry in entries:
            name = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _items(folder, f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield Item(name, _stamp(entry.stat(follow_symlinks=False)))


def _stamp(status: os.stat_result) -> str:
    """Every write and every replacement changes the times."""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"
