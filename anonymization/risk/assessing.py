"""リスク評価: every figure of one table, counted over people, as one record for reports, approvers and programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from anonymization.risk import attackers, closeness, diversity
from anonymization.risk.attackers import Attackers
from anonymization.risk.groups import Cells, Groups
from anonymization.risk.histogram import Histogram, histogram
from anonymization.risk.missing import as_wildcard
from anonymization.risk.tables import Grouped, grouped, world_of
from anonymization.risk.uniqueness import PopulationUniqueness, population_uniqueness

#: Sizes under which people are counted: those that rules and agreements name.
UNDER = (2, 3, 5, 10, 20)


@dataclass(frozen=True)
class Sensitive:
    """The worst group of one sensitive column. `recursive`: by l (2, 3) the c to be exceeded; None: no c is enough."""

    distinct_l: int
    entropy_l: float
    recursive: Mapping[int, float | None]
    t_equal: float
    t_ordered: float

    def figures(self) -> dict[str, object]:
        """For reports."""
        recursive = {str(values): c for values, c in self.recursive.items()}
        return {"distinct_l": self.distinct_l, "entropy_l": self.entropy_l, "recursive_c": recursive,
                "t_equal": self.t_equal, "t_ordered": self.t_ordered}  # fmt: skip


@dataclass(frozen=True)
class Presence:
    """Against a population: the smallest group of it that somebody of the table is in, and the bounds of presence."""

    k_map: int
    delta_least: float
    delta_most: float

    def figures(self) -> dict[str, object]:
        """For reports."""
        return {"k_map": self.k_map, "delta_least": self.delta_least, "delta_most": self.delta_most}


@dataclass(frozen=True)
class Assessment:
    """`k` is the smaller of both views of missing values; `k_wildcard` is None where it was not counted."""

    rows: int
    people: int
    sizes: Histogram
    k_wildcard: int | None
    attackers: Attackers
    sensitive: Mapping[str, Sensitive] = field(default_factory=dict)
    presence: Presence | None = None
    uniqueness: PopulationUniqueness | None = None

    @property
    def k(self) -> int:
        """k-anonymity."""
        return min(self.sizes.smallest, self.k_wildcard if self.k_wildcard is not None else self.sizes.smallest)

    def figures(self) -> dict[str, object]:
        """For reports and programs; numbers only."""
        return {
            "rows": self.rows,
            "people": self.people,
            "groups": self.sizes.number,
            "k": self.k,
            "k_missing_as_value": self.sizes.smallest,
            "k_missing_as_wildcard": self.k_wildcard,
            "sample_uniques": self.sizes.of_size(1),
            "people_in_groups_under": {str(k): self.sizes.people_under(k) for k in UNDER},
            "attackers": self.attackers.figures(),
            "sensitive": {name: found.figures() for name, found in self.sensitive.items()},
            "population": None if self.presence is None else self.presence.figures(),
            "population_uniqueness": None if self.uniqueness is None else self.uniqueness.figures(),
        }


def assess(
    table: pl.DataFrame,
    quasi: Sequence[str],
    sensitive: Sequence[str] = (),
    *,
    person: str | None = None,
    weight: str | None = None,
    population: pl.DataFrame | None = None,
    fraction: float | None = None,
) -> Assessment:
    """Assess a table in memory.

    `population`: a table with the same quasi-identifiers (and person column) of everybody the table was drawn from; it
    goes before weights. `fraction`: share of the population the table is, for population uniqueness; else taken from
    population or weights.
    Unfit where something is missing or in conflict (see `tables.grouped`).
    """
    people = grouped(table, quasi, sensitive, person=person, weight=weight)
    sizes = histogram(people.groups.size)
    found, presence = attackers.without_population(sizes), None
    if population is not None:
        found, presence, world = _against(people, population, person)
        fraction = people.people / world if fraction is None else fraction
    elif weight is not None:
        found = attackers.with_risks(people.groups.size, attackers.from_weights(people.groups.size, people.weight))
        fraction = people.people / people.total_weight if fraction is None else fraction
    wildcard = as_wildcard(people)
    return Assessment(
        people.rows,
        people.people,
        sizes,
        None if wildcard is None else int(wildcard[0].min()),
        found,
        {name: worst(cells, people.groups) for name, cells in people.groups.cells.items()},
        presence,
        None if fraction is None else population_uniqueness(sizes, fraction),
    )


def worst(cells: Cells, groups: Groups) -> Sensitive:
    """The worst group's figure of every model of one sensitive column."""
    number = groups.size.size
    recursive = {values: float(diversity.recursive(cells, number, values).max()) for values in (2, 3)}
    return Sensitive(
        int(diversity.distinct(cells, number).min()),
        float(diversity.entropy(cells, number).min()),
        {values: c if math.isfinite(c) else None for values, c in recursive.items()},
        float(closeness.equal(cells, number).max()),
        float(closeness.ordered(cells, number).max()),
    )


def combined(parts: Sequence[Sensitive]) -> Sensitive:
    """The worst of several parts of one table's groups."""
    recursive = {
        values: None
        if any(p.recursive[values] is None for p in parts)
        else max(p.recursive[values] or 0.0 for p in parts)
        for values in parts[0].recursive
    }
    return Sensitive(
        min(p.distinct_l for p in parts),
        min(p.entropy_l for p in parts),
        recursive,
        max(p.t_equal for p in parts),
        max(p.t_ordered for p in parts),
    )


def _against(people: Grouped, population: pl.DataFrame, person: str | None) -> tuple[Attackers, Presence, int]:
    everybody = grouped(population, people.quasi, person=person)
    world = world_of(people, everybody)
    risks = attackers.from_population(people.groups.size, world)
    share = people.groups.size / world
    absent = everybody.keys.height > people.keys.height
    presence = Presence(int(world.min()), 0.0 if absent else float(share.min()), float(share.max()))
    return attackers.with_risks(people.groups.size, risks), presence, everybody.people
