"""t-近接性: how far the sensitive values of a group lie from those of the whole table. Per group, smaller is safer.

Two distances (Li et al. 2007), both from 0 to 1:
* equal: half the sum of absolute differences of shares;
* ordered: earth mover's distance over the **ranks of the distinct values** (not over their sizes), divided by m - 1.
One value in the whole table: 0, as nothing can be learnt. A missing value is a value of its own, ranked first.
"""

from __future__ import annotations

import numpy as np

from anonymization.risk.groups import Cells, Floats

#: Numbers held at once while an ordered distance is counted (8 bytes each).
_AT_ONCE = 4_000_000


def equal(cells: Cells, groups: int) -> Floats:
    """Equal distance of each group. Values a group has not enter through what is missing to 1: no dense table."""
    overall = cells.shares[cells.value]
    totals = np.bincount(cells.group, weights=cells.count, minlength=groups)
    own = cells.count / totals[cells.group]
    seen = np.bincount(cells.group, weights=np.abs(own - overall) - overall, minlength=groups)
    return np.asarray(np.where(totals > 0, np.clip((1.0 + seen) / 2.0, 0.0, 1.0), 0.0), dtype=np.float64)


def ordered(cells: Cells, groups: int) -> Floats:
    """Ordered distance of each group, in parcels of groups so that memory stays bounded."""
    values = cells.overall.size
    found = np.zeros(groups)
    if values < 2:
        return found
    order = np.argsort(cells.group, kind="stable")
    group, value, count = cells.group[order], cells.value[order], cells.count[order]
    at_once = max(1, _AT_ONCE // values)
    for start in range(0, groups, at_once):
        stop = min(groups, start + at_once)
        inside = slice(*np.searchsorted(group, [start, stop]))
        place = (group[inside] - start) * values + value[inside]
        dense = np.bincount(place, weights=count[inside], minlength=(stop - start) * values).reshape(-1, values)
        found[start:stop] = _emd(dense.astype(np.float64), cells.shares)
    return found


def _emd(counts: Floats, overall: Floats) -> Floats:
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1.0)[:, None]
    moved = np.abs(np.cumsum(shares - overall, axis=1)).sum(axis=1) / (overall.size - 1)
    return np.asarray(np.where(totals > 0, moved, 0.0), dtype=np.float64)
