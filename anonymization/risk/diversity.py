"""l-多様性: how many different sensitive values the people of a group have. One figure per group, larger is safer.

Definitions (Machanavajjhala et al. 2007), fixed where tools disagree:
* distinct: the number of different values;
* entropy: e to the entropy of the values in the group, **not** cut to a whole number;
* recursive (c,l): r1 < c * (rl + ... + rm), r1 the count of the **most** frequent value.
A missing sensitive value is a value of its own.
"""

from __future__ import annotations

import numpy as np

from anonymization.risk.groups import Cells, Floats, Ints
from anonymization.risk.unfit import Unfit


def distinct(cells: Cells, groups: int) -> Ints:
    """Different values in each group."""
    return np.bincount(cells.group, minlength=groups).astype(np.int64)


def entropy(cells: Cells, groups: int) -> Floats:
    """e to the entropy of each group: n equally frequent values give n. A group without values gives 0."""
    totals = np.bincount(cells.group, weights=cells.count, minlength=groups)
    count = cells.count.astype(np.float64)
    logs = np.bincount(cells.group, weights=count * np.log(count), minlength=groups)
    safe = np.maximum(totals, 1.0)
    found = np.maximum(np.exp(np.log(safe) - logs / safe), 1.0)  # never under one value, whatever rounding says
    return np.asarray(np.where(totals > 0, found, 0.0), dtype=np.float64)


def recursive(cells: Cells, groups: int, values: int) -> Floats:
    """r1 / (rl + ... + rm) of each group, l = `values`: c must be larger. Infinite where there are fewer values."""
    if values < 1:
        raise Unfit("recursive diversity needs l of at least 1")
    most = int(cells.count.max(initial=0)) + 1
    ranked = np.sort(cells.group * most + (most - 1 - cells.count))  # by group, the most frequent first
    group, count = ranked // most, (most - 1 - ranked % most).astype(np.float64)
    rank = np.arange(group.size) - np.searchsorted(group, np.arange(groups))[group]
    first = np.bincount(group, weights=np.where(rank == 0, count, 0.0), minlength=groups)
    tail = np.bincount(group, weights=np.where(rank >= values - 1, count, 0.0), minlength=groups)
    ratio: Floats = np.divide(first, tail, out=np.full(groups, np.inf), where=tail > 0)
    return ratio
