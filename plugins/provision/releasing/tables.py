"""The tables of a release: chosen columns, per-release numbers, shuffled rows. All randomness ends with this process.

The numbers of people and claims come from a random permutation that exists in memory only (PPC Q&A 15-14: no key and no
table may outlive the making); rows are shuffled, so that no order of the source remains.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from provision.context import Context
from provision.formats.base import Column, ColumnClass
from provision.formats.tables import polars_type
from provision.model import Plan, Profile
from provision.releasing.completing import completed
from provision.releasing.order import measured, of_numbers
from provision.releasing.rare import Rare, of_codes, without_rare
from provision.releasing.ruling import Applied, Piece, ruled
from provision.releasing.select import Selection
from provision.releasing.shapes import CLAIM as CLAIM
from provision.releasing.shapes import PERSON as PERSON
from provision.releasing.shapes import ReleaseTable as ReleaseTable
from provision.releasing.shapes import column_of as column_of
from provision.releasing.shapes import items_of as items_of
from provision.releasing.shapes import layout as layout
from provision.releasing.shapes import table_of as table_of

#: What a claim is: its number is counted in one dataset of its batch.
CLAIM_KEY = ("batch", "dataset", "claim_no")
#: The birth of whose row it is, beside every row while rules look at it (they select it by its role); never goes out.
OF_PERSON = Column(
    "\x00birth", "本人の生年月", "The person's birth", ColumnClass.DIRECT, "string", "month", role="birth"
)


class Numbering:
    """Random numbers for people and claims of one release; nothing of it is ever written."""

    def __init__(self, heads: pl.DataFrame) -> None:
        self.random = np.random.Generator(np.random.PCG64(secrets.randbits(256)))
        people = heads.select("person").unique()
        claims = heads.select(*CLAIM_KEY).unique()
        self.people = people.with_columns(pl.Series(PERSON, self._permutation(people.height)))
        self.claims = claims.with_columns(pl.Series(CLAIM, self._permutation(claims.height)))
        self.orders: dict[str, dict[str, int]] = {}

    def _permutation(self, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return self.order(size) + 1

    def order(self, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """A random order of so many rows: places 0 to size - 1."""
        return self.random.permutation(size).astype(np.int64)

    def shuffled(self, frame: pl.DataFrame, table: str) -> pl.DataFrame:
        """Rows of a table in an order of this release only; how far it follows that of `frame` goes into `orders`."""
        places = self.order(frame.height)
        self.orders[table] = measured(places)
        for number in {PERSON, CLAIM} & set(frame.columns):
            self.orders[f"{table}.{number}"] = of_numbers(frame[number])
        return frame[places]


@dataclass(frozen=True)
class Treated:
    """One table that may go out: `frame` has the shape's columns and ``person``, whose row it is.

    `shape` says the domains that the profile's rules and the levels left, `emptied` the columns they left nothing of.
    """

    shape: ReleaseTable
    frame: pl.DataFrame
    rare: tuple[Rare, ...] = ()
    emptied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Treatment:
    """Every table of a release, what the rules did, and how far rows and numbers follow the order of the store
    (`order.py`), by table and number."""

    tables: tuple[Treated, ...]
    applied: tuple[Applied, ...]
    orders: Mapping[str, Mapping[str, int]]


def treated_tables(
    ctx: Context, plan: Plan, profile: Profile, selection: Selection, kept: pl.DataFrame, counted: Mapping[str, Column]
) -> Treatment:
    """The release's tables, treated and shuffled; whose row a row is, is still beside it.

    `kept`: the people who stay, with every quasi-identifier as it goes out; `counted`: its column, by name.
    """
    heads = selection.heads.join(kept.select("person"), on="person", how="semi")
    numbering = Numbering(heads)
    keys = heads.join(numbering.people, on="person").join(numbering.claims, on=CLAIM_KEY)
    keys = keys.join(kept.select("person", *[pl.col(name).alias(_said(name)) for name in counted]), on="person")
    keys = keys.join(selection.people.select("person", pl.col("birth_month").alias(OF_PERSON.name)), on="person")
    shapes = [_as_counted(shape, counted) for shape in layout(plan, ctx.catalogue)]
    rows = [_rows(ctx, shape, selection, keys) for shape in shapes]
    after, applied = ruled(plan, profile, [_piece(*one) for one in zip(shapes, rows, strict=True)])
    made = []
    for shape, before, piece in zip(shapes, rows, after, strict=True):
        one = _without_rare(profile, shape, piece, before)
        made.append(replace(one, frame=numbering.shuffled(one.frame, shape.name)))
    return Treatment(tuple(made), applied, numbering.orders)


def make_tables(treatment: Treatment) -> dict[str, pl.DataFrame]:
    """The release's tables by name, as they go out."""
    return {table.shape.name: table.frame.drop("person") for table in treatment.tables}


