"""Whether the text of records is CP932, as the specification asks, or another encoding taken for it."""

from __future__ import annotations

import numpy as np

#: What Python's cp932 makes of the bytes 0x80, 0xA0 and 0xFD-0xFF, which are no characters of CP932.
_NO_CP932 = "\x80\xa0\uf8f0\uf8f1\uf8f2\uf8f3"
#: What else Japanese text is written in.
OTHERS = ("utf-8", "euc_jp")


def as_cp932(text: bytes) -> str | None:
    """The text, or None; no exception that holds it is left behind."""
    try:
        decoded = text.decode("cp932")
    except UnicodeDecodeError:
        return None
    return None if any(character in decoded for character in _NO_CP932) else decoded


def is_clearly_cp932(text: bytes) -> bool:
    """Whether the text can be nothing but CP932. Where it is not clear, a closer look decides."""
    return as_cp932(text) is not None and (text.isascii() or not any(decodes(text, name) for name in OTHERS))


def decodes(text: bytes, encoding: str) -> bool:
    """Whether the text is of this encoding."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def mostly_half_width(text: str) -> bool:
    """Half-width katakana is what EUC-JP looks like when it is taken for CP932."""
    code = np.frombuffer(text[:200_000].encode("utf-32-le"), np.uint32)
    half = (code >= 0xFF61) & (code <= 0xFF9F)
    return int(np.count_nonzero(half)) * 2 > int(np.count_nonzero(code >= 0x80))
