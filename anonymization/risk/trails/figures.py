"""What is said of trails: shares of people with their confidence intervals. Numbers and names of columns only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

#: 信頼係数: of the intervals, two-sided, and the quantile of the normal distribution that belongs to it.
CONFIDENCE, _QUANTILE = 0.95, 1.959963984540054


@dataclass(frozen=True)
class Share:
    """A share of people, 0 to 1, and the interval it lies in; all three are one number where everybody was counted."""

    share: float
    low: float
    high: float

    def figures(self) -> dict[str, float]:
        """For reports."""
        return asdict(self)


def counted(share: float) -> Share:
    """A share that was counted, not estimated."""
    return Share(share, share, share)


def estimated(share: float, looked: int) -> Share:
    """The interval of Wilson (1927) around the mean of `looked` people, each 0, 1 or between.

    A mean of values between 0 and 1 varies at most as much as one of zeros and ones, so the interval is wide enough.
    """
    square = _QUANTILE**2
    whole = looked + square
    middle = (share * looked + square / 2) / whole
    half = _QUANTILE * math.sqrt(looked * share * (1 - share) + square / 4) / whole
    return Share(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


@dataclass(frozen=True)
class Known:
    """Somebody knows so many events of a person. `unicity`: share of people who are then the only ones, where any of
    their events may be the known ones (the mean over them; de Montjoye et al. 2013). `worst`: share of people of whom
    some choice of events does it."""

    unicity: Share
    worst: Share


@dataclass(frozen=True)
class TrailRisk:
    """`known` by the number of known events, 1 up. `looked_at` people of `people` were looked at for 2 and more.

    `whole`: every set of their events was looked at; else those with more have a random choice of theirs (unicity) and
    their rarest ones (worst, which is then a lower bound).
    """

    columns: tuple[str, ...]
    people: int
    events: int
    looked_at: int
    whole: bool
    seed: int
    known: Mapping[int, Known]

    @property
    def exact(self) -> bool:
        """Nothing was estimated."""
        return self.whole and self.looked_at == self.people

    def figures(self) -> dict[str, object]:
        """For reports and programs."""
        return {
            "columns": list(self.columns),
            "people": self.people,
            "distinct_events": self.events,
            "known": {
                str(number): {"unicity": found.unicity.figures(), "worst": found.worst.figures()}
                for number, found in self.known.items()
            },
            "looked_at": self.looked_at,
            "exact": self.exact,
            "confidence": CONFIDENCE,
            "seed": self.seed,
        }
