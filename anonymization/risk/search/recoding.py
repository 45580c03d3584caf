"""全域的再符号化, the chosen node applied: every cell becomes its label, groups that miss a requirement go."""

from __future__ import annotations

import numpy as np
import polars as pl

from anonymization.risk.search.coding import coded
from anonymization.risk.search.keys import grouped, keyed
from anonymization.risk.search.problem import Node, Problem
from anonymization.risk.search.rollup import RollUp


def recode(people: pl.DataFrame, problem: Problem, node: Node) -> pl.DataFrame:
    """The table at `node`, without who is left out, rows in their order; other columns as they were.

    `people` is the table the problem was made from; Unfit where a value is not known to its hierarchy.
    """
    hierarchies = problem.hierarchies
    codes = [h.codes[level][coded(people[h.column], h)] for h, level in zip(hierarchies, node, strict=True)]
    sizes = [len(h.labels[level]) for h, level in zip(hierarchies, node, strict=True)]
    order, starts = grouped(*keyed(zip(codes, sizes, strict=True), people.height))
    met = RollUp(problem).classes(node).met  # groups come in the order of their key, here as there
    kept = np.empty(people.height, dtype=np.bool_)
    kept[order] = np.repeat(met, np.diff(starts, append=people.height))
    labels = [
        pl.Series(h.column, h.labels[level])[code] for h, level, code in zip(hierarchies, node, codes, strict=True)
    ]
    return people.with_columns(labels).filter(pl.Series(kept))
