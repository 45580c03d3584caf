"""OpenPGP (RFC 4880), for partners who insist: the program ``gpg`` in a key ring of its own, which is gone afterwards.

gpg is a separate process. It gets exactly the confirmed key and the operator's, no configuration, no agent, no network.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from provision.errors import FixConfiguration, RetryLater
from provision.model import AgeKey, OpenPgpKey, Platform
from provision.packaging.encryption._openpgp_keys import end, fault
from provision.packaging.encryption.base import Written

_BLOCK = 1 << 16


@dataclass(frozen=True)
class OpenPgp:
    """AES-256 to the encryption subkeys of the given keys; not signed: who made it is proved by the envelope."""

    kind: str = "openpgp"
    ending: str = ".gpg"

    def escrow(self, platform: Platform) -> AgeKey | OpenPgpKey:
        """`escrow_openpgp` of config/platform.yaml."""
        if platform.escrow_openpgp is None:
            raise _unfit("a recipient has an OpenPGP key, the operator has none", "platform.yaml: escrow_openpgp", _ADD)
        return platform.escrow_openpgp

    def check(self, key: AgeKey | OpenPgpKey) -> None:
        """Refuse a key that is not the confirmed one, or that nobody should encrypt to."""
        with _ring([key]):
            pass

    def encrypt(self, plain: BinaryIO, cipher: Written, keys: Sequence[AgeKey | OpenPgpKey]) -> None:
        """Encrypt through gpg. `RetryLater` where gpg did not end well."""
        with _ring(keys) as home:
            command = [*_gpg(home), "--trust-model", "always", "--no-encrypt-to", "--compress-algo", "none"]
            command += ["--cipher-algo", "AES256", *(word for key in keys for word in ("--recipient", key.identity))]
            code = _through([*command, "--encrypt"], plain, cipher)
        if code:
            raise RetryLater("gpg ended with an error", rule="encryption.gpg", remedy="look at the disk, then again")


def end_of(key: OpenPgpKey) -> int:
    """When a key runs out, in seconds since 1970; 0 for never, or where gpg does not read it."""
    with tempfile.TemporaryDirectory(prefix="tokumei-gpg-") as folder:
        return end(_run([*_gpg(Path(folder)), "--with-colons", "--show-keys"], key.key.encode()) or "")


@contextmanager
def _ring(keys: Sequence[AgeKey | OpenPgpKey]) -> Iterator[Path]:
    """A key ring with exactly these keys, each looked at; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="tokumei-gpg-") as folder:
        home = Path(folder)
        for key in keys:
            _import(home, key)
        yield home


def _import(home: Path, key: AgeKey | OpenPgpKey) -> None:
    shown = _run([*_gpg(home), "--with-colons", "--show-keys"], key.key.encode())
    what = "it is no public key block" if shown is None else fault(shown, key.identity)
    if what:
        raise _unfit(what, "encryption.key", "ask the recipient for another key, and confirm its fingerprint")
    if _run([*_gpg(home), "--import"], key.key.encode()) is None:
        raise _unfit("gpg does not take it", "encryption.key", "ask the recipient to export the key again")


def _through(command: list[str], plain: BinaryIO, cipher: Written) -> int:
    """How the program ended that reads `plain` and whose output is written to `cipher`."""
    with subprocess.Popen(command, stdin=plain, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        try:
            while block := cast(BinaryIO, program.stdout).read(_BLOCK):
                cipher.write(block)
        except BaseException:
            program.kill()
            raise
    return program.returncode


def _run(command: list[str], given: bytes) -> str | None:
    ended = subprocess.run(command, input=given, capture_output=True, check=False, timeout=120)
    return ended.stdout.decode("utf-8", "replace") if ended.returncode == 0 else None


def _gpg(home: Path) -> list[str]:
    program = shutil.which("gpg")
    if program is None:
        raise _unfit("the program gpg is not installed", "OpenPGP", "apt-get install gnupg")
    alone = ("--no-options", "--batch", "--no-tty", "--no-autostart", "--no-auto-key-locate", "--no-auto-key-retrieve")
    return [program, "--homedir", str(home), *alone]


_ADD = "make a key for the operator, add it with its fingerprint, and keep its secret part where no server is"


def _unfit(what: str, where: str, remedy: str) -> FixConfiguration:
    return FixConfiguration(what, where=where, rule="encryption.key", remedy=remedy)


SCHEME = OpenPgp()
