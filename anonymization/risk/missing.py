"""欠損値 as a wildcard: a missing value may be any value, so a person looks like everybody they could be.

sdcMicro counts this way. Everybody who looks the same with missing as a value also does as a wildcard, so this count is
never the smaller one; both are reported, and the smaller is what k is judged by.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from anonymization.risk.groups import Floats, Ints
from anonymization.risk.tables import GROUP, PEOPLE, PERSON, WEIGHT, Grouped

_OTHER = "\x00other"

#: Patterns of missing columns there may be.
PATTERNS = 128


def as_wildcard(table: Grouped) -> tuple[Ints, Floats] | None:
    """For each group the people who could be one of it, and the sum of their weights.

    Somebody who could be so by several of their rows counts once. None where there are more than `PATTERNS` patterns
    of missing columns: every pair of them would have to be matched.
    """
    known = table.keys.select(pl.col(name).is_not_null() for name in table.quasi)
    if known.n_unique() > PATTERNS:
        return None
    size, weight = np.zeros(table.keys.height), np.zeros(table.keys.height)
    keys = table.keys.with_columns(pl.col(WEIGHT).cast(pl.Float64))
    double = _counted_twice(table)
    for mine, theirs, both in _pairs(keys, table.quasi):
        if both:
            sums = theirs.group_by(both).agg(pl.col(PEOPLE).sum(), pl.col(WEIGHT).sum())
            met = mine.select(GROUP, *both).join(sums, on=both, how="inner")
        else:
            everybody = theirs.select(pl.col(PEOPLE).sum(), pl.col(WEIGHT).sum())
            met = mine.select(GROUP).join(everybody, how="cross")
        np.add.at(size, met[GROUP].to_numpy(), met[PEOPLE].to_numpy())
        np.add.at(weight, met[GROUP].to_numpy(), met[WEIGHT].to_numpy())
    for group, people, weights in double.iter_rows():
        size[group] -= people
        weight[group] -= weights
    return size.astype(np.int64), weight


def _pairs(keys: pl.DataFrame, quasi: tuple[str, ...]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, list[str]]]:
    """Each pair of patterns: groups of the one, of the other, and the columns known in both."""
    known = keys.with_columns(*(pl.col(q).is_not_null().alias(f"\x00known{n}") for n, q in enumerate(quasi)))
    flags = [f"\x00known{n}" for n in range(len(quasi))]
    patterns = list(known.partition_by(flags, as_dict=True).items())
    for pattern, mine in patterns:
        for other, theirs in patterns:
            yield mine, theirs, [q for n, q in enumerate(quasi) if pattern[n] and other[n]]


def _counted_twice(table: Grouped) -> pl.DataFrame:
    """For each group how often people of several groups were counted too often, and the sum of their weights."""
    repeated = table.repeated.rename({GROUP: _OTHER})
    several = table.keys.join(repeated.select(_OTHER).unique(), left_on=GROUP, right_on=_OTHER, how="semi")
    found = [pl.DataFrame(schema={GROUP: pl.Int64, _OTHER: pl.Int64})]
    for mine, theirs, both in _pairs(table.keys, table.quasi) if several.height else ():
        other = theirs.join(several, on=GROUP, how="semi").rename({GROUP: _OTHER}).select(_OTHER, *both)
        met = mine.join(other, on=both) if both else mine.join(other, how="cross")
        found.append(met.select(GROUP, _OTHER))
    met = pl.concat(found).join(repeated, on=_OTHER).group_by(GROUP, PERSON, WEIGHT).agg(pl.len() - 1)
    return met.group_by(GROUP).agg(pl.col("len").sum().alias(PEOPLE), (pl.col("len") * pl.col(WEIGHT)).sum())
