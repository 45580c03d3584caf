"""Every key of the platform behind one small interface: one file each in the vault zone, readable by the owner only.

In production each file is wrapped by a key service (`wrapping`); on single machines it is plain. Destroying a file is
destroying what it encrypts: nothing else holds a copy.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pyrage

from provision import wrapping as wrapped
from provision.errors import Refused
from provision.wrapping import Wrapping

#: Name of the log's signing key.
SIGNING = "ledger-signing"
#: Entry type: a key was made anew.
ROTATED = "platform.key_rotated"


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
    """One file per key below `folder`, wrapped by a key service where one is given."""

    def __init__(self, folder: Path, wrapping: Wrapping | None = None) -> None:
        self.folder, self.wrapping = folder, wrapping
        self._open: dict[str, tuple[bytes, bytes]] = {}  # name -> file and secret: a service is asked once

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

    def names(self) -> list[str]:
        """Every key that is there, in order of name."""
        return sorted(path.stem for path in self.folder.glob("*.key"))

    def sealed(self, name: str, secret: bytes) -> bytes:
        """What is written into the file of a key that a library makes itself (the log's signing key)."""
        return wrapped.to_file(self.wrapping, name, secret)

    def is_plain(self, content: bytes) -> bool:
        """Whether a key file's contents are a secret in clear."""
        return not content.startswith(wrapped.MAGIC)

    def opened(self, name: str, content: bytes) -> bytes:
        """The secret in a file's contents."""
        kept = self._open.get(name)
        if kept is None or kept[0] != content:
            kept = self._open[name] = (content, wrapped.from_file(self.wrapping, name, content))
        return kept[1]

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
            return pyrage.x25519.Identity.from_str(self._read(name))
        except FileNotFoundError:
            raise Refused(
                f"the key {name} is not there", rule="keys.missing", remedy="what it encrypted has been destroyed"
            ) from None

    def destroy(self, name: str) -> bool:
        """Overwrite, then unlink. The overwriting is best effort: on copy-on-write disks only unlinking counts. What a
        process left that died while it made the key goes too: it may be a copy."""
        self._open.pop(name, None)
        for unfinished in self.folder.glob(f"{name}.*.tmp"):
            erase(unfinished)
        return erase(self.path(name))

    def _read(self, name: str) -> str:
        return self.opened(name, self.path(name).read_bytes()).decode()

    def _get_or_make(self, name: str, make: Callable[[], str]) -> str:
        path = self.path(name)
        if not path.exists():
            content = self.sealed(name, make().encode())
            temporary = self.folder / f"{name}.{os.getpid()}.{secrets.token_hex(4)}.tmp"
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)  # fails where another process was first: its key stands
            except FileExistsError:
                pass
            finally:
                os.unlink(temporary)
        return self._read(name)


def erase(path: Path) -> bool:
    """Overwrite a file and unlink it, as far as the disk allows. False where there is nothing."""
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
    return Path(apart) if apart else keys.path(SIGNING)
