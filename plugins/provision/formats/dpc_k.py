"""DPC Kファイル (``Kn``): recognised and refused. Nothing of it is ever taken.

Its 一次共通ID is made from birth date, kana name and sex by the ministry's tool: a stable hash of a person with so few
possible inputs that anybody can try them all. It would join people over hospitals and years, whatever a contract says.
The layout was not seen (grade D), so a K file is told by what it must hold: rows that begin with a facility code and
have a cell of 32 or more letters and digits, or a heading that names a common id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from provision.formats import tables
from provision.formats.base import BadFile, Dataset, Parcel, Report
from provision.formats.dpcfile import FACILITY
from provision.formats.options import no_options
from provision.formats.tables import FieldTable
from provision.formats.textfile import blocks, decode, is_text

_HASH = re.compile(r"[0-9A-Za-z+/=_-]{32,}")
_REMEDY = "K files are never taken: their common id is a hash of a person; destroy the file and tell the sender"
_ANOTHER = "this is no K file; check the source's format (K files are refused in any case)"


@dataclass(frozen=True)
class KFile:
    """The format that refuses. Takes no options."""

    of_lines = True
    id: str = "dpc-k"

    @property
    def title(self) -> Mapping[str, str]:
        """Name for people."""
        return {"ja": "DPC Kファイル（受領しない）", "en": "DPC K file (refused)"}

    @property
    def dataset(self) -> Dataset:
        """A table that stays empty: every column goes."""
        return tables.load("dpc_k").dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        """What must be in such a file; its layout is not known."""
        return (tables.load("dpc_k"),)

    def recognise(self, head: bytes) -> str:
        """Why these bytes begin such a file; "" where they do not."""
        found = is_text(head) and is_k_file(head.decode("cp932", "replace"))
        return "a facility code and a common id of patients: a K file, which is never taken" if found else ""

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        """Always raises `BadFile`: ``dpc.k_file`` for a K file, ``dpc.layout`` for another text file."""
        no_options(self.id, options)
        report.edition = self.dataset.edition
        text = decode(next(blocks(stream)), "cp932", 0)
        if is_k_file(text):
            raise BadFile("dpc.k_file", remedy=_REMEDY)
        raise BadFile("dpc.layout", record=1, remedy=_ANOTHER)


def is_k_file(text: str) -> bool:
    """True where the beginning of a file looks like a K file: see the module."""
    lines = [line for line in text.splitlines() if line.strip()]
    headings = bool(lines) and "共通ID" in unicodedata.normalize("NFKC", lines[0])
    rows = (line.split("\t") for line in lines)
    return headings or any(
        re.fullmatch(FACILITY, row[0].strip()) and any(_HASH.fullmatch(cell.strip()) for cell in row[1:])
        for row in rows
    )


FORMAT = KFile()
