"""Reading text files of lines in bounded memory, and refusing files that are not what they should be.

Neither CP932 nor UTF-8 uses the byte of a line feed inside a character, so blocks are cut there before decoding.
No exception raised here carries, or has as its context, anything read from the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from provision.formats.base import BadFile

LINE_LIMIT = 64 * 1024
BLOCK = 4 * 1024 * 1024

_MAGIC = {
    b"\xff\xfe": "text.utf16", b"\xfe\xff": "text.utf16", b"PK\x03\x04": "file.kind", b"\x89PNG": "file.kind",
    b"%PDF": "file.kind", b"\x1f\x8b": "file.kind", b"\xd0\xcf\x11\xe0": "file.kind",
}  # fmt: skip
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
#: What Python's cp932 makes of the bytes 0x80, 0xA0 and 0xFD-0xFF, which are no characters of CP932.
_NO_CP932 = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
#: Half-width katakana as somebody would write them: no full stop or comma, marks only after kana that can carry them.
_KANA = re.compile("(?:[ｦ-ﾝ･ｰ]|[ｳｶ-ﾄﾊ-ﾎ]ﾞ|[ﾊ-ﾎ]ﾟ)+")
_RUN = re.compile("[^\x00-\x7f]+")

_AGAIN = "ask the sender for the file again"


def blocks(stream: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """Blocks of whole lines, each at most `size` bytes and a line or two. A last 0x1A (end of file) is left out.

    Raises `BadFile` (``text.line_length``) at a line over 64 KiB without reading on, ``file.empty`` where there is
    nothing, and ``text.utf16`` or ``file.kind`` where the first bytes say that this is no text file of ours.
    """
    held, open_line, lines = bytearray(), 0, 0
    started = False
    while piece := stream.read(LINE_LIMIT):
        first = piece.find(b"\n")
        if open_line + (len(piece) if first < 0 else first) > LINE_LIMIT:
            raise BadFile("text.line_length", record=lines + 1, remedy=f"a record has at most 64 KiB; {_AGAIN}")
        lines += piece.count(b"\n")
        open_line = len(piece) - 1 - piece.rfind(b"\n") if first >= 0 else open_line + len(piece)
        held += piece
        if not started:
            started = True
            _refuse(bytes(held[:8]))
        if len(held) >= size and (cut := held.rfind(b"\n") + 1):
            yield bytes(held[:cut])
            del held[:cut]
    last = bytes(held).removesuffix(b"\x1a")
    if not last.strip() and lines == 0:
        raise BadFile("file.empty", remedy="the file holds nothing; ask the sender for the right file")
    if last:
        yield last


def _refuse(head: bytes) -> None:
    for magic, rule in _MAGIC.items():
        if head.startswith(magic):
            raise BadFile(rule, remedy="this is not a text file in CP932 or UTF-8; ask the sender for the right file")


def decode(block: bytes, encoding: str, before: int) -> str:
    """The block's text. `before` is the number of lines before it in the file.

    Raises `BadFile`: ``text.encoding`` for bytes that are not `encoding` (cp932 or utf-8), also where they could be
    read as CP932 but are UTF-8 or EUC-JP; ``text.control`` for control characters and single carriage returns.
    """
    text, at = _attempt(block, encoding)
    if text is None:
        record = before + block.count(b"\n", 0, at) + 1
        raise BadFile("text.encoding", record=record, remedy=f"expected {encoding}; the file may be cut off: {_AGAIN}")
    found = _CONTROLS.search(text) or (_NO_CP932.search(text) if encoding == "cp932" else None)
    if found:
        record = before + text.count("\n", 0, found.start()) + 1
        rule = "text.control" if ord(found[0]) < 0x80 else "text.encoding"
        raise BadFile(rule, record=record, remedy=f"this is no plain {encoding} text with CR LF or LF; {_AGAIN}")
    if encoding == "cp932" and not block.isascii() and _is_other(block, text):
        raise BadFile("text.encoding", remedy=f"the file is UTF-8 or EUC-JP where CP932 is expected; {_AGAIN}")
    return text


def is_utf8(data: bytes) -> bool:
    """True where `data` holds more than ASCII and is UTF-8, but for a character cut off at its end."""
    return _could_be(data, "utf-8")


def _could_be(data: bytes, encoding: str) -> bool:
    text, at = _attempt(data, encoding)
    return (text is not None or at >= len(data) - 3) and not data[: at or None].isascii()


def _attempt(data: bytes, encoding: str) -> tuple[str | None, int]:
    """Text, or None and the position of the first undecodable byte; leaves no exception behind that holds the data."""
    try:
        return data.decode(encoding), 0
    except UnicodeDecodeError as error:
        return None, error.start


def _is_other(block: bytes, text: str) -> bool:
    """True where bytes that decode as CP932 are UTF-8, or EUC-JP and no believable half-width katakana.

    CP932 Japanese almost always has lead bytes 0x81-0x9F, which EUC-JP does not know; only half-width katakana and
    rare kanji are valid in both.
    """
    if is_utf8(block):
        return True
    if not _could_be(block, "euc_jp"):
        return False
    return not all(_KANA.fullmatch(run) for run in _RUN.findall(text))
