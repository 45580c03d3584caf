"""What every kind of landing offers, and the rules all of them share.

A drop is a folder with the sender's files and ``batch.yaml``, written last. Without it the drop is still being copied.
A drop that is taken away gets another name at once (where there are no folders to rename, its marker does): whoever
dies in the middle leaves no smaller drop that looks ready, and the next run finds what is still to be removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Protocol, Self

from provision.errors import Refused
from provision.intake.archives.names import is_junk

MARKER = "batch.yaml"
#: How the new name of a folder begins from the moment it may be removed.
TAKEN = ".taken-"
#: More than a card ever needs.
CARD_BYTES = 64 * 1024


@dataclass(frozen=True, order=True, slots=True)
class Item:
    """One file of a drop: the sender's name below the drop (never shown), and a stamp that changes when it does. Of
    100,000 files all are in memory at a time, so they are kept small."""

    name: str
    stamp: str


@dataclass(frozen=True)
class Listing:
    """A drop as it lies: its folder, its marker, its files by name; `left_out` counts files systems made themselves."""

    folder: str
    marker: Item
    items: tuple[Item, ...]
    left_out: int

    @classmethod
    def of(cls, folder: str, found: Iterable[Item]) -> Self | None:
        """The listing of everything `found` in a folder, None where it has no marker."""
        there = sorted(found)
        marker = next((item for item in there if item.name == MARKER), None)
        if marker is None:
            return None
        files = [item for item in there if item.name != MARKER]
        items = tuple(item for item in files if not is_junk(item.name))
        return cls(folder, marker, items, len(files) - len(items))

    @property
    def mark(self) -> str:
        """SHA-256 over names and stamps: a drop that was not touched has the same."""
        made = hashlib.sha256(self.folder.encode("utf-8", "surrogateescape"))
        for item in chain((self.marker,), self.items):
            made.update(f"\x1f{item.name}\x1f{item.stamp}".encode("utf-8", "surrogateescape"))
        return made.hexdigest()


class Drop(Protocol):
    """One complete drop."""

    @property
    def listing(self) -> Listing:
        """What lay there when the landing was looked through."""

    def open(self, item: Item) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file or of the marker, forward only. `Refused` (``receive.changed``) where it is another one
        than the listing says, or gone."""

    def again(self) -> Self | None:
        """The drop as it lies there now, None where it is not complete any more."""

    def take_away(self) -> None:
        """Remove it; it is sealed elsewhere and recorded."""


class Landing(Protocol):
    """A place with drops of one source."""

    @property
    def keeps(self) -> bool:
        """Whether received drops stay there (``after: keep``)."""

    def look(self) -> None:
        """予行: list the place and change nothing. Raises as `opened` and `drops` do."""

    def drops(self) -> list[Drop]:
        """Every complete drop, by the name of its folder. What dead runs had begun to remove is removed first."""


def changed() -> Refused:
    """A file is not what it was."""
    return Refused("a file changed while it was received", rule="receive.changed", remedy="write batch.yaml last")
