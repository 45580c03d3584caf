"""Days and months in plain digits, a whole column at once: 8 digits, 6, or ``1957/05/06`` as spreadsheets write days.

Most columns of dates are written in one of these ways from the first cell to the last. Their bytes are looked at where
Arrow keeps short texts (a length and up to 12 bytes per cell), without asking for words. Anything else is left to
`dates`, whose rules these are.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Form = Literal["digits", "day", "date", "month"]
_Mask = npt.NDArray[np.bool_]
_Bytes = npt.NDArray[np.uint8]

YEARS = (1868, 2199)
#: Last day of the months 1 to 12 of a common year; there are no months 0 and 13.
_LAST_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0])
_TEXT = 4  # where the text of a short cell begins, behind its length
#: Length of a cell -> places of its digits.
_PLACES = {6: [0, 1, 2, 3, 4, 5], 8: [0, 1, 2, 3, 4, 5, 6, 7], 10: [0, 1, 2, 3, 5, 6, 8, 9]}
_DIVIDED, _DIVISIONS, _DIVIDERS = 10, [4, 7], b"/.-"
_HYPHEN = 0x2D


def exists(year: npt.NDArray[np.integer], month: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> _Mask:
    """Which days there are, in the years that people and files of ours come from."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = _LAST_DAYS[np.clip(month, 0, 13)] + (leap & (month == 2))
    return np.asarray((year >= YEARS[0]) & (year <= YEARS[1]) & (day >= 1) & (day <= last))


def read(cells: pl.Series, form: Form) -> pl.Series | None:
    """The cells in this form, null where a cell is null or nothing but zeros or nines (open). None where any is written
    in another way than the first, is no day or month, or has no such form."""
    there = np.asarray(cells.is_not_null().to_numpy())
    if not there.any():
        return None
    views = _views(cells)
    length = int(views[int(there.argmax()), 0])
    if length not in _PLACES or (length == min(_PLACES) and form in ("day", "date")):
        return None
    if not _alike(views[there], length):
        return None
    digits = views[:, [_TEXT + place for place in _PLACES[length]]] - np.uint8(0x30)
    open_ = (digits == digits[:, :1]).all(axis=1) & np.isin(digits[:, 0], (0, 9)) & (length != _DIVIDED)
    if (there & ~open_ & ~_exist(digits)).any():
        return None
    return _written(digits, form, None if (there & ~open_).all() else there & ~open_)


def _views(cells: pl.Series) -> _Bytes:
    """A row of 16 bytes for every cell: its length, and its text where that is short."""
    array: Any = cells.to_arrow(compat_level=pl.CompatLevel.newest())
    views: _Bytes = np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, 16)
    return views[array.offset : array.offset + len(array)]


def _alike(views: _Bytes, length: int) -> bool:
    """Whether all these cells have this length, and digits (between dividers, where they are divided)."""
    if (np.ascontiguousarray(views[:, :_TEXT]).view("<u4") != length).any():
        return False
    text = views[:, _TEXT : _TEXT + length]
    if length == _DIVIDED and not np.isin(text[:, _DIVISIONS], list(_DIVIDERS)).all():
        return False
    return bool((text[:, _PLACES[length]] - np.uint8(0x30) <= 9).all())


def _exist(digits: _Bytes) -> _Mask:
    number = digits.astype(np.int32)
    year = number[:, 0] * 1000 + number[:, 1] * 100 + number[:, 2] * 10 + number[:, 3]
    month = number[:, 4] * 10 + number[:, 5]
    return exists(year, month, number[:, 6] * 10 + number[:, 7] if digits.shape[1] > 6 else np.ones_like(year))


def _written(digits: _Bytes, form: Form, filled: _Mask | None) -> pl.Series:
    parts = [digits[:, :4], digits[:, 4:6], digits[:, 6:]]
    kept = parts[: 2 if form == "month" else 3]
    made = np.zeros((len(digits), 16), np.uint8)
    at = _TEXT
    for number, part in enumerate(part for part in kept if part.shape[1]):
        if number and form in ("date", "month"):
            made[:, at] = _HYPHEN
            at += 1
        made[:, at : at + part.shape[1]] = part + np.uint8(0x30)
        at += part.shape[1]
    made[:, 0] = at - _TEXT
    if filled is not None:
        made[~filled] = 0
    valid = None if filled is None else pa.py_buffer(np.packbits(filled, bitorder="little").data)
    return pl.Series(pa.Array.from_buffers(pa.string_view(), len(made), [valid, pa.py_buffer(made.data)]))
