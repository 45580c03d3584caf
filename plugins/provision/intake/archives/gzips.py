"""gzip (RFC 1952): one compressed stream, a single file or a tar archive. Several one after another are one."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from provision.intake.archives.base import Entry, Room
from provision.intake.archives.streams import PIECE, Forward


class Gzip:
    """Checked by its CRC-32 and length; anything after the end but padding of zeros is refused."""

    def recognises(self, head: bytes) -> bool:
        """Magic and the one compression method there is."""
        return head.startswith(b"\x1f\x8b\x08")

    def entries(self, stream: Forward, room: Room) -> Iterator[Entry]:
        """The one stream, without a name: what the header may call it is the sender's word twice."""
        plain = gzip.GzipFile(fileobj=stream, mode="rb")
        yield Entry(b"", False, Forward(room.produced(iter(lambda: plain.read(PIECE), b""))))


KIND = Gzip()
