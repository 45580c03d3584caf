"""範囲: byte ranges that are asked for (RFC 9110, section 14), and how far pieces that were sent cover a file."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Unsatisfiable(Exception):
    """No byte of the file is in the range: answered with 416."""


def asked(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one past the last of a ``Range`` header; None for the whole file.

    Forms we do not serve (several ranges, other units) are passed over, as RFC 9110, section 14.2 allows: the answer
    is the whole file then. Raises `Unsatisfiable`.
    """
    found = _ONE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        if int(last) == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size
    start, past = int(first), min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return None  # not a valid range, so it is passed over
    if start >= size:
        raise Unsatisfiable
    return start, past


def covered(pieces: Iterable[tuple[int, int]]) -> int:
    """Bytes that pieces (first, past) cover together; what was sent twice counts once."""
    total, reached = 0, 0
    for first, past in sorted(pieces):
        total += max(0, past - max(first, reached))
        reached = max(reached, past)
    return total
