"""軌跡のリスク: how many people of a release a few known events single out, and what attacks on it achieve.

Limits are the agreement's and the profile's, each over its own columns; without either the figures are taken over the
columns that default. Shares go into the facts, for approvers and evidence. A release whose share may be above a limit
(the upper end of the interval) is refused, with what would lower it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from anonymization.risk.attacks.measuring import Attacks, attacks
from anonymization.risk.trails.costs import variants
from anonymization.risk.trails.counting import trail_risk
from anonymization.risk.trails.events import columns
from anonymization.risk.trails.figures import TrailRisk
from provision.catalogue import Catalogue
from provision.errors import Refused
from provision.formats.base import ColumnClass
from provision.model import Agreement, Plan, Profile
from provision.profiles import TrailLimits
from provision.releasing.happenings import UNIT, WHO, Happenings, default_places, happenings, is_date
from provision.releasing.shapes import layout
from provision.releasing.tables import Treated

#: What counting may use; the rest is spilled into a folder of the release, as numbers.
MEMORY = "2GB"
#: Variants that a refusal names.
_NAMED = 4


@dataclass(frozen=True)
class Trail:
    """One measurement: whose limits, which, and what was found."""

    whose: str
    limits: Mapping[int, float]
    found: TrailRisk

    def figures(self) -> dict[str, object]:
        """For facts and pages; numbers and names of columns only."""
        limits = {str(known): share for known, share in self.limits.items()}
        return {"whose": self.whose, "limits": limits, **self.found.figures()}


@dataclass(frozen=True)
class Measured:
    """Trails by each set of limits; attacks, None where no event can be seen."""

    trails: tuple[Trail, ...]
    attacks: Attacks | None

    def figures(self) -> dict[str, object]:
        """For facts and pages."""
        return {
            "trails": [trail.figures() for trail in self.trails],
            "attacks": None if self.attacks is None else self.attacks.figures(),
        }


def measured(
    release: str,
    plan: Plan,
    agreement: Agreement,
    profile: Profile,
    tables: Sequence[Treated],
    kept: pl.DataFrame,
    known: Catalogue,
    folder: Path,
) -> Measured:
    """Measure the made tables. `kept`: person and quasi-identifiers as they go out; `folder`: where counting spills.

    `Refused` ``release.trail`` where a limit may be exceeded.
    """
    default = default_places(tables, _dates(plan, known))
    seed = int.from_bytes(hashlib.sha256(release.encode()).digest()[:4])
    trails: list[Trail] = []
    asked: list[tuple[str, TrailLimits | None, Happenings | None]]
    asked = [(whose, limits, happenings(plan, tables, limits.events)) for whose, limits in _limits(agreement, profile)]
    if all(seen is None for _, _, seen in asked):  # no limit, or none of the columns goes out: measured all the same
        asked = [("", None, happenings(plan, tables, default))]
    for whose, limits, seen in asked:
        if seen is not None:
            with _counting(seen.rows, folder) as connection:
                found = trail_risk(
                    connection, "rows", WHO, columns(seen.columns), unit=UNIT, known=seen.known, seed=seed
                )
                trails.append(Trail(whose, limits.limits if limits else {}, found))
                _require(plan, connection, seen, trails[-1])
    return Measured(tuple(trails), _attacked(plan, tables, kept, default, seed, folder))


def _limits(agreement: Agreement, profile: Profile) -> list[tuple[str, TrailLimits]]:
    """Whose limits there are."""
    said = [(agreement.id, agreement.trail), (profile.id, profile.trail)]
    return [(whose, limits) for whose, limits in said if limits is not None]


def _require(plan: Plan, connection: duckdb.DuckDBPyConnection, seen: Happenings, trail: Trail) -> None:
    """`Refused` where the share of people may be above a limit. Who knows more events than can be linked knows no more
    than those."""
    for known, most in sorted(trail.limits.items()):
        number = min(known, seen.known)
        share = trail.found.known[number].unicity
        if share.high > most:
            lower = variants(
                connection, "rows", WHO, columns(seen.columns), unit=UNIT, known=number, seed=trail.found.seed
            )
            raise Refused(
                f"{share.share:.1%} (up to {share.high:.1%}) of people are unique to somebody who knows {known} of "
                f"their events ({', '.join(seen.columns)}); {trail.whose} allows {most:.1%}; "
                + ", ".join(one.words(number) for one in lower[:_NAMED]),
                where=plan.id, rule="release.trail",
                remedy="leave out or coarsen the column that costs most, or link claims or nothing instead of persons",
            )  # fmt: skip


def _attacked(
    plan: Plan, tables: Sequence[Treated], kept: pl.DataFrame, places: Sequence[str], seed: int, folder: Path
) -> Attacks | None:
    """The three criteria of WP216, over everything that goes out of a person and their events."""
    seen = happenings(plan, tables, places)
    if seen is None:
        return None
    quasi = [name for name in plan.quasi_identifiers if name in kept.columns]
    people = kept.select(
        pl.col("person").cast(pl.String).alias(WHO), *[pl.col(n).alias(f"{n} of person") for n in quasi]
    )
    rows = seen.rows.join(people, on=WHO, how="left")
    codes = {c.name for t in tables for c in t.shape.columns if c.cls is ColumnClass.SENSITIVE}
    sensitive = [place for place in seen.columns if place in codes]
    with _counting(rows, folder) as connection:
        unit = UNIT if plan.linkage != "person" else None
        named = [f"{name} of person" for name in quasi]
        return attacks(connection, "rows", WHO, named, sensitive, events=columns(seen.columns), unit=unit, seed=seed)


def _dates(plan: Plan, known: Catalogue) -> frozenset[str]:
    """Columns that hold days or months, as the senders have them: rules may have made other labels of them."""
    return frozenset(
        f"{shape.name}.{column.name}" for shape in layout(plan, known) for column in shape.columns if is_date(column)
    )


@contextmanager
def _counting(rows: pl.DataFrame, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows `rows` and spills into a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=".spill-", dir=folder) as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY, "temp_directory": spill, "preserve_insertion_order": False,
        }  # fmt: skip
        with duckdb.connect(":memory:", config=settings) as connection:
            connection.register("rows", rows.cast(pl.String).to_arrow())
            yield connection
