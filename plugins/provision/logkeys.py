"""署名鍵の系譜: the public keys that the log was signed with, the one in use first, each retired one with its end.

They lie beside the private key and not beside the log: whoever can write entries must not be able to name a key that
vouches for them. ``log.vkey`` beside the log is a copy for auditors.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from provision.databasefile import sync_folder
from provision.ledger.signing import Signer, Verifier


def retired(signing_key: Path) -> list[str]:
    """Lines of keys that signed before: ``<name>+<key id>+<base64> until <size of the log>``."""
    try:
        return signing_key.with_suffix(".retired").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def retire(signing_key: Path, publics: Iterable[str], size: int) -> None:
    """Note that these keys signed nothing after the log had `size` entries; one that was retired before, nothing after
    its own end."""
    lines = retired(signing_key)
    for verifier in map(Verifier.from_public, publics):
        lines = [line for line in lines if Verifier.from_public(line).raw != verifier.raw]
        until = size if verifier.until is None else min(size, verifier.until)
        lines.append(f"{verifier.public} until {until}")
    signing_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace(signing_key.with_suffix(".retired"), "".join(f"{line}\n" for line in lines))


def every(signing_key: Path, signer: Signer) -> str:
    """All keys that checkpoints of this log are believed by, one a line, the one in use first."""
    lines = [line for line in retired(signing_key) if Verifier.from_public(line).raw != signer.verifier.raw]
    return "".join(f"{line}\n" for line in (signer.public, *lines))


def replace(path: Path, text: str) -> None:
    """Write a small file whole or not at all (0600)."""

    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)
