"""The keys of a claim in the store: the vault's alias of its person, and the claim token.

A claim token (keyed, from レセプト管理番号 or 検索番号) is the same for a claim and whatever replaces it; the numbers
themselves never enter the store.
"""

from __future__ import annotations

import polars as pl

from provision.context import Context
from provision.formats.base import Dataset, Parcel
from provision.identity import identities, keyed, normal
from provision.model import Source


def scope(source: Source) -> str:
    """連結の範囲: the linkage group where a document allows linking, else the source alone."""
    return f"group-{source.linkage.group}" if source.linkage else f"source-{source.id}"


def with_keys(ctx: Context, source: Source, dataset: Dataset, parcel: Parcel, head: pl.DataFrame) -> pl.DataFrame:
    """Add the vault's alias, and the keyed claim token where the format knows a claim's own number."""
    if source.legal_status != "anonymised_received":
        found = identities(parcel.people, ctx.keys.symmetric(f"link-{scope(source)}"), source.id)
        head = head.join(ctx.vault.aliases(scope(source), found), on="claim_no", how="left", maintain_order="left")
    raw = parcel.tables[dataset.head]
    named = [c.name for c in dataset.table(dataset.head).columns if c.role == "claim"]
    if not named or named[0] not in raw.columns:
        return head
    key = ctx.keys.symmetric(f"claim-{scope(source)}")
    tokens = [keyed(key, source.id, (text,)).hex() if (text := normal(value)) else None for value in raw[named[0]]]
    return head.join(
        raw.select("claim_no").with_columns(claim_token=pl.Series(tokens, dtype=pl.String)), on="claim_no", how="left"
    )
