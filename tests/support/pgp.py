"""OpenPGP keys of fictitious partners, made by gpg in a folder of the test."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from provision.model import OpenPgpKey


@dataclass(frozen=True)
class Keeper:
    """Somebody with a key ring, such as a partner."""

    home: Path

    def gpg(self, *words: str, given: bytes = b"") -> bytes:
        """Run gpg with this ring."""
        command = ["gpg", "--homedir", str(self.home), "--batch", "--no-tty", "--passphrase", "", *words]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout

    def key(self, name: str) -> OpenPgpKey:
        """The public key called `name`, confirmed."""
        listed = self.gpg("--with-colons", "--list-keys", name).decode().splitlines()
        fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr:"))
        return confirmed(self.gpg("--armor", "--export", fingerprint).decode(), fingerprint)

    def close(self) -> None:
        """End the agent that gpg started for secret keys."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False, capture_output=True)


def keeper(home: Path) -> Keeper:
    """A new, empty ring."""
    home.mkdir(mode=0o700)
    return Keeper(home)


def confirmed(block: str, fingerprint: str) -> OpenPgpKey:
    """A key as it stands in the configuration."""
    return OpenPgpKey(
        kind="openpgp", key=block, fingerprint=fingerprint, confirmed_on=date(2026, 4, 1), confirmed_by="data-team"
    )
