"""差分の反映: records that complete each other, in datasets whose empty cells say nothing (`Dataset.updates`; LIFE).

What stands of a record is its last version (`claims.py`); each of its cells is what the last version said that said
something of it: a value, or that there is none any more (`formats/emptied.py`). Versions stay in the store as they
came and are put together whenever rows are read, by what is in force at the moment: so they may arrive in any order,
and one that was superseded or erased says nothing any more. LIFE CSV連携仕様書 of 2021 (空欄, 半角スペース).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from provision.context import Context
from provision.formats.emptied import EMPTIED, is_final
from provision.intake.deidentify import KEYS
from provision.releasing.batches import BatchInForce
from provision.releasing.claims import Lives

_PART, _WHOLE = ["batch", "claim_no"], ["into_batch", "into_no"]
#: `batch` and `claim_no` of a version, those of the record it says something of, and its place among its versions.
PARTS = {"batch": pl.String, "claim_no": pl.Int64, "into_batch": pl.String, "into_no": pl.Int64, "step": pl.Int64}


def until(ctx: Context, batches: Sequence[BatchInForce], month: str) -> list[BatchInForce]:
    """Without batches of later months (YYYY-MM) of records that are updated and have no month of their own: those say
    how things were afterwards, and must not end what is asked for."""
    later = {b.dataset for b in batches if b.period > month}
    left_out = {name for name in later if _undated(ctx, name)}
    return [b for b in batches if b.dataset not in left_out or b.period <= month]


def _undated(ctx: Context, name: str) -> bool:
    dataset = ctx.catalogue.dataset(name)
    return dataset.updates and "service_month" not in {c.name for c in dataset.table(dataset.head).columns}


def parts(found: Lives, gone: pl.Series | None = None) -> pl.DataFrame:
    """`PARTS` of every claim in force, the claim itself included. Nothing that came under one of the aliases `gone`, of
    somebody who was withdrawn, is part of anything."""
    standing = found.in_force.select("batch", "claim_no", into_batch="batch", into_no="claim_no")
    if not found.updates:
        return standing.with_columns(step=pl.lit(0, pl.Int64))
    told = found.claims.filter(~pl.col("withdrawn"))
    if gone is not None:
        told = told.filter(~pl.col("alias").is_in(gone.implode()).fill_null(False))
    alone = pl.concat_str("batch", pl.col("claim_no").cast(pl.String), separator="/")
    record = ["source", pl.coalesce("claim_place", alone)]
    last = {"into_batch": pl.col("batch").last(), "into_no": pl.col("claim_no").last()}
    made = told.select(
        *_PART, **{name: one.over(record) for name, one in last.items()}, step=pl.int_range(pl.len()).over(record)
    )
    return made.join(standing.select(_WHOLE), on=_WHOLE, how="semi", maintain_order="left")


def completed(rows: pl.LazyFrame, versions: pl.DataFrame | None) -> pl.LazyFrame:
    """Rows of one table as the records in force say them; `versions`: `PARTS`, or None where every row is whole.

    Rows of versions come under the number of their record; all others stay as they are.
    """
    if versions is None or not (several := versions.filter(pl.len().over(_WHOLE) > 1)).height:
        return rows
    there = rows.collect_schema().names()
    cells = [name for name in there if name not in _PART and name != EMPTIED]
    told = rows.join(several.lazy().select(*PARTS), on=_PART, how="inner").sort("step")
    made = told.group_by(_WHOLE, maintain_order=True).agg(_said(name, EMPTIED in there) for name in cells)
    alone = rows.join(several.lazy(), on=_PART, how="anti")
    whole = made.rename({"into_batch": "batch", "into_no": "claim_no"})
    return pl.concat([frame.select(*_PART, *cells) for frame in (alone, whole)])


def _said(name: str, known: bool) -> pl.Expr:
    """The last that was said of a cell. Whose record it is says its last version."""
    if name in KEYS:
        return pl.col(name).last()
    return pl.col(name).filter(pl.col(name).is_not_null() | is_final(name, known)).last()
