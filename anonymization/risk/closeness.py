"""t-近接性: how far the sensitive values of a group lie from those of the whole table. Per group, smaller is safer.

Two distances (Li et al. 2007), both from 0 to 1:
* equal: half the sum of absolute differences of shares;
* ordered: earth mover's distance over the **ranks of the distinct values** (not over their sizes), divided by m - 1.
One value in the whole table: 0, as nothing can be learnt. A missing value is a value of its own, ranked first.
"""

from __future__ import annotations

import numpy as np

from anonymization.risk.groups import Cells, Floats


def equal(cells: Cells, groups: int) -> Floats:
    """Equal distance of each group. Values a group has not enter through what is missing to 1: no dense table."""
    overall = cells.shares[cells.value]
    totals = np.bincount(cells.group, weights=cells.count, minlength=groups)
    own = cells.count / totals[cells.group]
    seen = np.bincount(cells.group, weights=np.abs(own - overall) - overall, minlength=groups)
    return np.asarray(np.where(totals > 0, np.clip((1.0 + seen) / 2.0, 0.0, 1.0), 0.0), dtype=np.float64)


def ordered(cells: Cells, groups: int) -> Floats:
    """Ordered distance of each group.

    The group's cumulated share changes only where it has a value, so each of its cells stands for a stretch of ranks,
    and the distance over a stretch follows from sums of the table's cumulated shares: no dense table of all values.
    """
    values = cells.overall.size
    if values < 2 or not cells.group.size:
        return np.zeros(groups)
    reached = np.cumsum(cells.shares)  # the table's cumulated share at each rank
    sums = np.concatenate(([0.0], np.cumsum(reached)))
    totals = np.bincount(cells.group, weights=cells.count, minlength=groups)
    cumulated = np.cumsum(cells.count)
    first = np.diff(cells.group, prepend=-1) != 0
    before = (cumulated - cells.count)[first]
    own = (cumulated - np.repeat(before, np.diff(np.flatnonzero(first), append=first.size))) / totals[cells.group]
    end = np.where(np.append(first[1:], True), values, np.append(cells.value[1:], values))
    cross = np.clip(np.searchsorted(reached, own), cells.value, end)
    below = own * (cross - cells.value) - (sums[cross] - sums[cells.value])
    above = (sums[end] - sums[cross]) - own * (end - cross)
    ahead = np.where(first, sums[cells.value], 0.0)  # ranks before the group's first value
    moved = np.bincount(cells.group, weights=ahead + below + above, minlength=groups) / (values - 1)
    return np.asarray(np.clip(moved, 0.0, 1.0), dtype=np.float64)
