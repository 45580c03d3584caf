"""Looking at a new checkpoint and cosigning it: ``add-checkpoint`` of C2SP tlog-witness, without its transport."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from provision.errors import LedgerBroken, Refused
from provision.ledger import merkle, notes
from provision.ledger.cosignature import cosign
from provision.ledger.notes import Checkpoint
from provision.ledger.signing import Signer, Verifier
from provision.witness.memory import Memory

#: Longest request read, in characters.
LIMIT = 64_000
_LONGEST_PROOF = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,17})")


class NotCosigned(Refused):
    """No signature, with the HTTP status of the protocol; `known` is the size the witness knows, where that matters."""

    def __init__(self, status: int, what: str, known: int | None = None) -> None:
        super().__init__(what, rule="witness", remedy="send growth of the log this witness knows")
        self.status, self.known = status, known


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Witness:
    """One witness: its key, its memory, and the keys of the logs it knows."""

    signer: Signer
    memory: Memory
    logs: Sequence[Verifier]
    clock: Callable[[], datetime] = field(default=_now)

    def add_checkpoint(self, request: str) -> str:
        """Check a request, remember its checkpoint, and give the signature line. Raises `NotCosigned`."""
        old, proof, note = _parsed(request)
        checkpoint = self._believed(note)
        if old > checkpoint.size:
            raise NotCosigned(400, "the old size is larger than the checkpoint")
        with self.memory.alone():
            self._check_growth(old, proof, checkpoint)
            self.memory.remember(checkpoint.origin, note)
        return cosign(note, self.signer, self.clock())

    def _believed(self, note: str) -> Checkpoint:
        try:
            claimed = notes.parse(note)
        except LedgerBroken:
            raise NotCosigned(400, "this is no checkpoint") from None
        keys = [key for key in self.logs if key.name == claimed.origin]
        if not keys:
            raise NotCosigned(404, "this witness does not know the log")
        try:
            return notes.verify(note, keys)
        except LedgerBroken:
            raise NotCosigned(403, "the log has not signed the checkpoint") from None

    def _check_growth(self, old: int, proof: Sequence[bytes], new: Checkpoint) -> None:
        kept = self.memory.note(new.origin)
        known = notes.parse(kept) if kept else Checkpoint(new.origin, 0, merkle.EMPTY_ROOT)
        if old != known.size:
            raise NotCosigned(409, f"the last checkpoint of this log was of size {known.size}", known.size)
        if not _grew(known, new, proof):
            raise NotCosigned(422, "the checkpoint does not continue the one before", known.size)


def _grew(known: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """From the empty log everything follows, so nothing is proved; else RFC 6962 section 2.1.2."""
    if known.size == 0:
        return not proof and (new.size > 0 or new.root == merkle.EMPTY_ROOT)
    return merkle.verify_consistency(known.size, new.size, known.root, new.root, proof)


def _parsed(request: str) -> tuple[int, list[bytes], str]:
    head, gap, note = request.partition("\n\n")
    first, *lines = head.split("\n")
    found = _OLD.fullmatch(first)
    if not gap or not found or len(lines) > _LONGEST_PROOF or len(request) > LIMIT:
        raise NotCosigned(400, "this is no request: an old size, a proof, an empty line, a checkpoint")
    try:
        return int(found[1]), [notes.decoded(line) for line in lines], note
    except LedgerBroken:
        raise NotCosigned(400, "a hash of the proof is not readable") from None


def request(old: int, proof: Sequence[bytes], note: str) -> str:
    """The text a log sends: what `Witness.add_checkpoint` reads."""
    return "".join(f"{line}\n" for line in [f"old {old}", *(notes.encoded(value) for value in proof), ""]) + note
