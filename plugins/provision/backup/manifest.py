"""The list of a set: what it holds and of which moment, signed with the log's key, sealed to the backup key.

Signed, because everybody can seal to a public key: without it whoever writes to the backup's place could put another
log and store there. Checked against the public key of the log that the operator keeps elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from provision.backup import Set
from provision.backup.sealing import Sealed, damaged
from provision.errors import Refused
from provision.ledger.signing import Signer, Verifier

FORMAT = 1
_DOMAIN = b"tokumei-backup-manifest/1\n"


@dataclass(frozen=True)
class Manifest:
    """`made_at` is UTC (ISO 8601), `size` and `root` (hex) are the log's, `units` name and sealed file, in order."""

    set: Set
    id: str
    made_at: str
    version: str
    size: int
    root: str
    units: tuple[tuple[str, Sealed], ...]

    def signed(self, signer: Signer) -> bytes:
        """The manifest with the log's signature."""
        body = {**asdict(self), "units": [{"name": name, **asdict(sealed)} for name, sealed in self.units]}
        text = json.dumps({"format": FORMAT, **body}, sort_keys=True)
        signature = base64.b64encode(signer.sign(_DOMAIN + text.encode())).decode()
        return json.dumps({"manifest": text, "key": signer.public, "signature": signature}).encode()


def read(data: bytes, keys: Sequence[Verifier], file: str) -> Manifest:
    """The manifest in `data`. `Refused` where none of `keys` signed it, or where it is of another version."""
    try:
        outer = json.loads(data)
        text, signature = outer["manifest"], base64.b64decode(outer["signature"], validate=True)
        signer = Verifier.from_public(outer["key"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise damaged(file) from None
    if not any(key.raw == signer.raw and key.name == signer.name for key in keys):
        raise _unsigned(file)
    if not signer.accepts(_DOMAIN + text.encode(), signature):
        raise _unsigned(file)
    return _of(json.loads(text), file)


def _of(said: Mapping[str, Any], file: str) -> Manifest:
    if said.get("format") != FORMAT:
        raise Refused(
            "the backup was written by another version", where=file, rule="backup.format",
            remedy="restore with the version that wrote it, then upgrade",
        )  # fmt: skip
    units = tuple((u["name"], Sealed(u["file"], u["sha256"], u["size"])) for u in said["units"])
    return Manifest(said["set"], said["id"], said["made_at"], said["version"], said["size"], said["root"], units)


def _unsigned(file: str) -> Refused:
    return Refused(
        "the log's key did not sign this backup", where=file, rule="backup.signature",
        remedy="check --log-key against the key kept elsewhere; a backup that nobody signed is not restored",
    )  # fmt: skip