def _said(name: str) -> str:
    """What was counted of a person, beside what a sender's column of the same name says."""
    return f"\x00{name}"


def _as_counted(shape: ReleaseTable, counted: Mapping[str, Column]) -> ReleaseTable:
    """The shape with the domains that what was counted has."""
    columns = []
    for column in shape.columns:
        now = counted.get(shape.counted.get(column.name, ""))
        columns.append(column if now is None else replace(column, domain=now.domain, dtype=now.dtype))
    return replace(shape, columns=tuple(columns))


def _rows(ctx: Context, shape: ReleaseTable, selection: Selection, keys: pl.DataFrame) -> pl.DataFrame:
    """Rows of the people who stay: what was counted of a person goes out, not what one of their claims says."""
    own = {b.batch: b.source for b in selection.batches if b.dataset == shape.dataset}
    rows = ctx.store.scan(shape.dataset, shape.table, own)
    mine = keys.filter(pl.col("dataset") == shape.dataset).drop("dataset")
    if rows is None:
        types = {column.name: polars_type(column) for column in (OF_PERSON, *shape.columns)}
        return pl.DataFrame(schema={"person": pl.Int64, **types})
    there = set(rows.collect_schema().names())
    wanted = [c.name for c in shape.columns if c.name in there and c.name not in shape.counted]
    rows = completed(rows, selection.parts.get(shape.dataset), {*wanted, *(("item",) if shape.items else ())})
    if shape.items:
        rows = rows.filter(pl.col("item").is_in(list(shape.items)))
    picked = rows.select("batch", "claim_no", *wanted)
    joined = picked.collect().join(mine, on=["batch", "claim_no"], how="inner", maintain_order="left")
    return joined.select("person", OF_PERSON.name, *[_cells(column, shape, joined) for column in shape.columns])


def _cells(column: Column, shape: ReleaseTable, joined: pl.DataFrame) -> pl.Expr:
    if column.name in shape.counted:
        return pl.col(_said(shape.counted[column.name])).alias(column.name)
    return (
        pl.col(column.name) if column.name in joined.columns else pl.lit(None, polars_type(column)).alias(column.name)
    )


def _piece(shape: ReleaseTable, rows: pl.DataFrame) -> Piece:
    """What the rules see: everything that was not counted over people before, and the birth of whose row it is."""
    fresh = {column.name: column for column in shape.columns if column.name not in shape.counted}
    return Piece(shape.name, rows, {**fresh, OF_PERSON.name: OF_PERSON})


def _without_rare(profile: Profile, shape: ReleaseTable, piece: Piece, before: pl.DataFrame) -> Treated:
    codes = [c.name for c in shape.columns if c.name not in shape.counted and of_codes(c)]
    frame, rare = without_rare(piece.frame, codes, profile.rare_codes, shape.name, "person")
    columns = tuple(piece.columns.get(column.name, column) for column in shape.columns)
    names = [column.name for column in columns]
    emptied = tuple(name for name in names if before[name].count() and not frame[name].count())
    return Treated(replace(shape, columns=columns), frame.select("person", *names), rare, emptied)
