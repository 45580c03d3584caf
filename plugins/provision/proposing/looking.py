"""Looking at a file of any kind that tables come in: headings, and shapes of the first rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from provision.errors import Refused
from provision.formats.base import BadFile, Report
from provision.formats.configured import PARCEL_ROWS, Rows, open_rows
from provision.formats.delimited import Coded
from provision.formats.headings import fold
from provision.formats.mynumbers import MyNumbers, refuse_headings, refuse_labels
from provision.formats.parquetfile import MAGIC
from provision.layouts import Delimited, Excel, FileKind, Parquet
from provision.proposing.dictionary import known_heading
from provision.proposing.shapes import Shapes

#: Frames of rows that are looked at.
_FRAMES = 4
#: What a heading never is: a number, a day, a postal code, a telephone number, an e-mail address.
_DATA = re.compile(r"[0-9]{3,}|.*[0-9]{5}.*|[0-9]+(?:[-/.年月][0-9]+)+日?|[mtshr][0-9]{1,2}[/.-].*|.*@.*")


@dataclass(frozen=True)
class Looked:
    """Kind of the file, headings, and the shapes of their columns."""

    kind: FileKind
    headings: list[str]
    shapes: list[Shapes]


def look(path: Path, sheet: str, header_row: int) -> Looked:
    """Look at a file. Raises `Refused` (rules of the readers, ``my_number``, ``propose.header``)."""
    try:
        with path.open("rb") as stream:
            return _look(stream, sheet, header_row)
    except OSError:
        raise Refused("the file cannot be read", rule="propose.file", remedy="name a file that you may read") from None
    except BadFile as error:
        what = "the file cannot be looked at"
        raise Refused(what, rule=error.rule, remedy=error.remedy, where=error.field) from None


def _look(stream: BinaryIO, sheet: str, header_row: int) -> Looked:
    kind = _kind(stream.read(4), sheet, header_row)
    stream.seek(0)
    rows = open_rows(kind, stream, Report(), accepts=lambda header: any(map(known_heading, header)))
    frames = rows.frames()
    next(frames, None)
    _refuse_data(rows)
    seen = [Shapes() for _ in rows.header]
    numbers = MyNumbers()
    for frame in _bounded(frames):
        numbers.look(frame)
        for place, shapes in enumerate(seen):
            shapes.see(frame.strings(f"c{place}"))
    return Looked(_told(kind, rows), rows.header, seen)


def _kind(head: bytes, sheet: str, header_row: int) -> FileKind:
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return Excel(kind="excel", sheet=sheet, header_row=header_row)
    if head.startswith(MAGIC):
        return Parquet(kind="parquet")
    return Delimited(kind="delimited", header_row=header_row)


def _told(kind: FileKind, rows: Rows) -> FileKind:
    """The kind with the separator that the file has; its encoding is left to be told by each file."""
    words = {",": "comma", "\t": "tab", ";": "semicolon"}
    separator = words.get(getattr(rows, "separator", ""))
    if isinstance(kind, Delimited) and separator:
        return Delimited.model_validate({**kind.model_dump(), "separator": separator})
    return kind


def _bounded(frames: Iterator[Coded]) -> Iterator[Coded]:
    for frame in islice(frames, _FRAMES):
        yield Coded(frame.codes[:PARCEL_ROWS], frame.words)


def _refuse_data(rows: Rows) -> None:
    """A file without headings begins with a person's data: they must not become the draft's words."""
    refuse_headings(rows.header)
    refuse_labels(rows.above)
    folded = [fold(cell) for cell in rows.header]
    if any(map(_DATA.fullmatch, folded)) or not any(map(known_heading, rows.header)):
        raise Refused(
            "the header row looks like data, or none of its headings is known", rule="propose.header",
            remedy="name the row with the headings (--header-row), or write the layout by hand: docs/data-team.md",
        )  # fmt: skip
