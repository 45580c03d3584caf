"""The newest signed checkpoint of the log, and the public key that lies beside it."""

from __future__ import annotations

from dataclasses import dataclass

from provision.errors import FixConfiguration, LedgerBroken
from provision.ledger import notes
from provision.ledger.notes import Checkpoint
from provision.ledger.reading import LedgerReader

#: File beside the log with its public keys, one a line.
KEY_FILE = "log.vkey"


@dataclass(frozen=True)
class Signed:
    """A checkpoint as it was signed. `key` is the public key beside the log that its signature was checked with, ""
    where none lies there: then nothing was checked."""

    note: str
    checkpoint: Checkpoint
    key: str


def newest(ledger: LedgerReader) -> Signed | None:
    """The newest checkpoint, None where nothing was signed yet. Raises `LedgerBroken` where its signature is wrong, or
    the log has another root at its size."""
    note = ledger.last_note()
    if note is None:
        return None
    key = public_key(ledger)
    found = notes.verify(note, notes.keys(key.splitlines())) if key else notes.parse(note)
    if found.size > ledger.size or ledger.root(found.size) != found.root:
        raise LedgerBroken(
            "the log is not what was signed",
            rule="ledger.checkpoint",
            remedy="run `tokumei ledger verify` with a checkpoint of your own",
        )
    return Signed(note, found, key)


def public_key(ledger: LedgerReader) -> str:
    """The public keys beside the log, "" where there are none that can be read."""
    try:
        key = ledger.path.with_name(KEY_FILE).read_text(encoding="utf-8").strip()
        notes.keys(key.splitlines())
    except (OSError, UnicodeDecodeError, FixConfiguration):
        return ""
    return key
