"""The care facility `sakura-care`: one 国保連 CSV a month; control record, totals 7111, claims 7131, end record."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from provision.sampledata.blocks import Block, World
from provision.sampledata.calendar import Month
from provision.sampledata.care_claim import OFFICE, CareClaim, Totals, care_claim, care_evidence
from provision.sampledata.drops import Drop
from provision.sampledata.truth import Truth

SOURCE = "sakura-care"
LATE = 0.03


@dataclass
class Sums:
    """7111 totals by service month: of the insurance (all claims) and of each public payer's law."""

    insurance: dict[str, Totals] = field(default_factory=dict)
    public: dict[tuple[str, str], Totals] = field(default_factory=dict)

    def add(self, month: Month, claim: CareClaim) -> None:
        """Add one claim."""
        self.insurance.setdefault(month.compact, Totals()).add(claim.totals)
        if claim.law:
            share = Totals(1, claim.totals.units, claim.totals.cost, 0, claim.totals.public, 0)
            self.public.setdefault((month.compact, claim.law), Totals()).add(share)

    def total(self) -> dict[str, int]:
        """What the insurance's totals of all months add up to."""
        everything = Totals()
        for sums in self.insurance.values():
            everything.add(sums)
        return {name: getattr(everything, name) for name in Totals.__slots__}

    def records(self) -> list[list[str]]:
        """請求書: 18 columns a record; the second half (特定入所者) stays zero."""
        found = [_request(month, "1", "0", sums) for month, sums in sorted(self.insurance.items())]
        return found + [_request(month, "2", law, sums) for (month, law), sums in sorted(self.public.items())]


def _request(month: str, payer: str, law: str, sums: Totals) -> list[str]:
    amounts = (sums.claims, sums.units, sums.cost, sums.insurance, sums.public, sums.user)
    return ["7111", month, OFFICE, payer, law, "01", *map(str, amounts), "0", "", "0", "0", "0", "0"]


class _MonthDrop:
    """One month's file: claims are spooled, because the totals stand before them. Every other month is quoted."""

    def __init__(self, senders: Path, month: Month, position: int) -> None:
        self.drop = Drop(senders, SOURCE, str(month))
        self._month, self._quoted = month, position % 2 == 0
        year = month.year - 2018 if month.year > 2018 else month.year - 1988
        self.name = f"d{year:02d}{month.month:02d}a.csv"
        self._spool = TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - lives until close
        self._writer = csv.writer(self._spool)
        self._sums = Sums()
        self._claims = 0
        self._rows: Counter[str] = Counter()

    def add(self, month: Month, claim: CareClaim) -> int:
        """Take one claim; returns its ordinal in the file."""
        self._writer.writerows(claim.records)
        self._rows.update(record[1] for record in claim.records)
        self._sums.add(month, claim)
        self._claims += 1
        return self._claims

    def close(self, truth: Truth) -> None:
        """Write the file, tell the truth about it, then mark the drop as complete."""
        totals = self._sums.records()
        self._spool.seek(0)
        count = len(totals) + sum(1 for _ in csv.reader(self._spool))
        self._spool.seek(0)
        month = self._month.next().compact
        with (self.drop.folder / self.name).open("w", encoding="cp932", newline="") as out:
            out.write(self._line(1, 1, ["0", str(count), "711", "0", "0", OFFICE, "00", "1", month, "0"]))
            number = 1
            for source in (totals, csv.reader(self._spool)):
                for record in source:
                    number += 1
                    out.write(self._line(2, number, record))
            out.write(f"3,{number + 1}\r\n")
        self._spool.close()
        rows = {**self._rows, "7111": len(totals)}
        truth.file(SOURCE, self.drop.name, self.name, "kaigo-claims", self._sums.total(), rows)
        self.drop.ready()

    def _line(self, kind: int, number: int, record: list[str]) -> str:
        items = (f'"{item}"' for item in record) if self._quoted else iter(record)
        return f"{kind},{number},{','.join(items)}\r\n"


class CareFacility:
    """Writes all drops of the facility at once, block by block."""

    def __init__(self, senders: Path, world: World) -> None:
        """Open one drop per month."""
        self._world = world
        self._drops = [_MonthDrop(senders, month, i) for i, month in enumerate(world.months)]

    def add(self, block: Block, truth: Truth) -> None:
        """Write one block's users; a claim billed late goes into the next month's file (and past the last: nowhere)."""
        for position, month in enumerate(self._world.months):
            table = self._world.draws(20, block.index, month.index, rows=block.size, columns=10)
            for person, draws in zip(block.people, table, strict=False):
                late = draws[9] < LATE
                if not person.care or draws[0] >= 0.92 or position + late >= len(self._drops):
                    continue
                drop = self._drops[position + late]
                ordinal = drop.add(month, care_claim(person, month, draws))
                kind = "late" if late else "first"
                told = care_evidence(person)
                truth.claim(SOURCE, drop.drop.name, drop.name, ordinal, person, str(month), kind, told)

    def close(self, truth: Truth) -> None:
        """Finish all drops."""
        for drop in self._drops:
            drop.close(truth)
