"""k-匿名性 over people: who shares their quasi-identifiers with too few others, and what leaving them out costs.

Missing values are a value of their own. Counted over people, not rows: a person with a hundred claims is one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Risk:
    """Figures before and after suppression. Risks are prosecutor risks: 1 / size of a person's group."""

    k: int
    people: int
    groups: int
    smallest_group: int
    suppressed: int
    groups_left: int
    smallest_group_left: int
    unique_people: int

    @property
    def suppressed_share(self) -> float:
        """Share of people left out, 0 to 1."""
        return self.suppressed / self.people if self.people else 0.0

    def counts(self) -> dict[str, int]:
        """The figures as whole numbers; the share in parts per million."""
        return {
            "k": self.k,
            "people": self.people,
            "groups": self.groups,
            "smallest_group": self.smallest_group,
            "suppressed": self.suppressed,
            "suppressed_ppm": round(self.suppressed_share * 1_000_000),
            "groups_left": self.groups_left,
            "smallest_group_left": self.smallest_group_left,
            "unique_people": self.unique_people,
        }


def suppress_small_groups(people: pl.DataFrame, quasi: Sequence[str], k: int) -> tuple[pl.DataFrame, Risk]:
    """Leave out everybody whose group of equal `quasi` values has under `k` people.

    `people` has one row per person, with `quasi` columns. Gives the rows that stay, and the figures. ValueError where
    there is nobody, no quasi-identifier or a k under 2.
    """
    if not people.height or not quasi or k < 2:
        raise ValueError("k-anonymity needs people, quasi-identifiers and k of at least 2")
    sized = people.with_columns(_size=pl.len().over(quasi))
    left = sized.filter(pl.col("_size") >= k)
    before = sized.select(quasi).n_unique()
    figures = Risk(
        k=k,
        people=people.height,
        groups=before,
        smallest_group=_smallest(sized),
        suppressed=people.height - left.height,
        groups_left=left.select(quasi).n_unique() if left.height else 0,
        smallest_group_left=_smallest(left) if left.height else 0,
        unique_people=sized.filter(pl.col("_size") == 1).height,
    )
    return left.drop("_size"), figures


def _smallest(sized: pl.DataFrame) -> int:
    return int(sized.select(pl.col("_size").min()).item())
