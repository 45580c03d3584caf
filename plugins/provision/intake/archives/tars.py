"""tar (POSIX.1-1988 and later, GNU): plain files and folders only; links, devices and files with holes are refused."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from provision.errors import Refused
from provision.intake.archives.base import Entry, Room
from provision.intake.archives.streams import PIECE, Forward

#: Headers that carry names and are read whole; a name needs no more than this many bytes.
_LONGEST = 64 * 1024
_NAMING = frozenset({b"x", b"g", b"X", b"L", b"K"})


class Tar:
    """Read forward by the standard library. An archive ends with blocks of zeros (POSIX: two of 512 bytes)."""

    def recognises(self, head: bytes) -> bool:
        """The magic of both POSIX and GNU at its place in the first header."""
        return head[257:262] == b"ustar"

    def entries(self, stream: Forward, room: Room) -> Iterator[Entry]:
        """Every file and folder."""
        watched = _Watched(stream)
        with (
            room.broken_refused(),
            tarfile.open(
                fileobj=cast(BinaryIO, watched), mode="r|", bufsize=PIECE, tarinfo=_Header, errors="surrogateescape"
            ) as tar,
        ):
            while (header := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # or it would keep every header
                yield _entry(tar, header, room)
            if not watched.ends_with_zeros_from(tar.offset):
                raise ValueError("end")


KIND = Tar()


def _entry(tar: tarfile.TarFile, header: tarfile.TarInfo, room: Room) -> Entry:
    if header.isdir():
        return Entry(_raw(header), True, Forward(iter(())))
    if not header.isreg() or header.issparse():
        what = "the archive holds a link, a device or a file with holes"
        raise room.refusal("link", what, "ask the sender for plain files only")
    plain = tar.extractfile(header)
    assert plain is not None  # a regular file has contents
    return Entry(_raw(header), False, Forward(_pieces(plain, room)))


def _raw(header: tarfile.TarInfo) -> bytes:
    return header.name.encode("utf-8", "surrogateescape")


def _pieces(plain: object, room: Room) -> Iterator[bytes]:
    with room.broken_refused():
        while piece := plain.read(PIECE):  # type: ignore[attr-defined]  # a BufferedReader over a part of the stream
            yield piece


class _Header(tarfile.TarInfo):
    """A header whose long names are bounded before the library reads them whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        """As the library; `Refused` where a naming header asks for more than a name needs."""
        made = super().frombuf(buf, encoding, errors)
        if made.type in _NAMING and made.size > _LONGEST:
            raise Refused(
                "a name in the archive is longer than any name is",
                rule="archive.broken",
                remedy="ask the sender to make and send it again",
            )
        return made


class _Watched:
    """The stream the library reads, counted, with the number of zeros at its end."""

    def __init__(self, stream: Forward) -> None:
        self.stream, self.total, self.zeros = stream, 0, 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes."""
        piece = self.stream.read(size)
        rest = len(piece.rstrip(b"\0"))
        self.zeros = self.zeros + len(piece) if not rest else len(piece) - rest
        self.total += len(piece)
        return piece

    def ends_with_zeros_from(self, offset: int) -> bool:
        """Whether zeros follow from `offset` to the end, one block of them at least: the library stops in silence at
        damaged headers and at a stream that just ends."""
        while self.read(PIECE):
            pass
        return self.zeros >= self.total - offset >= tarfile.BLOCKSIZE
