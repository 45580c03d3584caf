"""The key that signs checkpoints: Ed25519, a private PEM file for the signer, one line of text for everybody else.

The signing key should be held by a role that cannot write entries (see docs/ledger.md). Names, key ids and the
public form ``<name>+<key id>+<base64>`` follow C2SP signed-note (signature type 0x01).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from provision.errors import FixConfiguration

DEFAULT_NAME = "tokumei/provision-log"
ED25519 = b"\x01"


@dataclass(frozen=True)
class Verifier:
    """A public key with its name: checks signatures, signs nothing.

    `until` is the size of the log at which the key was retired; None for one in use. What it signed of a larger log
    came from somebody who should not have it any more.
    """

    name: str
    raw: bytes
    until: int | None = None

    #: Signature type of C2SP signed-note; another kind of key is another class.
    algorithm: ClassVar[bytes] = ED25519

    @classmethod
    def from_public(cls, text: str) -> Self:
        """Read ``<name>+<key id>+<base64>``, of a retired key with `` until <size>`` behind; `FixConfiguration` where
        it is not one or its id is not its own."""
        try:
            line, retired, size = text.strip().partition(" until ")
            name, key_id, encoded = line.split("+", 2)
            data = base64.b64decode(encoded, validate=True)
            found = cls(_checked_name(name), data[1:], int(size) if retired else None)
            if data[:1] != cls.algorithm or len(found.raw) != 32 or found.key_id.hex() != key_id:
                raise ValueError
            Ed25519PublicKey.from_public_bytes(found.raw)
        except (ValueError, binascii.Error):
            raise _bad_key("this is no public key of a log", "copy the whole line <name>+<id>+<base64>") from None
        return found

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256 over name, newline, type and key: names the key on a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.algorithm + self.raw).digest()[:4]

    @property
    def public(self) -> str:
        """The key as one line for configuration files and auditors."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self.algorithm + self.raw).decode()}"

    @property
    def line(self) -> str:
        """`public`, and of a retired key where it ended."""
        return self.public if self.until is None else f"{self.public} until {self.until}"

    def accepts(self, message: bytes, signature: bytes) -> bool:
        """True where `signature` is this key's Ed25519 signature (RFC 8032) of `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """The private key with its name. `repr` shows the public half only."""

    verifier: Verifier
    private: Ed25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def create(cls, path: Path, name: str = DEFAULT_NAME, seal: Callable[[bytes], bytes] = bytes) -> Signer:
        """Make a new key at `path` (0600); `FixConfiguration` where a file is there, because keys are never replaced.

        `seal` turns it into what is written (a key service's ciphertext). `name` becomes the origin line of every
        checkpoint; use one per log, such as ``example.co.jp/provision-log``.
        """
        private = Ed25519PrivateKey.generate()
        signer = cls._of(private, _checked_name(name))
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write_once(path, seal(f"Name: {name}\n\n".encode() + pem))
        return signer

    @classmethod
    def load(cls, path: Path, unseal: Callable[[bytes], bytes] = bytes) -> Signer:
        """Read a key made by `create`; `FixConfiguration` where it is missing, readable by others or no such key."""
        try:
            mode, data = path.stat().st_mode, path.read_bytes()
        except OSError:
            raise _bad_key("the signing key cannot be read", "create it or mount it", path) from None
        if mode & 0o027:
            raise _bad_key("others than the signer may use the signing key", f"chmod 600 {path.name}", path)
        data = unseal(data)
        try:
            heading = data.split(b"\n", 1)[0].decode()
            private = serialization.load_pem_private_key(data, None)
            if not heading.startswith("Name: ") or not isinstance(private, Ed25519PrivateKey):
                raise ValueError
            return cls._of(private, _checked_name(heading.removeprefix("Name: ")))
        except (ValueError, TypeError):
            raise _bad_key("this is no signing key of a log", "restore the file from its backup", path) from None

    @classmethod
    def _of(cls, private: Ed25519PrivateKey, name: str) -> Signer:
        return cls(Verifier(name, private.public_key().public_bytes_raw()), private)

    @property
    def name(self) -> str:
        """Key name, also the origin of the checkpoints this key signs."""
        return self.verifier.name

    @property
    def public(self) -> str:
        """The public half as one line, see `Verifier.public`."""
        return self.verifier.public

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature (64 bytes) of `message`."""
        return self.private.sign(message)


def _checked_name(name: str) -> str:
    """Key names are not empty and hold neither Unicode spaces, plus signs nor control characters."""
    if not name or not name.isprintable() or any(letter.isspace() or letter == "+" for letter in name):
        raise _bad_key("a key name is empty or has a space, a plus sign or a control character", "choose another")
    return name


def _write_once(path: Path, data: bytes) -> None:
    """Create `path` (0600) whole or not at all: written aside, then linked, which fails where a file is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(aside, path)
    except FileExistsError:
        raise _bad_key("there already is a signing key", "use it, or name another file", path) from None
    finally:
        aside.unlink()


def _bad_key(what: str, remedy: str, path: Path | None = None) -> FixConfiguration:
    return FixConfiguration(what, where=path.name if path else "", rule="ledger.key_file", remedy=remedy)
