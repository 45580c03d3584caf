"""The tables of a release: chosen columns, per-release numbers, shuffled rows. All randomness ends with this process.

The numbers of people and claims come from a random permutation that exists in memory only (PPC Q&A 15-14: no key and no
table may outlive the making); rows are shuffled, so that no order of the source remains.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from provision import codes
from provision.catalogue import Catalogue
from provision.context import Context
from provision.errors import Refused
from provision.formats.base import Column, ColumnClass, Dataset, Table
from provision.formats.tables import DROPPED, polars_type
from provision.model import Plan, Profile, TableSelection
from provision.releasing.order import measured, of_numbers
from provision.releasing.select import Selection

PERSON, CLAIM = "person_number", "claim_number"
#: What a claim is: its number is counted in one dataset of its batch.
CLAIM_KEY = ("batch", "dataset", "claim_no")
#: Columns that a plan may ask for on head tables besides the table's own.
DERIVED = {
    "age_band": Column("age_band", "年齢階級", "Age band", ColumnClass.QUASI, "string", "label:age_band", "years", 0),
    "prefecture": Column("prefecture", "都道府県", "Prefecture", ColumnClass.QUASI, "string", "code:prefecture", "", 0),
}
_ITEMS = "test_item"
#: Columns that are quasi-identifiers by their own name, in whatever table.
COUNTED = frozenset({"age_band", "sex", "prefecture"})
NUMBERS = {
    PERSON: Column(PERSON, "個人番号（本提供内の無作為番号）", "Person number, random within this release",
                   ColumnClass.ORDINARY, "integer", "number:person"),
    CLAIM: Column(CLAIM, "明細番号（本提供内の無作為番号）", "Claim number, random within this release",
                  ColumnClass.ORDINARY, "integer", "number:claim"),
}  # fmt: skip


@dataclass(frozen=True)
class ReleaseTable:
    """One table as it goes out. `name` is unique in the release: tables of one name in two datasets of the plan carry
    the dataset's name in front. `dataset` is where the rows come from; `items` which test items of theirs, empty for
    all."""

    name: str
    dataset: str
    ja: str
    en: str
    columns: tuple[Column, ...]
    items: tuple[str, ...] = ()


def layout(plan: Plan, known: Catalogue) -> tuple[ReleaseTable, ...]:
    """Which tables and columns the plan makes, without looking at data. `Refused` where a column may not go out."""
    chosen = [(selection.dataset, selection.table) for selection in plan.tables]
    if len(set(chosen)) < len(chosen):
        raise Refused(
            "a table stands twice in the plan", where=plan.id, rule="plan.tables", remedy="name each table once"
        )
    shared = {name for _, name in chosen if sum(other == name for _, other in chosen) > 1}
    made = tuple(_layout(plan, selection, selection.table in shared, known) for selection in plan.tables)
    _check_quasi(plan, made)
    return made


def table_of(plan: Plan, selection: TableSelection, known: Catalogue) -> tuple[Dataset, Table]:
    """Dataset and table of a selection. `Refused` where there is none."""
    dataset = known.dataset(selection.dataset)
    try:
        return dataset, dataset.table(selection.table)
    except KeyError:
        raise Refused(
            f"dataset {dataset.id} has no table {selection.table}", where=plan.id, rule="plan.table",
            remedy=f"known: {', '.join(t.name for t in dataset.tables)}",
        ) from None  # fmt: skip


def _layout(plan: Plan, selection: TableSelection, shared: bool, known: Catalogue) -> ReleaseTable:
    dataset, table = table_of(plan, selection, known)
    if len(set(selection.columns)) < len(selection.columns):
        raise Refused(
            f"a column of {table.name} stands twice", where=plan.id, rule="plan.tables", remedy="name each column once"
        )
    numbers = {"none": (), "claim": (CLAIM,), "person": (PERSON, CLAIM)}[plan.linkage]
    columns = [NUMBERS[number] for number in numbers]
    columns += [column_of(plan, dataset, table, name) for name in selection.columns]
    items = items_of(plan, table, selection)
    made = tuple(_narrowed(column, items) for column in columns)
    if not shared:
        return ReleaseTable(table.name, dataset.id, table.ja, table.en, made, items)
    name = f"{dataset.id}_{table.name}".replace("-", "_")
    return ReleaseTable(name, dataset.id, f"{dataset.ja}・{table.ja}", f"{dataset.en}: {table.en}", made, items)


def items_of(plan: Plan, table: Table, selection: TableSelection) -> tuple[str, ...]:
    """検査項目 that are asked for, in the list's order. `Refused` where the table has none, or the list not these."""
    if not selection.items:
        return ()
    if "item" not in {column.name for column in table.columns}:
        raise Refused(
            f"table {table.name} holds no test items", where=plan.id, rule="plan.items", remedy="take items out"
        )
    known = codes.load(_ITEMS).names
    if unknown := sorted(set(selection.items) - known.keys()):
        raise Refused(
            f"no test item is called {', '.join(unknown)}", where=plan.id, rule="plan.items",
            remedy="config/codes/test_item.tsv lists them",
        )  # fmt: skip
    return tuple(code for code in known if code in selection.items)


