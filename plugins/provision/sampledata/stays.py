"""A stay in the DPC hospital: its group, its points by period, and the acts paid apart; read by claims and survey."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

from provision.sampledata.illness import Visit
from provision.sampledata.tables import Act, rows
from provision.sampledata.uke_records import act

#: 医療機関別係数 of the hospital, in ten-thousandths: it identifies the hospital.
COEFFICIENT = 13_862


@dataclass(frozen=True)
class Group:
    """診断群分類: code, disease and procedure ("" where there is none), points a day and last day of each period."""

    dpc: str
    icd10: str
    disease: str
    name: str
    procedure: str
    section: str
    points: tuple[int, int, int]
    last: tuple[int, int, int]


@dataclass(frozen=True)
class Stay:
    """One visit as a stay."""

    visit: Visit

    @property
    def group(self) -> Group:
        """The group that the stay's draw chose."""
        return groups()[int(self.visit.draws[3] * len(groups()))]

    @property
    def admitted(self) -> int:
        """Ordinal of the first day."""
        return self.visit.month.first + self.visit.days[0] - 1

    @property
    def discharged(self) -> int:
        """Ordinal of the last day."""
        return self.visit.month.first + self.visit.days[-1] - 1

    @cached_property
    def periods(self) -> list[tuple[int, int, int]]:
        """(period, points a day, days) for each period that has days."""
        days, before, found = len(self.visit.days), 0, []
        for number, (points, last) in enumerate(zip(self.group.points, self.group.last, strict=True), 1):
            count = max(0, min(days, last) - before)
            before = last
            if count:
                found.append((number, points, count))
        return found

    @cached_property
    def bundled(self) -> int:
        """包括評価点数: points of all periods."""
        return sum(points * days for _, points, days in self.periods)

    @property
    def evaluated(self) -> int:
        """包括評価点数 times the coefficient, rounded."""
        return (self.bundled * COEFFICIENT + 5_000) // 10_000

    @cached_property
    def apart(self) -> list[tuple[str, Act, int]]:
        """Acts paid apart (出来高) by 診療識別: name, act and how often."""
        names = [
            "guide",
            *(["surgery"] if self.group.procedure else []),
            *(["drip"] if self.visit.draws[4] < 0.5 else []),
        ]
        chosen = sorted((act(name).lines[0].section, name) for name in names)
        return [(name, act(name), len(self.visit.days) if name == "drip" else 1) for _, name in chosen]

    @cached_property
    def inside(self) -> list[tuple[str, Act, int]]:
        """Acts paid by the bundle, for the survey: blood tests and drugs of the person's lasting illnesses."""
        names = {"bio_blood"} | {name for d in self.visit.person.conditions for name in d.acts}
        names -= {name for name, _, _ in self.apart}
        return [(name, act(name), 1) for name in sorted(names)]


@cache
def groups() -> tuple[Group, ...]:
    """Every group of ``data/dpc_groups.tsv``."""
    return tuple(_group(row) for row in rows("dpc_groups"))


def _group(row: dict[str, str]) -> Group:
    points = int(row["points1"]), int(row["points2"]), int(row["points3"])
    last = int(row["days1"]), int(row["days2"]), int(row["days3"])
    disease = row["icd10"], row["disease"], row["name"]
    return Group(row["dpc"], *disease, row["procedure"], row["section"], points, last)
