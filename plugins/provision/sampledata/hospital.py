"""The hospital `kita-hospital`: one medical claims file a month, and one month sent again, corrected."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from provision.sampledata.blocks import Block, World
from provision.sampledata.calendar import Month
from provision.sampledata.drops import Drop
from provision.sampledata.facilities import KITA
from provision.sampledata.illness import Visit, billed, visits
from provision.sampledata.sheets.claims import claim_evidence
from provision.sampledata.truth import Truth
from provision.sampledata.uke_claim import claim
from provision.sampledata.uke_file import LIMIT, UkeFile, encode

SOURCE = "kita-hospital"
#: A file is closed and the next begun well before it can count no further.
_FULL = LIMIT - 50_000


class _MonthDrop:
    """The files of one drop being written. Every other month's files end with 0x1A."""

    def __init__(self, senders: Path, month: Month, position: int, corrected: bool, options: dict[str, bool]) -> None:
        self.drop = Drop(senders, SOURCE, str(month), 2 if corrected else 1, 1 if corrected else None)
        self.corrected, self._differs = corrected, False
        self._month, self._final_1a, self._options = month, position % 2 == 0, options
        self._part = 0
        self._begin()

    def _begin(self) -> None:
        self._part += 1
        self.name = "RECEIPTC.UKE" if self._part == 1 else f"RECEIPTC_{self._part}.UKE"
        self._rows: Counter[str] = Counter()
        self.file = UkeFile(self._month, final_1a=self._final_1a, **self._options)
        self._stream = (self.drop.folder / self.name).open("wb")
        self._stream.write(self.file.head())

    def add(self, jobs: list[tuple[Visit, str]], truth: Truth) -> None:
        """Write the claims of one block; each job is a visit and how its claim travels."""
        if self.file.payers > _FULL:
            self._finish(truth)
            self._begin()
        texts: list[str] = []
        corrected = self._corrected(jobs)
        for number, (visit, kind) in enumerate(jobs):
            changed = number in corrected
            texts.append(self.file.number(claim(visit, self.file.style, changed)))
            month = str(visit.month)
            truth.claim(
                SOURCE,
                self.drop.name,
                self.name,
                self.file.claims,
                visit.person,
                month,
                "corrected" if changed else kind,
                claim_evidence(visit, KITA),
            )
        self._stream.write(encode(texts))
        self._rows.update(line[:2] for text in texts for line in text.splitlines())

    def _corrected(self, jobs: list[tuple[Visit, str]]) -> set[int]:
        """The jobs whose claims are corrected. Where chance corrects nothing in the first block, the first claim that
        can be is: with the very same files a batch would be no replacement but a duplicate."""
        first = [n for n, (_, kind) in enumerate(jobs) if self.corrected and kind == "first"]
        chosen = {n for n in first if jobs[n][0].corrected}
        if self.corrected and not self._differs:
            able = next((n for n in [*sorted(chosen), *first] if self._differ(jobs[n][0])), None)
            chosen |= set() if able is None else {able}
            self._differs = able is not None
        return chosen

    def _differ(self, visit: Visit) -> bool:
        return claim(visit, self.file.style, True) != claim(visit, self.file.style)

    def _finish(self, truth: Truth) -> None:
        self._stream.write(self.file.tail())
        self._stream.close()
        file = self.file
        totals = {"claims": file.claims, "payers": file.payers, "points": file.points}
        truth.file(SOURCE, self.drop.name, self.name, "uke-medical", totals, self._rows)

    def close(self, truth: Truth) -> None:
        """Write the totals, then mark the drop as complete."""
        self._finish(truth)
        self.drop.ready()


class Hospital:
    """Writes all drops of the hospital at once, block by block."""

    def __init__(self, senders: Path, world: World, options: dict[str, bool]) -> None:
        """Open one drop per month; the second month (or the only one) is sent twice."""
        self._world = world
        self._months = list(enumerate(world.months))
        self._drops = [_MonthDrop(senders, m, i, False, options) for i, m in self._months]
        again = min(1, len(world.months) - 1)
        self._again = again, _MonthDrop(senders, world.months[again], again, True, options)

    def add(self, block: Block, truth: Truth) -> None:
        """Write one block: claims of the month, claims a month late, and returned claims billed again."""
        seen = [list(visits(self._world, block, month)) for _, month in self._months]
        for position, drop in enumerate(self._drops):
            jobs = billed(seen, position)
            drop.add(jobs, truth)
            if position == self._again[0]:
                self._again[1].add(jobs, truth)

    def close(self, truth: Truth) -> None:
        """Finish all drops."""
        for drop in self._drops:
            drop.close(truth)
        self._again[1].close(truth)
