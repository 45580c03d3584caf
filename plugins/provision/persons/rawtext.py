"""素の本文: bytes of any file as the texts they may be, piece by piece, for a search that must not say "not there" of
something it could not read. Pieces overlap, so that nothing is cut in two."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import BinaryIO

#: Bytes looked at together, and those of the piece before that are looked at again: `mentions.WINDOW` characters.
PIECE, _OVERLAP = 256 * 1024, 16 * 1024
#: What no text has: control characters other than blanks, ends of lines and files, and the escapes of ISO-2022-JP;
#: HL7 puts 0x0B and 0x1C around messages.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1d-\x1f\x7f]")
#: A text may have so many bytes that are none in its encoding (外字, damage): one in fifty, and those at the edges.
_BROKEN = 50
#: Of the characters of UTF-16, one in so many at least is ASCII: ends of lines, digits, marks between cells.
_OFTEN = 40
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


class NoText(Exception):
    """It is no text in an encoding that Japanese systems write."""


def texts(stream: BinaryIO) -> Iterator[str]:
    """Every reading of every piece of a stream. Raises `NoText` where a piece has none."""
    rest = b""
    while block := stream.read(PIECE):
        yield from readings(rest + block)
        rest = _rest(rest + block)


def _rest(piece: bytes) -> bytes:
    """The end of a piece, from where a character begins: behind a mark that is half of no other character."""
    end = piece[-_OVERLAP:]
    if b"\0" in piece:  # UTF-16: both sizes are even
        return end
    mark = re.search(rb"\x1b\(B" if b"\x1b" in piece else rb"[\n\r,<>\"|]", end)
    return end[mark.end() :] if mark else end


def readings(piece: bytes) -> Iterator[str]:
    """Bytes in every encoding they may be in. Raises `NoText` where that is none."""
    found = list(_decoded(piece))
    if not found:
        raise NoText
    for text in found:
        yield _plain(text)


def _decoded(piece: bytes) -> Iterator[str]:
    if b"\0" in piece:
        yield from _utf16(piece)
    elif _CONTROL.search(piece):
        return
    elif piece.isascii() and b"\x1b" not in piece:
        yield piece.decode("ascii")
    elif b"\x1b" in piece:
        yield piece.decode("iso2022_jp_ext", "replace")
    else:
        for encoding in ("utf-8", "cp932", "euc_jp"):
            text = piece.decode(encoding, "replace")
            if text.count("\ufffd") <= 4 + len(text) // _BROKEN:
                yield text


def _utf16(piece: bytes) -> Iterator[str]:
    """With the byte that is zero in ASCII often, and on one side only: one such byte in another text is damage."""
    left, right = piece[0::2].count(0), piece[1::2].count(0)
    if not (left and right) and (left + right) * _OFTEN > len(piece):
        yield piece.decode("utf-16-be" if left else "utf-16-le", "replace")


def _plain(text: str) -> str:
    """Without the escapes of JSON and XML."""
    if "\\u" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return html.unescape(text) if "&#" in text else text
