"""連結 (linkability, WP216 2.2.2): can two records of one person be linked?

Two sides: what one table lets expect (`expected`), and what an attacker gets right who has two releases of the same
people and links them by number, by order, or by attributes (`between`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import polars as pl

from anonymization.risk.attacks.numbered import ROWS
from anonymization.risk.unfit import Unfit

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Linkage:
    """Expected share of right links if another table shows the same of the same people: their quasi-identifiers, or
    all their events besides; and by chance. Who looks like n people is linked rightly once in n."""

    by_attributes: float
    by_trail: float | None
    by_chance: float

    def figures(self) -> dict[str, float | None]:
        """For reports."""
        return asdict(self)


def expected(connection: duckdb.DuckDBPyConnection, people: int, *, trail: str | None = None) -> Linkage:
    """From the numbered table; `trail`: a query of the different events ``e`` of each person ``p``."""
    group = f"SELECT p, bit_xor(g) AS s, 0 AS t FROM (SELECT DISTINCT p, g FROM {ROWS}) GROUP BY p"
    by_trail = None
    if trail is not None:
        events = f"SELECT p, bit_xor(e) AS t FROM ({trail}) GROUP BY p"
        by_trail = _profiles(connection, f"SELECT s, e.t FROM ({group}) LEFT JOIN ({events}) e USING (p)") / people
    return Linkage(_profiles(connection, group) / people, by_trail, 1 / people)


def _profiles(connection: duckdb.DuckDBPyConnection, signatures: str) -> int:
    """Different profiles: a set of numbers is told by its exclusive or, which no order changes."""
    return int(connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT s, t FROM ({signatures}))").fetchall()[0][0])


@dataclass(frozen=True)
class Linked:
    """Right links among `tried`; `by_chance` is what guessing gets right on average."""

    right: float
    tried: int
    by_chance: float

    def figures(self) -> dict[str, float]:
        """For reports."""
        return {**asdict(self), "share": self.right / self.tried}


def between(
    one: pl.DataFrame, other: pl.DataFrame, *, truth: str, number: str, attributes: Sequence[str]
) -> dict[str, Linked]:
    """Link two releases of the same people, a row each in the order they went out: by number, order and attributes.

    `truth` says who it is and is only used to see who was right. Unfit where these are not the same people.
    """
    people = one.height
    if not people or not one[truth].sort().equals(other[truth].sort()) or one[truth].n_unique() != people:
        raise Unfit("two releases of the same people have a row for each of them")
    by_number = one.select(number, mine=truth).join(other.select(number, theirs=truth), on=number)
    keys = list(attributes)
    sizes = other.group_by(keys).len("size")
    alike = one.join(other.select(truth, *keys), on=[truth, *keys], nulls_equal=True)
    alike = alike.join(sizes, on=keys, nulls_equal=True)
    return {
        "by_number": Linked(by_number.filter(pl.col("mine") == pl.col("theirs")).height, people, 1.0),
        "by_order": Linked(int((one[truth] == other[truth]).sum()), people, 1.0),
        "by_attributes": Linked(float((1 / alike["size"]).sum()), people, 1.0),
    }
