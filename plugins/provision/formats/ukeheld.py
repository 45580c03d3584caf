"""Claims with bytes that are no text: left out of the parcels whole, while the totals are checked with them.

A damaged record is replaced by one that says no more than the totals and the order need (points, number of details,
診療識別), the chunk is read as ever, and then the claim's rows are taken out again: nothing of such a claim is stored,
and nothing undecodable is ever replaced and kept. Where the damage is not in a claim, the file is not taken.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from provision.formats.base import BadFile
from provision.formats.recordcells import Positions
from provision.formats.recordfile import Lines
from provision.formats.ukekind import UkeKind

RULE = "text.undecodable"
_AGAIN = "there are bytes in it that are no text; ask the sender for the file again in Shift_JIS"
_SPLIT = "a claim with details (総括) is damaged and the file too large to leave it out; ask the sender for it again"


def mended(lines: Lines, damaged: Positions, kind: UkeKind) -> Lines:
    """The chunk with every damaged line replaced by what totals and order need of it; the number of lines stays."""
    pieces, done = [], 0
    for line in damaged.tolist():
        first, last = int(lines.starts[line]), int(lines.ends[line])
        pieces += [lines.data[done:first], _bare(lines.data[first:last], kind)]
        done = last
    return Lines(b"".join([*pieces, lines.data[done:]]), lines.offset)


def _bare(line: bytes, kind: UkeKind) -> bytes:
    """The record kind, and of the other cells only the numbers that are looked at across claims."""
    cells = line.rstrip(b"\r").split(b",")
    record = cells[0].decode("ascii", "replace")
    wanted = {kind.index_of(record, name) for name in ("points", kind.details) if record in ("RE", "HO", "KO")}
    wanted |= {1} if record in kind.summary else set()
    least, most = kind.widths().get(record, (2, 2))
    width = max(least, min(len(cells), most))
    kept = [cells[n] if n in wanted and n < len(cells) and cells[n].isdigit() else b"" for n in range(1, width)]
    return b",".join([cells[0], *kept])


def claims_of(damaged: Positions, lines: Lines, claim_of: Positions, outside: np.ndarray) -> dict[int, int]:
    """The damaged claims, each with its first damaged line. Raises `BadFile` where a damaged line is in no claim:
    `outside` are the lines about the file."""
    found: dict[int, int] = {}
    for line in damaged.tolist():
        if outside[line] or claim_of[line] < 0:
            raise BadFile(RULE, record=lines.record(line), remedy=_AGAIN)
        found.setdefault(int(claim_of[line]), line)
    return found


def whole_sets(held: dict[int, int], first: int, detail_no: list[int], *, open_set: bool) -> dict[int, int]:
    """The held claims (number -> first damaged line) with all details and the 総括 they belong to. Raises `BadFile`
    where a set with a held claim began before this chunk or (`open_set`) goes on behind it."""
    if not any(detail_no):
        return held
    sets = np.cumsum(np.asarray(detail_no) == 0)
    found = dict(held)
    for claim, line in held.items():
        mine = sets[claim - first]
        if mine == 0 or (open_set and mine == sets[-1]):
            raise BadFile(RULE, remedy=_SPLIT)
        for place in np.flatnonzero(sets == mine).tolist():
            found.setdefault(first + place, line)
    return found


def raw_claims(held: dict[int, int], lines: Lines, claim_of: Positions, outside: np.ndarray) -> Iterator[bytes]:
    """The bytes of each held claim as they came."""
    for claim in held:
        yield lines.take((claim_of == claim) & ~outside)


def without(frames: dict[str, pl.DataFrame], held: dict[int, int], about_file: set[str]) -> dict[str, pl.DataFrame]:
    """The frames without the rows of held claims; the tables about the file stay as they are."""
    gone = pl.Series(list(held), dtype=pl.Int64).implode()
    return {
        name: frame if name in about_file else frame.filter(~pl.col("claim_no").is_in(gone))
        for name, frame in frames.items()
    }
