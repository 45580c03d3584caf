"""Every key of the platform behind one small interface; the file implementation for development and single machines.

Keys live in the vault zone, one file each, readable by the owner only. Destroying a file is destroying what it
encrypts: nothing else holds a copy.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Protocol

import pyrage

from provision.errors import Refused


class Keys(Protocol):
    """What the rooms need keys for."""

    def symmetric(self, name: str) -> bytes:
        """32 random bytes kept under `name`, made when first asked for (link key, fingerprint key)."""

    def create_identity(self, name: str) -> pyrage.x25519.Recipient:
        """A fresh age identity kept under `name`, or the one already there; gives its public part."""

    def adopt_identity(self, name: str, identity: pyrage.x25519.Identity) -> None:
        """Keep an age identity that was in memory only under `name`, instead of any that is there."""

    def identity(self, name: str) -> pyrage.x25519.Identity:
        """The age identity `name`; `Refused` where it was destroyed or never made."""

    def destroy(self, name: str) -> bool:
        """Destroy the key `name`. True where there was one. Twice is harmless."""

    def exists(self, name: str) -> bool:
        """Whether the key `name` is there."""

    def path(self, name: str) -> Path:
        """Where a key that a library reads itself lies (the ledger's signing key)."""


class FileKeys:
    """One file per key below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The key's file; the folder is made with owner-only permissions."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder / f"{name}.key"

    def exists(self, name: str) -> bool:
        """Whether the key's file is there."""
        return self.path(name).exists()

    def symmetric(self, name: str) -> bytes:
        """32 bytes; see `Keys`."""
        return bytes.fromhex(self._get_or_make(name, lambda: secrets.token_hex(32)))

    def create_identity(self, name: str) -> pyrage.x25519.Recipient:
        """See `Keys`."""
        text = self._get_or_make(name, lambda: str(pyrage.x25519.Identity.generate()))
        return pyrage.x25519.Identity.from_str(text).to_public()

    def adopt_identity(self, name: str, identity: pyrage.x25519.Identity) -> None:
        """See `Keys`. What the one that was there encrypted is noise from now on."""
        self.destroy(name)
        self._get_or_make(name, lambda: str(identity))

    def identity(self, name: str) -> pyrage.x25519.Identity:
        """See `Keys`."""
        try:
            return pyrage.x25519.Identity.from_str(self.path(name).read_text())
        except FileNotFoundError:
            raise Refused(
                f"the key {name} is not there", rule="keys.missing", remedy="what it encrypted has been destroyed"
            ) from None

    def destroy(self, name: str) -> bool:
        """Overwrite, then unlink. The overwriting is best effort: on copy-on-write disks only unlinking counts. What a
        process left that died while it made the key goes too: it may be a copy."""
        for unfinished in self.folder.glob(f"{name}.*.tmp"):
            _erase(unfinished)
        return _erase(self.path(name))

    def _get_or_make(self, name: str, make: object) -> str:
        path = self.path(name)
        if not path.exists():
            temporary = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}.tmp")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(make())  # type: ignore[operator]
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)  # fails where another process was first: its key stands
            except FileExistsError:
                pass
            finally:
                os.unlink(temporary)
        return path.read_text()


def _erase(path: Path) -> bool:
    """False where there is nothing."""
    try:
        with path.open("r+b") as file:
            file.write(b"\0" * path.stat().st_size)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def signing_key_path(keys: Keys) -> Path:
    """Where the ledger's signing key lies: ``$TOKUMEI_SIGNING_KEY``, so that it can be kept apart from everything that
    writes entries (another mount, another account), else among the other keys."""
    apart = os.environ.get("TOKUMEI_SIGNING_KEY")
    return Path(apart) if apart else keys.path("ledger-signing")