def _narrowed(column: Column, items: Sequence[str]) -> Column:
    """The column as contract and codebook are to see it: of all items only those that were asked for."""
    chosen = items and column.name == "item"
    return replace(column, domain=f"{column.domain}/{','.join(items)}") if chosen else column


def column_of(plan: Plan, dataset: Dataset, table: Table, name: str) -> Column:
    """The column called `name` of a table, derived ones included. `Refused` where it may not go out."""
    if table.name == dataset.head and name in DERIVED and name not in {c.name for c in table.columns}:
        return DERIVED[name]
    try:
        column = table.column(name)
    except KeyError:
        raise Refused(
            f"table {table.name} has no column {name}",
            where=plan.id,
            rule="plan.column",
            remedy="tokumei datasets lists them",
        ) from None
    if column.cls in DROPPED or column.domain in {"none", "free"}:
        raise Refused(
            f"{table.name}.{name} is never kept", where=plan.id, rule="plan.column", remedy="take it out of the plan"
        )
    return column


def _check_quasi(plan: Plan, tables: tuple[ReleaseTable, ...]) -> None:
    """What narrows people down and goes out must be counted: age, sex, prefecture, births, ZIP codes, insurers."""
    for table in tables:
        for column in table.columns:
            name = {"birth": "birth_month", "zip": "zip3", "insurer": "insurer"}.get(str(column.cls))
            name = column.name if column.name in COUNTED else name
            if name and name not in plan.quasi_identifiers:
                raise Refused(
                    f"{table.name}.{column.name} goes out but {name} is not among quasi_identifiers",
                    where=plan.id, rule="plan.quasi_identifiers", remedy=f"add {name}, or leave the column out",
                )  # fmt: skip


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


def make_tables(
    ctx: Context,
    plan: Plan,
    profile: Profile,
    selection: Selection,
    kept: pl.DataFrame,
    orders: dict[str, dict[str, int]] | None = None,
) -> dict[str, pl.DataFrame]:
    """The release's tables by name. `kept` are the people (with attributes) that stay after suppression; `orders` is
    filled with how far rows and numbers follow the order of the store (`order.py`), by table and number."""
    heads = selection.heads.join(kept.select("person"), on="person", how="semi")
    numbering = Numbering(heads)
    keys = heads.join(numbering.people, on="person").join(numbering.claims, on=CLAIM_KEY)
    keys = keys.join(kept.select("person", *sorted(COUNTED)), on="person")
    shapes = layout(plan, ctx.catalogue)
    made = {
        shape.name: _one(ctx, shape, chosen, selection, keys, numbering)
        for shape, chosen in zip(shapes, plan.tables, strict=True)
    }
    if orders is not None:
        orders.update(numbering.orders)
    return made


def _one(
    ctx: Context,
    shape: ReleaseTable,
    chosen: TableSelection,
    selection: Selection,
    keys: pl.DataFrame,
    numbering: Numbering,
) -> pl.DataFrame:
    own = {b.batch: b.source for b in selection.batches if b.dataset == chosen.dataset}
    rows = ctx.store.scan(chosen.dataset, chosen.table, own)
    names = [c.name for c in shape.columns]
    mine = keys.filter(pl.col("dataset") == chosen.dataset).drop("dataset", "person")
    if rows is None:
        return pl.DataFrame(schema={c.name: polars_type(c) for c in shape.columns})
    if shape.items:
        rows = rows.filter(pl.col("item").is_in(list(shape.items)))
    # What was counted goes out, not what one of a person's claims says.
    counted = COUNTED if chosen.table == ctx.catalogue.dataset(chosen.dataset).head else frozenset()
    have = set(rows.collect_schema().names()) - counted
    extra = [name for name in names if name in mine.columns and name not in have]
    picked = rows.select("batch", "claim_no", *[n for n in names if n in have])
    mine = mine.select("batch", "claim_no", *extra)
    joined = picked.collect().join(mine, on=["batch", "claim_no"], how="inner", maintain_order="left")
    missing = [pl.lit(None, polars_type(c)).alias(c.name) for c in shape.columns if c.name not in joined.columns]
    return numbering.shuffled(joined.with_columns(missing).select(names), shape.name)
