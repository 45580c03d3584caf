"""Documents de-identified by several processes, as intake does with large batches: a part of `bench_documents`."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from provision.intake.hands.pool import Hands


def usual() -> int:
    """As many processes as intake would use for a large batch; 1 where it would use none beside its own."""
    from provision.intake.hands.pool import WORTH, hands_for

    hands = hands_for(WORTH, None)
    return hands.count if hands else 1


def pool(name: str, hands: int) -> Hands | None:
    """The hands that are to read; None where they do not know the format, or there shall be none."""
    from provision.formats import get
    from provision.formats.documents import DocumentFormat
    from provision.formats.pieces import InPieces
    from provision.intake.hands.job import ours
    from provision.intake.hands.pool import Hands

    source = get(name)
    known = isinstance(source, DocumentFormat | InPieces) and ours(source)
    return Hands(hands) if hands > 1 and known else None


def warmed(hands: Hands, name: str, documents: list[bytes], options: dict[str, object]) -> None:
    """Have every hand started, and a few documents go through each."""
    from provision.formats import get
    from provision.formats.pieces import InPieces
    from provision.intake.hands.job import Job

    parts = [b"".join(documents)] if isinstance(get(name), InPieces) else documents
    for future in [hands.submit(Job(name, options, False, parts)) for _ in range(hands.count)]:
        _whole(future.result())


def drained(hands: Hands, name: str, documents: Iterable[bytes], options: dict[str, object]) -> int:
    """De-identify everything; how many files were taken."""
    from provision.formats import get
    from provision.formats.pieces import InPieces

    source = get(name)
    drain = _lines if isinstance(source, InPieces) else _groups
    return drain(hands, source, documents, options)


def _groups(hands: Hands, source: Any, documents: Iterable[bytes], options: Mapping[str, object]) -> int:
    from provision.formats.documents import DocumentFormat
    from provision.intake.groups import Waiting
    from provision.intake.handed import Handing
    from provision.intake.hands.job import Made

    class Counted(Handing[None]):
        """Documents that are counted when they come back."""

        taken = 0

        def options_of(self, kind: DocumentFormat) -> Mapping[str, object]:
            return options

        def settle(self, kind: DocumentFormat, group: list[Waiting[None]], made: Made | None) -> None:
            self.taken += _whole(made).verdicts.count(None)

    counted = Counted(hands, anonymised=False)
    for data in documents:
        counted.add(source, Waiting(None, data, len(data)))
    counted.flush()
    return counted.taken


def _lines(hands: Hands, source: Any, documents: Iterable[bytes], options: Mapping[str, object]) -> int:
    from provision.intake.hands.job import Job
    from provision.intake.hands.pool import InOrder

    joined, jobs = Joined(iter(documents)), InOrder[None](hands)
    for piece in source.pieces(cast(BinaryIO, joined)):
        jobs.send(None, Job(source.id, options, False, [piece.data], piece.before))
        for _, made in jobs.done():
            _whole(made)
    for _, made in jobs.done(all_of_them=True):
        _whole(made)
    return joined.drawn


def _whole(made: Any) -> Any:
    """Raises where a job was not done: what is measured must be whole."""
    if made is None:
        raise ValueError("a piece was refused")
    return made


def children() -> list[str]:
    """The processes that this one has started."""
    return [pid for task in Path("/proc/self/task").glob("*/children") for pid in task.read_text().split()]


def seconds() -> float:
    """Seconds of the processors that this process and its children have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in children()]
    return time.process_time() + sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


class Joined(io.RawIOBase):
    """Files one after another, each ended by a line feed."""

    def __init__(self, files: Iterator[bytes]) -> None:
        self._files, self._left, self.drawn = files, b"", 0

    def read(self, size: int = -1) -> bytes:
        """`size` bytes, fewer at the end only."""
        pieces, length = [self._left], len(self._left)
        while length < size or size < 0:
            data = next(self._files, None)
            if data is None:
                break
            pieces.append(data if data.endswith(b"}\n") else data.rstrip(b"\r\n") + b"\n")
            length, self.drawn = length + len(pieces[-1]), self.drawn + 1
        whole = b"".join(pieces)
        end = len(whole) if size < 0 else size
        self._left = whole[end:]
        return whole[:end]
