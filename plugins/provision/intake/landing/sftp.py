"""SFTP: drops in a folder of an SFTP server, ``<directory>/<drop>/…``, fetched into the seal and nowhere else.

The server's host key is pinned in the connection, as for handing over. Links are left alone.
"""

from __future__ import annotations

import io
import posixpath
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from provision.connections import Resolver
from provision.errors import FixConfiguration
from provision.intake.landing.base import TAKEN, Drop, Item, Landing, Listing, changed
from provision.model import SftpLanding
from provision.remote.quiet import quiet
from provision.remote.ssh import session, translated

if TYPE_CHECKING:
    from paramiko import SFTPAttributes, SFTPClient, SFTPFile

_AHEAD = 64  # blocks of 32 KiB asked for before they are needed
_DEEPEST = 20  # folders in folders


@contextmanager
def opened(settings: SftpLanding, resolver: Resolver) -> Iterator[Landing]:
    """The landing on a server. `FixConfiguration`, `RetryLater`: see `remote.ssh`."""
    credentials = resolver.get(settings.connection)
    with quiet("paramiko"), session(credentials, settings.connection) as line:
        yield Sftp(line.client, settings, f"connection {settings.connection}")


@dataclass(frozen=True)
class Sftp:
    """See `base.Landing`."""

    client: SFTPClient
    settings: SftpLanding
    where: str

    @property
    def keeps(self) -> bool:
        """As configured."""
        return self.settings.after == "keep"

    def look(self) -> None:
        """See `base.Landing`."""
        with translated(self.where):
            for _ in self.entries(""):
                return

    def drops(self) -> list[Drop]:
        """See `base.Landing`."""
        with translated(self.where):
            folders = [e.filename for e in self.entries("") if stat.S_ISDIR(e.st_mode or 0)]
            for folder in folders:
                if folder.startswith(TAKEN) and not self.keeps:
                    self.remove(folder)
            found = {folder: self.found(folder) for folder in folders if not folder.startswith(TAKEN)}
        listed = [Listing.of(folder, items) for folder, items in sorted(found.items())]
        return [SftpDrop(self, listing) for listing in listed if listing is not None]

    def found(self, folder: str, below: str = "", depth: int = 0) -> list[Item]:
        """Every file of a drop."""
        items: list[Item] = []
        for entry in self.entries(posixpath.join(folder, below)):
            name, mode = posixpath.join(below, entry.filename), entry.st_mode or 0
            if stat.S_ISDIR(mode) and depth < _DEEPEST:
                items += self.found(folder, name, depth + 1)
            elif stat.S_ISREG(mode):
                items.append(Item(name, _stamp(entry)))
        return items

    def entries(self, folder: str) -> list[SFTPAttributes]:
        """What lies in a folder below the directory."""
        try:
            return self.client.listdir_attr(self.path(folder))
        except UnicodeDecodeError:
            what, remedy = "a name on the server is not UTF-8", "ask the sender for other names, or for a zip"
            raise FixConfiguration(what, where=self.where, rule="sftp.names", remedy=remedy) from None

    def remove(self, folder: str) -> None:
        """Remove a folder with everything in it."""
        for entry in self.entries(folder):
            below = posixpath.join(folder, entry.filename)
            if stat.S_ISDIR(entry.st_mode or 0):
                self.remove(below)
            else:
                self.client.remove(self.path(below))
        self.client.rmdir(self.path(folder))

    def path(self, *parts: str) -> str:
        """A path on the server."""
        return posixpath.join(self.settings.directory, *parts)


def _stamp(entry: SFTPAttributes) -> str:
    return f"{entry.st_size}:{entry.st_mtime}"


@dataclass(frozen=True)
class SftpDrop:
    """See `base.Drop`."""

    landing: Sftp
    listing: Listing

    @contextmanager
    def open(self, item: Item) -> Iterator[BinaryIO]:
        """See `base.Drop`."""
        with translated(self.landing.where):
            try:
                file = self.landing.client.open(self.landing.path(self.listing.folder, item.name), "rb")
            except FileNotFoundError:
                raise changed() from None
            status = file.stat()
            if _stamp(status) != item.stamp:
                raise changed()
            file.prefetch(status.st_size, _AHEAD)
        try:
            yield cast(BinaryIO, _Remote(file, self.landing.where, status.st_size or 0))
        finally:
            with translated(self.landing.where):
                file.close()

    def again(self) -> SftpDrop | None:
        """See `base.Drop`."""
        with translated(self.landing.where):
            try:
                found = self.landing.found(self.listing.folder)
            except FileNotFoundError:
                return None
        listing = Listing.of(self.listing.folder, found)
        return None if listing is None else replace(self, listing=listing)

    def take_away(self) -> None:
        """See `base.Drop`."""
        with translated(self.landing.where):
            taken = f"{TAKEN}{secrets.token_hex(8)}"
            self.landing.client.rename(self.landing.path(self.listing.folder), self.landing.path(taken))
            self.landing.remove(taken)


class _Remote(io.RawIOBase):
    """A file on the server, to its listed size. A line that breaks is told as such, and is no damaged file."""

    def __init__(self, file: SFTPFile, where: str, size: int) -> None:
        super().__init__()
        self.file, self.where, self.left = file, where, size

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        with translated(self.where):
            block = self.file.read(wanted) if wanted else b""
        if wanted and not block:
            raise changed()  # it became shorter
        self.left -= len(block)
        return block
