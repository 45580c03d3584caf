"""Finding the first wrong entry and saying what was done to it, from the leaf hashes that should be there.

Somebody who removes or inserts an entry renumbers those behind it, and then every later hash differs. So an entry is
also looked for under other numbers: what fits once it gets its old number back was only moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from provision.errors import LedgerBroken
from provision.ledger.entry import Entry
from provision.ledger.merkle import leaf_hash

#: How far an entry is looked for from its place. Farther moves are found too, but called "changed".
WINDOW = 2_000

#: Leaf hash that should be at a position, None where none is known.
Expected = Callable[[int], bytes | None]


@dataclass(frozen=True)
class Row:
    """A row of the table of entries, as it is."""

    seq: int
    type: str
    data: bytes
    leaf: bytes

    @property
    def entry(self) -> Entry | None:
        """The entry, or None where the bytes are none."""
        try:
            return Entry.from_bytes(self.data)
        except LedgerBroken:
            return None

    def hash_at(self, position: int) -> bytes:
        """Leaf hash the entry would have at `position`."""
        entry = self.entry
        return leaf_hash(replace(entry, seq=position).canonical() if entry else self.data)


def fits(row: Row, entry: Entry | None, hashed: bytes, position: int, expected: bytes | None) -> bool:
    """True where `row` is the entry that belongs at `position`."""
    return hashed == expected and row.seq == position and entry is not None and entry.seq == position


def describe(position: int, rows: Sequence[Row], expected: Expected, signed: int, known: int) -> str:
    """What happened at `position`, the first wrong one. `rows` are those from there on, `known` entries should be
    there, of which `signed` are under a checkpoint."""
    if not rows:
        return f"rolled back: entries {position} to {known - 1} are missing at the end"
    later = _place_of(rows[0], position, expected, known)
    before = _rows_before(rows, position, expected(position))
    if later == position:
        return "changed: it carries a number that is not its place"
    if later is not None and before is not None:
        return f"reordered: entry {later} stands in its place"
    if later is not None:
        return f"removed: {later - position} entry or entries are missing here"
    if before is not None:
        return f"added: {before} entry or entries were put in here"
    if expected(position) is None:
        return "added: it is not in the tree"
    return f"changed: it is not the entry that was {'signed' if position < signed else 'written'}"


def _place_of(row: Row, position: int, expected: Expected, known: int) -> int | None:
    """Where `row` belongs, from `position` on."""
    places = range(position, min(known, position + WINDOW))
    return next((place for place in places if expected(place) == row.hash_at(place)), None)


def _rows_before(rows: Sequence[Row], position: int, wanted: bytes | None) -> int | None:
    """How many rows stand before the one that belongs at `position`; None where it is not among `rows`."""
    return next((count for count, row in enumerate(rows) if count and row.hash_at(position) == wanted), None)
