"""A table of text becomes a problem: codes by the hierarchies, ranks of sensitive values, equal rows kept once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import polars as pl

from anonymization.risk.groups import Bools, Ints
from anonymization.risk.requirements import Requirement
from anonymization.risk.search.hierarchy import Hierarchy
from anonymization.risk.search.keys import grouped, keyed
from anonymization.risk.search.problem import Problem, Table
from anonymization.risk.tables import as_values, ranks
from anonymization.risk.unfit import Unfit


def problem(
    people: pl.DataFrame,
    hierarchies: Sequence[Hierarchy],
    requirements: Sequence[Requirement],
    *,
    limit: Fraction | float | str = 0,
    sensitive: Sequence[str] = (),
    released: Bools | None = None,
) -> Problem:
    """Code a table of text columns, one row per person. Rows not `released` are of the population only.

    Unfit where there is nobody, nothing is asked for, a column is missing, or values have no row in their
    hierarchy (how many; never which). A missing value is the empty text, and needs a row of its own.
    """
    share = _share(limit)
    if not people.height or not hierarchies or not requirements or not 0 <= share < 1:
        raise Unfit("a search needs people, hierarchies, requirements and a suppression limit from 0 to under 1")
    codes = [coded(people[h.column], h) for h in hierarchies]
    ranked = [_ranked(people[name]) for name in sensitive]
    inside = np.ones(people.height, np.int64) if released is None else released.astype(np.int64)
    if not inside.any():
        raise Unfit("nobody would be released")
    sizes = [len(h.rows) for h in hierarchies] + [size for _, size in ranked]
    columns = codes + [code for code, _ in ranked]
    order, starts = grouped(*keyed(zip(columns, sizes, strict=True), people.height))
    first = order[starts]
    table = Table(
        (0,) * len(codes),
        tuple(code[first] for code in codes),
        tuple(code[first] for code, _ in ranked),
        np.add.reduceat(inside[order], starts),
        np.add.reduceat(np.ones(people.height, np.int64)[order], starts),
    )
    values = tuple(size for _, size in ranked)
    return Problem(
        tuple(hierarchies), tuple(requirements), share, table, tuple(sensitive), values, released is not None
    )


def _share(limit: Fraction | float | str) -> Fraction:
    try:
        return Fraction(str(limit))
    except (ValueError, ZeroDivisionError):
        raise Unfit("the suppression limit is no number") from None


def coded(column: pl.Series, hierarchy: Hierarchy) -> Ints:
    """The row of each value in its hierarchy; Unfit with how many are not there."""
    rows: Mapping[str, int] = {row[0]: number for number, row in enumerate(hierarchy.rows)}
    text = column.to_frame().select(as_values(column.name).fill_null("")).to_series()
    found = text.replace_strict(list(rows), list(rows.values()), default=None, return_dtype=pl.Int64)
    missing = found.null_count()
    if missing:
        raise Unfit(f"{missing} rows have a value of {hierarchy.column} that its hierarchy does not know")
    return found.to_numpy()


def _ranked(column: pl.Series) -> tuple[Ints, int]:
    values = column.to_frame().select(as_values(column.name)).to_series()
    order = ranks(values)
    found = values.to_frame("value").join(order, on="value", how="left", nulls_equal=True, maintain_order="left")
    return found["rank"].cast(pl.Int64).to_numpy(), order.height
