"""Moving a log from one place to another, such as from a file to PostgreSQL: what an operator does once."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from provision.errors import LedgerBroken, Refused
from provision.ledger import merkle
from provision.ledger.database import node_of, size_of
from provision.ledger.places import Place
from provision.ledger.reading import LedgerReader


def move(source: LedgerReader, target: Place) -> int:
    """Write every entry of `source`, byte for byte, to the empty log at `target`; gives how many. The tree, and with it
    every checkpoint and receipt ever given out, stays the same. Checkpoints are kept where they lie.

    All in one transaction: nothing is there, or everything. `Refused` where the target has entries.
    """
    with closing(target.writable()) as database, database.writing():
        if size_of(database):
            raise Refused(
                "the log that would be filled has entries", rule="ledger.move",
                remedy="move into an empty one, or stay where you are",
            )  # fmt: skip
        for entry in source.entries():
            database.insert(entry, entry.canonical())
        moved = size_of(database)
        if moved != source.size or merkle.root(moved, partial(node_of, database)) != source.root():
            raise LedgerBroken(
                "the moved log is not the old one", rule="ledger.move", remedy="nothing was moved: verify the old one"
            )
    return moved
