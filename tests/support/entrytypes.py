"""Entry types that exist in tests only: an entry of any content, where the content does not matter."""

from __future__ import annotations

from provision.ledger.entrytypes import TYPES
from provision.ledger.payloads import EntryType

NAMES = (
    "batch.looked_at", "batchy.noted", "forged.entry", "note.read", "note.written", "store.erased", "test.entry",
    "test.later", "test.meanwhile", "test.more", "test.note", "test.withdrawn",
)  # fmt: skip


def declare() -> None:
    """Declare them in this process; twice is once."""
    known = {one.name for one in TYPES.all()}
    for name in NAMES:
        if name not in known:
            TYPES.declare(EntryType(name, "試験", "of a test", more=True))
