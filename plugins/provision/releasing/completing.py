"""差分の反映: records that complete each other, in datasets whose empty cells say nothing (`Dataset.updates`; LIFE).

What stands of a record is its last version (`claims.py`); each of its cells is what the last version said that said
something of it: a value, or that there is none any more (`formats/emptied.py`). Versions stay in the store as they
came and are put together whenever rows are read, by what is in force at the moment: so they may arrive in any order,
and one that was superseded or erased says nothing any more. LIFE CSV連携仕様書 of 2021 (空欄, 半角スペース).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.context import Context
from provision.formats.emptied import EMPTIED, names
from provision.intake.deidentify import KEYS
from provision.releasing.batches import BatchInForce
from provision.releasing.claims import Lives

_PART, _WHOLE = ["batch", "claim_no"], ["into_batch", "into_no"]
#: `batch` and `claim_no` of a version, those of the record it says something of, a number of that record (versions of
#: one have the same), and one by which they are in order.
PARTS = {
    "batch": pl.String, "claim_no": pl.Int64, "into_batch": pl.String, "into_no": pl.Int64, "record": pl.Int64,
    "step": pl.Int64,
}  # fmt: skip


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
        return standing.with_columns(record=pl.int_range(pl.len()), step=pl.lit(0, pl.Int64))
    told = found.claims.filter(~pl.col("withdrawn"))
    if gone is not None:
        told = told.filter(~pl.col("alias").is_in(gone.implode()).fill_null(False))
    alone = pl.concat_str("batch", pl.col("claim_no").cast(pl.String), separator="/")
    same, number = ["source", pl.coalesce("claim_place", alone)], pl.col("number").cast(pl.Int64)
    numbered = told.with_row_index("number").with_columns(record=number.last().over(same), step=number)
    last = {"into_batch": pl.col("batch").gather("record"), "into_no": pl.col("claim_no").gather("record")}
    made = numbered.with_columns(**last).select(*PARTS)
    return made.join(standing.select(_WHOLE), on=_WHOLE, how="semi", maintain_order="left")


def completed(rows: pl.LazyFrame, versions: pl.DataFrame | None, columns: Collection[str]) -> pl.LazyFrame:
    """Rows of one table as the records in force say them: `batch`, `claim_no` and those of `columns` that it has.
    `versions`: `PARTS`, or None where every row is whole.

    Rows of versions come under the number of their record, behind all others, which stay as they are. One column is in
    memory at a time besides what is made.
    """
    there = rows.collect_schema().names()
    cells = [name for name in there if name in columns and name not in _PART]
    if versions is None or not (several := versions.filter(pl.len().over("record") > 1)).height:
        return rows.select(*_PART, *cells)
    noted = pl.col(EMPTIED) if EMPTIED in there else pl.lit(None, pl.String).alias(EMPTIED)
    keys = rows.select(*_PART, noted).with_row_index("row").collect()
    placed = _Placed(keys.join(several, on=_PART, how="left", maintain_order="left"))
    made = (placed.said(rows.select(name).collect().to_series()) for name in cells)
    return pl.DataFrame([*placed.numbers(), *made]).lazy()


class _Placed:
    """Rows of a table (`row`) with `PARTS` and `EMPTIED`: those that are alone, and versions in order."""

    def __init__(self, placed: pl.DataFrame) -> None:
        self.alone = placed.filter(pl.col("record").is_null())
        self.told = placed.drop_nulls("record").sort("record", "step")
        record = self.told["record"].to_numpy()
        ends = np.flatnonzero(np.diff(record, append=-1))
        self.last, self.first = ends, np.concatenate([[0], ends[:-1] + 1])
        self.unknown = self.told[EMPTIED].is_null()
        self.named = set(" ".join(self.told[EMPTIED].unique().drop_nulls()).split())

    def numbers(self) -> list[pl.Series]:
        """`batch` and `claim_no`: of the rows that are alone, then of the records."""
        own = self.told[self.last].select(batch="into_batch", claim_no="into_no")
        return pl.concat([self.alone.select(_PART), own]).get_columns()

    def said(self, cells: pl.Series) -> pl.Series:
        """A column of the table: of the rows that are alone, then the last that was said of every record's cell. Whose
        record it is says its last version."""
        told = cells.gather(self.told["row"])
        at = self.last if cells.name in KEYS else self._last_said(told)
        valid = pl.Series(at).set(pl.Series(at < self.first), None)
        return cells.gather(self.alone["row"]).append(told.gather(valid))

    def _last_said(self, told: pl.Series) -> npt.NDArray[np.int64]:
        """Places of the versions that were the last to say something of a cell; before its first where none did."""
        final = self.unknown | names(self.told[EMPTIED], told.name) if told.name in self.named else self.unknown
        says = (told.is_not_null() | final).to_numpy()
        return np.maximum.accumulate(np.where(says, np.arange(len(says)), -1))[self.last]
