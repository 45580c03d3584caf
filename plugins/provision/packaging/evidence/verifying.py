"""証拠の再検証: what the pack says is counted once more, from the payload's own bytes and the log.

What needs people or senders' data (risk before, cells changed, who was left out, estimates from drawn people) cannot be
counted from the payload; the log vouches for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import polars as pl

from anonymization.risk.trails.counting import trail_risk
from anonymization.risk.trails.events import columns
from provision.context import Context
from provision.errors import Refused
from provision.model import Plan
from provision.packaging.evidence.gathering import evidence, plan_of
from provision.packaging.evidence.writing import RECORD, folder, record_text
from provision.packaging.utility import read
from provision.releasing.happenings import UNIT, WHO, happenings
from provision.releasing.making import made_folder
from provision.releasing.rare import of_codes
from provision.releasing.shapes import PERSON, layout
from provision.releasing.tables import Treated


@dataclass(frozen=True)
class Check:
    """One statement counted again: what the pack says, and what was found."""

    what: str
    said: str
    found: str
    holds: bool

    def figures(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def verify(ctx: Context, release: str) -> list[Check]:
    """Every check. `Refused` where there is no evidence, or the payload is not what was made."""
    path = folder(ctx, release) / RECORD
    if not path.is_file():
        raise Refused(
            "its evidence was not written", where=release, rule="evidence.missing", remedy="tokumei evidence write"
        )
    record, written = evidence(ctx, release), path.read_bytes()
    drafted = next(iter(ctx.ledger.entries(type="release.drafted", kind="release", subject=release)))
    plan, made = plan_of(ctx, drafted), record["made"]
    tables = _tables(ctx, plan, release)
    return [
        _logged(ctx, release, written),
        _check("the record is what log and payload give now", True, written.decode() == record_text(record)),
        *(_check(f"rows of {t.shape.name}", made["tables"][t.shape.name], t.frame.height) for t in tables),
        *_groups(plan, tables, made),
        *_rare(tables, made),
        *_trails(plan, tables, made),
    ]


def _tables(ctx: Context, plan: Plan, release: str) -> list[Treated]:
    """The payload's tables; whose row a row is, is its number, where there is one."""
    bag = made_folder(ctx, release) / "bag"
    found = []
    for shape in layout(plan, ctx.catalogue):
        frame = read(bag, shape)
        person = pl.col(PERSON) if PERSON in frame.columns else pl.lit(None, pl.String)
        found.append(Treated(shape, frame.with_columns(person=person)))
    return found


def _logged(ctx: Context, release: str, written: bytes) -> Check:
    entries = list(ctx.ledger.entries(type="evidence.written", kind="release", subject=release))
    said = str(entries[-1].payload["files"][RECORD]) if entries else ""
    return _check(f"SHA-256 of {RECORD}, as the log has it", said, hashlib.sha256(written).hexdigest())


def _groups(plan: Plan, tables: list[Treated], made: Mapping[str, Any]) -> Iterator[Check]:
    """k in each table that carries quasi-identifiers: over people, over rows where no number tells them apart."""
    for table in tables:
        quasi = list(table.shape.counted) if table.shape.head else []
        if quasi:
            people = pl.col(PERSON).n_unique() if PERSON in table.frame.columns else pl.len()
            least = int(table.frame.group_by(quasi).agg(people.alias("n"))["n"].to_numpy().min())
            yield Check(f"smallest group of {table.shape.name}", f">= {plan.k}", str(least), least >= plan.k)


def _rare(tables: list[Treated], made: Mapping[str, Any]) -> Iterator[Check]:
    """No code under the profile's least number of people; only where numbers tell people apart."""
    least = int(made["rare_codes"]["least"])
    for table in tables if least else ():
        codes = [column.name for column in table.shape.columns if of_codes(column)]
        if PERSON in table.frame.columns:
            for name in codes:
                filled = table.frame.filter(pl.col(name).is_not_null())
                sizes = filled.group_by(name).agg(pl.col(PERSON).n_unique().alias("n"))["n"]
                found = int(sizes.to_numpy().min()) if sizes.len() else least
                yield Check(f"rarest code of {table.shape.name}.{name}", f">= {least}", str(found), found >= least)


def _trails(plan: Plan, tables: list[Treated], made: Mapping[str, Any]) -> Iterator[Check]:
    """Unicity at one known event, which is counted and not estimated; only where numbers tell people apart."""
    if plan.linkage != "person":
        return
    for trail in made["trails"]:
        seen = happenings(plan, tables, trail["columns"])
        assert seen is not None  # the same columns went out
        with duckdb.connect(":memory:") as connection:
            connection.register("rows", seen.rows.to_arrow())
            found = trail_risk(connection, "rows", WHO, columns(seen.columns), unit=UNIT, known=1)
        said = trail["known"]["1"]["unicity"]["share"]
        yield _check(f"unique by one known event ({', '.join(trail['columns'])})", said,
                     f"{found.known[1].unicity.share:.10g}")  # fmt: skip


def _check(what: str, said: object, found: object) -> Check:
    return Check(what, str(said), str(found), str(said) == str(found))
