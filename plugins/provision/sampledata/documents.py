"""Senders of documents in the world: a drop a month, the documents in their folders or packed into one archive.

Off unless asked for, as the other senders. Documents are written as they come, so memory does not grow; months by turns
leave them in their folders and pack them (``delivery.zip``). Files lie in the order of their paths in both, which is
the order they are taken in.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from provision.sampledata.blocks import Block, World
from provision.sampledata.calendar import Month
from provision.sampledata.deliveries import DocumentSender, Written, senders
from provision.sampledata.drops import READY, Drop
from provision.sampledata.illness import Visit
from provision.sampledata.truth import Truth

ARCHIVE = "delivery.zip"
#: The same bytes whenever it is written.
_WRITTEN = (2025, 4, 1, 0, 0, 0)


class Documents:
    """All drops of one sender, written block by block; months in which nobody came have none."""

    def __init__(self, folder: Path, world: World, form: str) -> None:
        """Begin the delivery of every month. KeyError for a format without a sender of documents."""
        self._world = world
        self._months = [_MonthDrop(folder, senders()[form], month, i) for i, month in enumerate(world.months)]

    def add(self, block: Block, truth: Truth) -> None:
        """Write one block's documents of all months."""
        for month in self._months:
            for visit in month.sender.occasion(self._world, block, month.month, False):
                month.add(visit, truth)

    def close(self, truth: Truth) -> None:
        """Finish all drops."""
        for month in self._months:
            month.close(truth)


class _MonthDrop:
    """One month's delivery being written."""

    def __init__(self, folder: Path, sender: DocumentSender, month: Month, position: int) -> None:
        self.sender, self.month = sender, month
        self._folder, self._packed = folder, position % 2 == 1
        self._delivery = sender.delivery(month, position)
        self._drop: Drop | None = None
        self._files: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()

    def add(self, visit: Visit, truth: Truth) -> None:
        """Write one visit's documents, and whose they are."""
        found = self._delivery.documents(visit)
        if not found:
            return
        drop = self._opened()
        for written in found:
            self._write(drop, written)
        heads = self._delivery.heads(visit)
        places = [
            (drop.source, drop.name, written.path, head)
            for written, rows in zip(found, heads, strict=True)
            for head in range(1, rows + 1)
        ]
        for place, told in zip(places, self._delivery.evidence(visit), strict=True):
            truth.claim(*place, visit.person, str(self.month), "document", told)
        self._files.update(files=len(found), heads=len(places), passed_over=heads.count(0))
        self._rows.update({table: len(rows) for table, rows in self._delivery.kept(visit).items()})

    def close(self, truth: Truth) -> None:
        """What travels with the documents, the archive, the sums; then the marker. ValueError where two documents have
        the same path, or the folder had files before."""
        if self._drop is None:
            return
        for written in self._delivery.beside():
            self._write(self._drop, written)
            self._files.update(files=1, passed_over=1)
        folder = self._drop.folder
        there = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        if len(there) != self._files["files"]:
            raise ValueError(f"{self.sender.source} writes two documents to one path, or into a folder with files")
        if self._packed:
            _pack(folder, there)
        truth.file(self._drop.source, self._drop.name, ".", self.sender.format, self._files, self._rows)
        self._drop.ready()

    def _opened(self) -> Drop:
        self._drop = self._drop or Drop(self._folder, self.sender.source, str(self.month))
        return self._drop

    def _write(self, drop: Drop, written: Written) -> None:
        path = drop.folder / written.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written.data)


def _pack(folder: Path, names: list[str]) -> None:
    """Move these files of a folder into one archive there, in this order."""
    with ZipFile(folder / ARCHIVE, "w") as archive:
        for name in names:
            info = ZipInfo(name, _WRITTEN)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, (folder / name).read_bytes())
            (folder / name).unlink()
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        path.rmdir()


def delivered(drop: Path) -> list[Written]:
    """The files of a written drop in the order they are taken in, packed or not."""
    if (drop / ARCHIVE).is_file():
        with ZipFile(drop / ARCHIVE) as archive:
            return [Written(info.filename, archive.read(info)) for info in archive.infolist()]
    paths = sorted(str(path.relative_to(drop)) for path in drop.rglob("*") if path.is_file() and path.name != READY)
    return [Written(path, (drop / path).read_bytes()) for path in paths]
