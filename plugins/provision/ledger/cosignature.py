"""Cosignatures: what a witness says about a checkpoint, C2SP tlog-cosignature, Ed25519 (``cosignature/v1``).

A cosignature says that at its time this checkpoint was the largest the witness had seen of the log, and that everything
before it was consistent. It stands among the signatures of the note, so tools that do not know it pass over it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from provision.ledger import notes
from provision.ledger.signing import Signer, Verifier

_TIME_BYTES = 8


@dataclass(frozen=True)
class WitnessKey(Verifier):
    """A witness's public key, ``<name>+<key id>+<base64>`` with signature type 0x04."""

    algorithm: ClassVar[bytes] = b"\x04"

    @classmethod
    def of(cls, signer: Signer) -> WitnessKey:
        """The public half of a key used for cosigning."""
        return cls(signer.name, signer.verifier.raw)

    def accepts(self, message: bytes, signature: bytes) -> bool:
        """True where `signature` (time, then Ed25519 signature) is this witness's of a note text."""
        seconds, plain = _seconds(signature), signature[_TIME_BYTES:]
        return 0 < seconds < 1 << 63 and super().accepts(_message(message, seconds), plain)


def cosign(note: str, signer: Signer, at: datetime) -> str:
    """The signature line of a witness for `note`, which it has checked before."""
    seconds = int(at.timestamp())
    signature = signer.sign(_message(notes.text_of(note).encode(), seconds))
    data = WitnessKey.of(signer).key_id + seconds.to_bytes(_TIME_BYTES, "big") + signature
    return f"— {signer.name} {base64.b64encode(data).decode()}\n"


def cosigned_at(note: str, witness: WitnessKey) -> datetime | None:
    """When `witness` cosigned the note last, None where it did not. `LedgerBroken` where a signature of it is wrong."""
    found = notes.signatures_by(note, witness)
    return max((datetime.fromtimestamp(_seconds(data), UTC) for data in found), default=None)


def _seconds(signature: bytes) -> int:
    return int.from_bytes(signature[:_TIME_BYTES], "big")


def _message(text: bytes, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode() + text
