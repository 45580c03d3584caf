"""Walking through a received file: itself where it is no archive, else all in it, archives in archives too.

A container (a workbook) is a zip and no archive: it is handed on whole, see `containers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from provision.errors import Refused
from provision.intake.archives import gzips, tars, zips
from provision.intake.archives.base import Kind, Room, Tally
from provision.intake.archives.containers import is_container
from provision.intake.archives.names import cleaned, is_junk
from provision.intake.archives.streams import Forward
from provision.model import ArchiveLimits

#: Kinds that are opened, recognised by content.
KINDS: tuple[Kind, ...] = (zips.KIND, gzips.KIND, tars.KIND)
#: How much of a file is looked at to recognise its kind.
HEAD = 512
#: Archives that are not opened: taking them for data would only be told later, and less plainly.
_CLOSED = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd", b"MSCF\0\0\0\0")


@dataclass(frozen=True)
class Member:
    """One file: `number` from 1 in the order of the archive, `name` as the sender wrote it (never shown, "" where the
    received file itself is meant), and its bytes as a forward-only stream, valid until the next member is asked for."""

    number: int
    name: str
    stream: Forward


def members(
    stream: BinaryIO, limits: ArchiveLimits | None = None, password: bytes | None = None, tally: Tally | None = None
) -> Iterator[Member]:
    """The files in `stream`: the stream itself where it is no archive, else every file in it and in archives in it.

    `stream` needs `read(n)` only. Members may be left unread; they are then read to their end here, because checksums
    stand there. Nothing is certain before the iterator has ended: `Refused` (rules ``archive.…``) concerns all of it,
    also what was given already, and may come from a member's `read`. `tally` is filled with counts on the way.
    """
    room = Room(limits or ArchiveLimits(), password, Tally() if tally is None else tally)
    yield from _walk(Forward(room.consumed(stream)), room, "", 0)


def _walk(stream: Forward, room: Room, name: str, depth: int) -> Iterator[Member]:
    kind = _kind(stream, room)
    if kind is None:
        room.tally.members += 1
        if depth:
            stream.limit(room.limits.member_bytes, lambda: room.over("member_bytes"))
        yield Member(room.tally.members, name, stream)
    elif depth >= room.limits.depth:
        raise room.over("depth")
    else:
        room.tally.archives += 1
        yield from _inside(kind, stream, room, name, depth)
    stream.drain()


def _kind(stream: Forward, room: Room) -> Kind | None:
    head = stream.head(HEAD)
    if head.startswith(_CLOSED) or (head[2:5] == b"-lh" and head[6:7] == b"-"):
        raise room.refusal("kind", "an archive of a kind that is not opened", "ask the sender for zip, tar or gz")
    if is_container(head):
        return None
    return next((kind for kind in KINDS if kind.recognises(head)), None)


@dataclass
class _Listing:
    """Names of one archive."""

    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)

    def add(self, path: str) -> bool:
        """Note a file; False where the archive has it already."""
        new = path not in self.files
        self.files.add(path)
        parts = path.split("/")[:-1]
        self.filled.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return new


def _inside(kind: Kind, stream: Forward, room: Room, name: str, depth: int) -> Iterator[Member]:
    listing = _Listing()
    for entry in kind.entries(stream, room):
        path = _counted_path(entry.name, room)
        if entry.folder:
            listing.folders.add(path)
        elif is_junk(path):
            room.tally.left_out += 1
        elif not listing.add(path):
            raise room.refusal("duplicate", "two files in the archive have one name", "ask the sender which one it is")
        else:
            yield from _walk(entry.stream, room, "/".join(filter(None, (name, path))), depth + 1)
        entry.stream.drain()
    room.tally.left_out += len(listing.folders - listing.filled - {""})
    if not listing.files:
        raise room.refusal("empty", "there is no file in the archive", "ask the sender")


def _counted_path(raw: bytes, room: Room) -> str:
    room.tally.entries += 1
    if room.tally.entries > room.limits.members:
        raise room.over("members")
    try:
        return cleaned(raw)
    except ValueError:
        raise _bad_path(room) from None


def _bad_path(room: Room) -> Refused:
    what = "a name in the archive points outside of it"
    return room.refusal("path", what, "ask the sender for an archive with plain names")
