"""The beginning of a LIFE file: its data type in line 1, and what follows as lines of CSV whatever their ends are.

``SERVICE_USER_INFO`` or ``FORM_<number>_<year>``, quoted or not, behind a byte order mark or not; lines end with CR LF
or with CR alone (LIFE CSV連携仕様書 of 2021; grade A).
"""

from __future__ import annotations

import io
import re
from typing import BinaryIO, cast

from provision.formats.base import BadFile
from provision.formats.csvfile import BOM
from provision.formats.textfile import LINE_LIMIT

_FIRST = re.compile(
    rb"(?:\xef\xbb\xbf)?(\"?)(?P<type>SERVICE_USER_INFO|FORM_[0-9]{4}_[0-9]{4})\1[ ,]{0,500}(?:\r\n|\n|\r|\Z)"
)


class _Rest(io.RawIOBase):
    """What stands behind line 1, with the byte order mark in front again; single CRs become LF where `returns` says."""

    def __init__(self, front: bytes, stream: BinaryIO, returns: bool) -> None:
        self._front, self._stream, self._returns = front, stream, returns

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes."""
        piece, self._front = self._front, b""
        if not piece:
            piece = self._stream.read(LINE_LIMIT if size < 0 else size)
        elif 0 <= size < len(piece):
            piece, self._front = piece[:size], piece[size:]
        return piece.replace(b"\r", b"\n") if self._returns else piece


def data_type(head: bytes) -> str:
    """データ種別 in line 1 of a file that begins so, "" where there is none."""
    found = _FIRST.match(head)
    return found["type"].decode() if found else ""


def ends_with_returns(head: bytes) -> bool:
    """Whether lines end with CR alone."""
    return b"\r" in head and b"\n" not in head


def opened(stream: BinaryIO) -> tuple[str, BinaryIO]:
    """The data type, and the file from line 2 on.

    Raises `BadFile`: ``file.empty``, ``life.data_type`` where line 1 is none.
    """
    pieces, length = [], 0
    while length < LINE_LIMIT and (piece := stream.read(LINE_LIMIT - length)):
        pieces.append(piece)
        length += len(piece)
    head = b"".join(pieces)
    if not head:
        raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
    first = _FIRST.match(head)
    if first is None:
        remedy = "the first line names no data type of LIFE; ask the sender which file this is"
        raise BadFile("life.data_type", record=1, remedy=remedy)
    mark = BOM if head.startswith(BOM) else b""
    rest = _Rest(mark + head[first.end() :], stream, ends_with_returns(head))
    return first["type"].decode(), cast(BinaryIO, rest)
