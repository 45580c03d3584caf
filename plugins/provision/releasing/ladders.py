"""一般化階層 of a profile: what a quasi-identifier becomes at each level of its code system, and its domain there.

A hierarchy is made for the values a selection has, as loss is counted over them; the domain of a level is the code
system's own, so that the gate's contract does not come from the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from anonymization.hierarchies import system
from anonymization.hierarchies.base import ALL, CodeSystem
from anonymization.hierarchies.building import hierarchy
from anonymization.risk.search.hierarchy import Hierarchy, flat
from anonymization.risk.unfit import Unfit
from anonymization.rules.support.domains import Labels
from provision.formats.base import Column
from provision.profiles import Generalise
from provision.releasing.domains import domain_of, word_of


def ladder(name: str, use: Generalise | None, values: pl.Series) -> Hierarchy:
    """Of these values (the empty text is a missing one), from the finest level that may go out; flat without a use."""
    if use is None:
        return flat(name, values.unique().sort().to_list())
    whole = hierarchy(name, values, use.hierarchy, highest=use.most)
    rows = dict.fromkeys(row[least_of(use) :] for row in whole.rows)
    return Hierarchy(name, tuple(rows))


def at_least(name: str, use: Generalise, values: pl.Series) -> Mapping[str, str]:
    """Each value at the finest level that may go out. Unfit where the hierarchy has no such level."""
    rows = hierarchy(name, values, use.hierarchy, highest=use.most).rows
    return {row[0]: row[least_of(use)] for row in rows}


def least_of(use: Generalise) -> int:
    """The number of the finest level that may go out."""
    made = system(use.hierarchy)
    if made.number(use.least) > made.number(use.most):
        raise Unfit(f"{use.column}: most is finer than least")
    return made.number(use.least)


def at_level(use: Generalise | None, column: Column, level: int) -> Column:
    """The column with the domain of a level; `level` 0 leaves it as it is."""
    if use is None or level == 0:
        return column
    made = system(use.hierarchy)
    return word_of(replace(column, dtype="string"), made.domain(made.names[level], domain_of(column)))


def check(use: Generalise, column: Column) -> None:
    """Unfit where there is no such hierarchy or level, or it does not know the values a column can have."""
    made = system(use.hierarchy)
    least_of(use)
    domain = domain_of(column)
    if use.most != ALL and made.number(use.most) == 0:
        raise Unfit(f"{use.column}: nothing is generalised up to {use.most}")
    if isinstance(domain, Labels) and made.own:
        _require_known(use, made, sorted(domain.labels))


def _require_known(use: Generalise, made: CodeSystem, values: list[str]) -> None:
    known = pl.DataFrame({"x": values}).select(made.steps("x")[0])
    if known.to_series().null_count():
        raise Unfit(f"{use.column}: the hierarchy {use.hierarchy} does not know every value of the column")
