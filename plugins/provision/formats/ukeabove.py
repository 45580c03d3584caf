"""The record above a claim as columns of the claim (保険者向け レセプト管理レコード MN): the claim's own number.

A receipt begins with MN, or with RE where a file has no MN: then the claim's number is its 検索番号. Where claims have
details (DPC 総括), those belong to the MN above their set. Neither number is ever stored, only the token made from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from provision.formats.ukechunk import Chunk


def with_above(chunk: Chunk, claims: pl.DataFrame | None) -> pl.DataFrame | None:
    """`claims` (one row per RE of the chunk, None where it has none) with the columns of the record that stands above
    each of them. What stands behind the last claim is carried on to the next chunk."""
    running, kind = chunk.running, chunk.kind
    mask, heads = chunk.lines.is_kind(kind.above), chunk.lines.is_kind("RE")
    found = chunk.frame(kind.above, mask).drop("claim_no")
    nothing = found.clear(1)
    rows = pl.concat((nothing, nothing if running.above is None else running.above, found))
    count = np.cumsum(mask)[heads]
    if found.height > (count[-1] if len(count) else 0):
        running.above = found.tail(1)
    elif len(count) and not kind.details:
        running.above = None
    elif found.height:
        running.above = found.tail(1)
    if claims is None:
        return None
    # a claim without one of its own has none, unless it is a detail of the claim above
    own = np.diff(count, prepend=0) > 0 if not kind.details else np.ones(len(count), np.bool_)
    own[:1] = True
    joined = claims.hstack(rows[np.where(own, count + 1, 0).tolist()])
    number = kind.named(kind.above, "claim")
    filled = pl.col(number).fill_null("").str.strip_chars() != ""
    return joined.with_columns(pl.when(filled).then(number).otherwise("search_number").alias(number))
