"""What is searched: people as rows of codes, their hierarchies, the requirements, how many people may be left out.

One row is one person. Rows that are equal in everything that counts are kept once, with their number: all later work is
on these classes (the idea of ARX). A `population` marks rows that are of the population only: `count` 0, `world` 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import polars as pl

from anonymization.risk.groups import Bools, Ints
from anonymization.risk.requirements import Requirement
from anonymization.risk.search.hierarchy import Hierarchy
from anonymization.risk.search.keys import grouped, keyed


@dataclass(frozen=True)
class Table:
    """Classes at one node: codes of quasi-identifiers at their levels and of sensitive columns, people, population."""

    node: tuple[int, ...]
    codes: tuple[Ints, ...]
    sensitive: tuple[Ints, ...]
    count: Ints
    world: Ints

    @property
    def rows(self) -> int:
        """Number of classes (with sensitive values: of cells)."""
        return int(self.count.size)


@dataclass(frozen=True)
class Problem:
    """A table to generalise. `limit` is the share of people that may be left out, 0 to under 1."""

    hierarchies: tuple[Hierarchy, ...]
    requirements: tuple[Requirement, ...]
    limit: Fraction
    bottom: Table
    sensitive: tuple[str, ...]
    values: tuple[int, ...]
    has_population: bool

    @property
    def people(self) -> int:
        """People who would be released."""
        return int(self.bottom.count.sum())

    @property
    def spare(self) -> int:
        """People who may be left out."""
        return math.floor(self.limit * self.people)

    @property
    def heights(self) -> tuple[int, ...]:
        """The highest level of each column."""
        return tuple(h.height for h in self.hierarchies)

    @property
    def nodes(self) -> int:
        """Number of nodes of the lattice."""
        return math.prod(h + 1 for h in self.heights)

    @cached_property
    def floors(self) -> tuple[Requirement, ...]:
        """Steady requirements that all others imply."""
        return tuple(dict.fromkeys(r.floor for r in self.requirements if r.floor is not None))

    @property
    def steady(self) -> bool:
        """Whether who is left out can only become fewer by generalising."""
        return all(r.steady for r in self.requirements) or (self.spare == 0)

    @cached_property
    def marginals(self) -> tuple[tuple[Ints, ...], ...]:
        """For each column and level the people of each label."""
        bottom = [
            np.bincount(codes, weights=self.bottom.count, minlength=len(h.rows)).astype(np.int64)
            for codes, h in zip(self.bottom.codes, self.hierarchies, strict=True)
        ]
        return tuple(
            tuple(np.bincount(codes, weights=people).astype(np.int64) for codes in h.codes)
            for people, h in zip(bottom, self.hierarchies, strict=True)
        )

    @cached_property
    def overall(self) -> tuple[Ints, ...]:
        """For each sensitive column the people by value."""
        return tuple(
            np.bincount(codes, weights=self.bottom.count, minlength=size).astype(np.int64)
            for codes, size in zip(self.bottom.sensitive, self.values, strict=True)
        )


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

    ValueError where there is nobody, nothing is asked for, a column is missing, or values have no row in their
    hierarchy (how many; never which). A missing value is the empty text, and needs a row of its own.
    """
    share = Fraction(str(limit))
    if not people.height or not hierarchies or not requirements or not 0 <= share < 1:
        raise ValueError("a search needs people, hierarchies, requirements and a suppression limit from 0 to under 1")
    codes = [coded(people[h.column], h) for h in hierarchies]
    ranks = [_ranked(people[name]) for name in sensitive]
    inside = np.ones(people.height, np.int64) if released is None else released.astype(np.int64)
    if not inside.any():
        raise ValueError("nobody would be released")
    sizes = [len(h.rows) for h in hierarchies] + [size for _, size in ranks]
    columns = codes + [code for code, _ in ranks]
    order, starts = grouped(*keyed(zip(columns, sizes, strict=True), people.height))
    first = order[starts]
    table = Table(
        (0,) * len(codes),
        tuple(code[first] for code in codes),
        tuple(code[first] for code, _ in ranks),
        np.add.reduceat(inside[order], starts),
        np.add.reduceat(np.ones(people.height, np.int64)[order], starts),
    )
    sizes = [size for _, size in ranks]
    return Problem(
        tuple(hierarchies), tuple(requirements), share, table, tuple(sensitive), tuple(sizes), released is not None
    )


def coded(column: pl.Series, hierarchy: Hierarchy) -> Ints:
    """The row of each value in its hierarchy; ValueError with how many are not there."""
    rows: Mapping[str, int] = {row[0]: number for number, row in enumerate(hierarchy.rows)}
    text = column.cast(pl.String).fill_null("")
    found = text.replace_strict(list(rows), list(rows.values()), default=None, return_dtype=pl.Int64)
    missing = found.null_count()
    if missing:
        raise ValueError(f"{missing} rows have a value of {hierarchy.column} that its hierarchy does not know")
    return found.to_numpy()


def _ranked(column: pl.Series) -> tuple[Ints, int]:
    """Ranks of the values in their order: missing first; numbers by size where all are numbers, else by code point."""
    text = column.cast(pl.String).fill_null("")
    unique = text.unique()
    numbers = unique.replace("", None).cast(pl.Float64, strict=False)
    by_size = numbers.null_count() == (unique == "").sum() and numbers.is_finite().all()
    keys = pl.DataFrame({"text": unique, "number": numbers if by_size else pl.Series([0.0] * unique.len())})
    ordered = keys.sort("number", "text", nulls_last=False)["text"]
    return text.replace_strict(ordered, np.arange(ordered.len()), return_dtype=pl.Int64).to_numpy(), ordered.len()
