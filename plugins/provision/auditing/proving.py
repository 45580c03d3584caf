"""証明: that an entry shown is in the signed log. The server recomputes it here, and gives the browser all it needs to
recompute it by itself: exact bytes, audit path, checkpoint and public key.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from provision.exporting.signed import Signed, newest
from provision.ledger import merkle
from provision.ledger.proof import HEADER
from provision.ledger.reading import LedgerReader


@dataclass(frozen=True)
class Proven:
    """One entry and its proof. `signed` is False where it is younger than the newest checkpoint: then `root` is that of
    the log as it stands, which nobody signed. `holds` is what the server found."""

    seq: int
    data: bytes
    size: int
    root: bytes
    path: tuple[bytes, ...]
    signed: bool
    holds: bool

    def as_json(self) -> dict[str, object]:
        """For the browser: bytes in base64, hashes in hexadecimal."""
        path = [value.hex() for value in self.path]
        data = base64.b64encode(self.data).decode()
        return {"seq": self.seq, "bytes": data, "size": self.size, "root": self.root.hex(), "path": path,
                "signed": self.signed}  # fmt: skip


@dataclass(frozen=True)
class Proofs:
    """Proofs of some entries under one checkpoint, None where there is none yet."""

    entries: tuple[Proven, ...]
    signed: Signed | None

    @property
    def hold(self) -> bool:
        """Whether the server found every one of them to hold."""
        return all(one.holds for one in self.entries)

    @property
    def covered(self) -> int:
        """How many of them the checkpoint covers."""
        return sum(one.signed for one in self.entries)

    def as_json(self) -> dict[str, object]:
        """For the browser."""
        note, key = (self.signed.note, self.signed.key) if self.signed else ("", "")
        return {"note": note, "key": key, "entries": [one.as_json() for one in self.entries]}


def prove(ledger: LedgerReader, numbers: Iterable[int]) -> Proofs:
    """Proofs of these entries under the newest checkpoint. Raises `LedgerBroken` where that is not of this log."""
    signed = newest(ledger)
    covered = signed.checkpoint.size if signed else 0
    now = ledger.size
    return Proofs(tuple(at(ledger, seq, covered if seq < covered else now, seq < covered) for seq in numbers), signed)


def at(ledger: LedgerReader, seq: int, size: int, signed: bool = False) -> Proven:
    """The proof of entry `seq` in the log as it was at `size`. Raises `Refused` where it was not there then."""
    data, root = ledger.entry_bytes(seq), ledger.root(size)
    path = tuple(ledger.inclusion_proof(seq, size))
    holds = merkle.verify_inclusion(seq, size, merkle.leaf_hash(data), path, root)
    return Proven(seq, data, size, root, path, signed, holds)


def receipt(proofs: Proofs) -> str | None:
    """The first of the proofs as a C2SP tlog-proof, to be kept; None where no checkpoint covers it."""
    one = proofs.entries[0]
    if proofs.signed is None or not one.signed:
        return None
    path = (base64.b64encode(value).decode() for value in one.path)
    return "\n".join([HEADER, f"index {one.seq}", *path]) + "\n\n" + proofs.signed.note
