"""The other senders of the world: whoever `sheets.SENDERS` names, a drop a month, off unless asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

from provision.sampledata.blocks import Block, World
from provision.sampledata.calendar import Month
from provision.sampledata.deliveries import senders
from provision.sampledata.drops import Drop
from provision.sampledata.illness import Visit, billed
from provision.sampledata.sheets import SENDERS, Kind
from provision.sampledata.truth import Truth

#: Senders whose files the world always writes, in rooms of their own.
ALWAYS = frozenset({"uke-medical", "kaigo-claims", "member-ledger"})
#: What can be taken in; K files are refused whatever they hold, so they are written only when named.
EVERYTHING = frozenset(SENDERS) - ALWAYS - {"dpc-k"}


class _File:
    """One file of one month being written: its entries wait in a temporary file for the totals."""

    def __init__(self, kind: Kind, month: Month, style: int) -> None:
        self.kind, self.name, self.sheet = kind, kind.name(month), kind.sheet(month, style)
        self.body = TemporaryFile()  # noqa: SIM115 - lives until close
        self.rows: Counter[str] = Counter()
        self.heads = 0

    def add(self, jobs: Sequence[tuple[Visit, str]], place: tuple[str, str], truth: Truth) -> None:
        """Write one block's entries; `place` is source and drop."""
        for visit, kind in jobs:
            text = self.sheet.entry(visit, kind)
            self.body.write(text.encode(self.sheet.encoding))
            self.rows += self.sheet.rows(text)
            for evidence in self.sheet.evidence(visit):
                self.heads += 1
                month = str(visit.month)
                truth.claim(*place, self.name, self.heads, visit.person, month, kind, evidence)

    def close(self, folder: Path) -> None:
        """Write the file into `folder`."""
        self.body.seek(0)
        with (folder / self.name).open("wb") as out:
            out.writelines(self.sheet.finish(self.body))
        self.body.close()


class Other:
    """All drops of one sender, written block by block; months in which nobody came have none."""

    def __init__(self, senders: Path, world: World, form: str) -> None:
        """Open the files of every month."""
        self._senders, self._world, self._form = senders, world, form
        self._sender = SENDERS[form]
        self._files = [[_File(kind, m, i) for kind in self._sender.kinds] for i, m in enumerate(world.months)]

    def add(self, block: Block, truth: Truth) -> None:
        """Write one block into the files of all months."""
        for number, kind in enumerate(self._sender.kinds):
            seen = [list(kind.occasion(self._world, block, month, False)) for month in self._world.months]
            for position, files in enumerate(self._files):
                place = self._sender.source, f"{self._world.months[position]}-1"
                files[number].add(self._jobs(seen, position), place, truth)

    def _jobs(self, seen: Sequence[Sequence[Visit]], position: int) -> list[tuple[Visit, str]]:
        """What is sent in month number `position`; see `Sender.billed`."""
        if self._sender.billed == "returned":
            back = seen[position - 1] if position else []
            return [(visit, "returned") for visit in back if visit.returned and not visit.late]
        if self._sender.billed == "first":
            return [(visit, "first") for visit in seen[position]]
        jobs = billed(seen, position)
        if self._sender.billed == "accepted":
            return [(visit, kind) for visit, kind in jobs if kind != "first" or not visit.returned]
        return jobs

    def close(self, truth: Truth) -> None:
        """Finish every file that has entries, tell the truth about it, then mark the drops as complete."""
        for month, files in zip(self._world.months, self._files, strict=True):
            filled = [file for file in files if file.rows]
            if not filled:
                continue
            drop = Drop(self._senders, self._sender.source, str(month))
            for file in filled:
                file.close(drop.folder)
                truth.file(drop.source, drop.name, file.name, self._form, file.sheet.totals, file.rows)
            drop.ready()


def wanted(also: Sequence[str], everything: bool) -> list[str]:
    """Format ids to be written besides those that always are, in order. ValueError for one nobody sends."""
    known = set(SENDERS) | set(senders())
    unknown = sorted(set(also) - known)
    if unknown:
        raise ValueError(f"the world does not write {', '.join(unknown)}; it knows {', '.join(sorted(known))}")
    return sorted((set(also) | (EVERYTHING | set(senders()) if everything else set())) - ALWAYS)
