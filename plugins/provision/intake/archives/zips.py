"""zip (PKWARE APPNOTE 6.3): read forward by its local headers, then compared with its central directory.

Plain, ZipCrypto and WinZip AES (AE-1, AE-2); stored, deflate, Deflate64 (Windows Explorer, large files) and bzip2.
The two lists of a zip must say the same: what only one of them names could be meant to be seen by one reader and not
by another. Links are only told in the directory, so nothing is certain before the end.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest

from provision.intake.archives.base import Entry, Room
from provision.intake.archives.names import is_folder
from provision.intake.archives.streams import PIECE, Forward

_DIRECTORY = 64 * 1024 * 1024  # bytes of a central directory that are looked at: some 500,000 entries
_END = 22  # bytes of the end record without its comment
_REPARSE = 0x400  # Windows: a junction or a symbolic link
_UTF8 = 0x800


class Zip:
    """A member is checked by CRC-32 and sizes, and by its HMAC where it is AES."""

    def recognises(self, head: bytes) -> bool:
        """A local header, the end of an empty archive, or the mark of one that was split."""
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04"))

    def entries(self, stream: Forward, room: Room) -> Iterator[Entry]:
        """Every entry in the order of the local headers."""
        from stream_unzip import stream_unzip

        seen: list[_Seen] = []
        tail = _Tail(stream, room)
        with room.broken_refused(), _unreadable_refused(room):
            for name, _, pieces in stream_unzip(tail.pieces(), password=room.password, chunk_size=PIECE):
                tail.recording = False
                seen.append(_Seen(name))
                readable = room.produced(_translated(pieces, room))
                yield Entry(name, is_folder(name), Forward(seen[-1].counted(readable)))
                tail.recording = True
            _compare(tail, seen, room)


KIND = Zip()


@dataclass(slots=True)
class _Seen:
    """What a local header called a member, and the bytes that came out of it."""

    name: bytes
    size: int = 0

    def counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.size += len(piece)
            yield piece


class _Tail:
    """The input of the reader, of which the last pieces are kept: the central directory begins in one of them."""

    def __init__(self, stream: Forward, room: Room) -> None:
        self.stream, self.room = stream, room
        self.recording = True  # between members, when the next header or the directory is about to come
        self.kept: list[bytes] = []
        self.total = 0

    def pieces(self) -> Iterator[bytes]:
        while piece := self.stream.read(PIECE):
            self.total += len(piece)
            self.kept.append(piece)
            if not self.recording:
                del self.kept[:-2]  # a signature can lie across two
            elif len(self.kept) * PIECE > _DIRECTORY:
                raise self.room.over("members")
            yield piece


def _compare(tail: _Tail, seen: list[_Seen], room: Room) -> None:
    """`Refused` (or ValueError, which becomes one) where the central directory is not that of the members read."""
    kept = b"".join(tail.kept)
    with zipfile.ZipFile(io.BytesIO(kept)) as directory:
        listed = sorted(directory.infolist(), key=lambda item: item.header_offset)
        ending = kept[-_END - len(directory.comment) :]
    if not ending.startswith(b"PK\x05\x06") or int.from_bytes(ending[20:22], "little") != len(ending) - _END:
        raise ValueError("bytes follow the end")
    if any(_is_link(item) for item in listed):
        raise room.refusal("link", "the archive holds a link or a device", "ask the sender for plain files only")
    first = listed[0].header_offset + tail.total - len(kept) if listed else 0
    told = zip_longest(((_raw(item), item.file_size) for item in listed), ((s.name, s.size) for s in seen))
    if first != 0 or any(one != other for one, other in told):
        what = "the archive's list does not name the files that are in it"
        raise room.refusal("directory", what, "do not use it; ask the sender how it was made, and for a new one")


def _raw(item: zipfile.ZipInfo) -> bytes:
    return item.orig_filename.encode("utf-8" if item.flag_bits & _UTF8 else "cp437")


def _is_link(item: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(item.external_attr >> 16)
    return kind not in {0, stat.S_IFREG, stat.S_IFDIR} or bool(item.external_attr & _REPARSE)


def _translated(pieces: Iterator[bytes], room: Room) -> Iterator[bytes]:
    with _unreadable_refused(room):
        yield from pieces


@contextmanager
def _unreadable_refused(room: Room) -> Iterator[None]:
    """Passwords and ways of packing are told apart from damage."""
    import stream_unzip

    try:
        yield
    except stream_unzip.MissingPasswordError:
        remedy = "set archive_connection of the source to a connection with the password"
        raise room.refusal("password", "the archive is encrypted and we know no password", remedy) from None
    except stream_unzip.PasswordError:
        remedy = "correct the password of the connection, then let the sender drop it again"
        raise room.refusal("wrong_password", "the password does not open the archive", remedy) from None
    except stream_unzip.UnsupportedFeatureError:
        remedy = "ask the sender to pack it as an ordinary zip (deflate; AES or ZipCrypto)"
        raise room.refusal("method", "the archive is packed in a way that is not read", remedy) from None
