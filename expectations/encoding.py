"""Guesses the encoding of a text from a Japanese system: whichever it is valid in as a whole, binary where none."""

from __future__ import annotations

import codecs
from typing import BinaryIO


def guess_encoding(stream: BinaryIO, head: bytes) -> str | None:
    """UTF-8, UTF-16, ISO-2022-JP, CP932 or EUC-JP, the first that the whole stream is valid in; None for binary."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        return _utf16_without_mark(head)
    if any(escape in head for escape in (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b(I")):
        return "iso2022_jp_ext"
    for encoding in ("utf-8", "cp932", "euc_jp"):
        if _valid(stream, encoding):
            return encoding
    return "cp932" if _mostly_text(head) else None


def _utf16_without_mark(head: bytes) -> str | None:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    size = len(head) // 2 or 1
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > size // 20 and others == 0 and _decodes(head[: len(head) // 2 * 2], encoding):
            return encoding
    return None


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _valid(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(1 << 20):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True


def _mostly_text(head: bytes) -> bool:
    control = sum(byte < 32 and byte not in b"\t\n\r\x1a\x1b" for byte in head)
    return control * 50 < len(head)
