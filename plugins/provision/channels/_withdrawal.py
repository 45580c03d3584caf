"""Taking a delivery back from a partner's SFTP server: remove what is there and allowed, leave a note for the rest."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from provision.channels.base import Consignment

if TYPE_CHECKING:
    from paramiko import SFTPClient


class Withdrawal:
    """One order's files below the agreed directory."""

    def __init__(self, client: SFTPClient, consignment: Consignment, directory: str) -> None:
        self.client = client
        self.folder = posixpath.join(directory, consignment.order)
        self.removed = self.kept = 0

    def run(self, note: str) -> dict[str, str | int]:
        """The marker goes first, so that nobody who waits for it begins to fetch; the note comes last."""
        for ending in (".done", ".done.part"):
            self._remove(self.folder + ending)
        try:
            names = self.client.listdir(self.folder)
        except FileNotFoundError:
            names = []
        for name in sorted(names):
            self._remove(posixpath.join(self.folder, name))
        if names and not self.kept:
            self.client.rmdir(self.folder)
        with self.client.open(f"{self.folder}.recalled.txt", "wb") as remote:
            remote.write(note.encode())
        return {"removed": self.removed, "not_allowed": self.kept, "told": "note on the server"}

    def _remove(self, path: str) -> None:
        try:
            self.client.remove(path)
            self.removed += 1
        except FileNotFoundError:
            pass  # the partner has taken it
        except PermissionError:
            self.kept += 1
