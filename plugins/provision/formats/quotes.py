"""Whether the quotes of comma-separated lines stand around whole cells, for whole blocks at once.

64 bytes are looked at in one step: a mask of them is one number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_ONE, _TOP = np.uint64(1), np.uint64(63)
_COMMA, _QUOTE, _LF, _CR = b',"\n\r'

_Bits = npt.NDArray[np.uint64]


def quoted_whole(raw: npt.NDArray[np.uint8], *, commas: bool = False, separator: int = _COMMA) -> bool:
    """Whether quotes stand around whole cells only, with no line end between two of them and, but where `commas` may
    be inside, no comma (or what else is the `separator`). `raw` are whole lines, the last with or without its end."""
    quote, comma, feed = (_bits(raw == byte) for byte in (_QUOTE, separator, _LF))
    ends = comma | feed
    inside = _odd(quote)
    before = ends << _ONE
    before[1:] |= ends[:-1] >> _TOP
    before[0] |= _ONE
    after = ends | _bits(raw == _CR)
    behind = after >> _ONE
    behind[:-1] |= after[1:] << _TOP
    last, bit = divmod(len(raw) - 1, 64)
    behind[last] |= _ONE << np.uint64(bit)
    wrong = (inside & (feed if commas else ends)) | (quote & inside & ~before) | (quote & ~inside & ~behind)
    return not wrong.any() and not int(inside[last] >> np.uint64(bit)) & 1


def _odd(quote: _Bits) -> _Bits:
    """The places up to which the quotes, those there counted, are odd."""
    inside = quote.copy()
    for width in (1, 2, 4, 8, 16, 32):
        inside ^= inside << np.uint64(width)
    inside[1:] ^= -np.bitwise_xor.accumulate(inside >> _TOP)[:-1]  # and those of the words before
    return inside


def _bits(mask: npt.NDArray[np.bool_]) -> _Bits:
    """A mask as words of 64 bits, the first place lowest."""
    packed = np.packbits(mask, bitorder="little")
    return np.concatenate((packed, np.zeros(-len(packed) % 8, np.uint8))).view("<u8")
