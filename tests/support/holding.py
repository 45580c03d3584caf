"""A format of medical claims in which lines that begin with ``??`` are records nobody can decode: they are held."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from provision.formats.base import Dataset, Format, Parcel, Report
from provision.formats.tables import FieldTable
from provision.formats.uke_medical import FORMAT

RULE = "text.undecodable"
#: A record as it came, with a name in it that is no text in any encoding of ours.
HELD = b"??,1,\x81\xff" + "架空　花子".encode("cp932") + b"\xff\r\n"


@dataclass(frozen=True)
class Holding:
    """The reader of medical claims, behind a sieve."""

    id: str = "held-claims"
    inner: Format = field(default=FORMAT)

    @property
    def title(self) -> Mapping[str, str]:
        return self.inner.title

    @property
    def dataset(self) -> Dataset:
        return self.inner.dataset

    @property
    def editions(self) -> tuple[FieldTable, ...]:
        return self.inner.editions

    def recognise(self, head: bytes) -> str:
        return "it holds a line for quarantine" if b"??" in head else self.inner.recognise(head)

    def read(self, stream: BinaryIO, report: Report, options: Mapping[str, object]) -> Iterator[Parcel]:
        kept = []
        for number, line in enumerate(stream.read(-1).splitlines(keepends=True), 1):
            if line.startswith(b"??"):
                report.hold(number, RULE, line)
            else:
                kept.append(line)
        yield from self.inner.read(io.BytesIO(b"".join(kept)), report, options)
