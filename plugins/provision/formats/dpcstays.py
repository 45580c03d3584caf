"""Stays in DPC survey files: one claim number per stay or visit over the whole file, and who is in it.

A row belongs to the stay with its facility, data identification number and dates. The claim numbers of all stays of
the file are remembered (as their keys, about 80 bytes each, at most `STAYS`), so that rows of one stay get one number
even where they stand in different chunks or far apart; the head row is delivered with the stay's first chunk.

Identity: データ識別番号 may be the real patient number. It serves as chart number of the 9-digit facility, written with
10 digits as the survey asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from provision.formats.base import PEOPLE_COLUMNS, BadFile

STAYS = 2_000_000


class Stays:
    """Claim numbers of the stays of one file."""

    def __init__(self) -> None:
        self._known = pl.DataFrame(schema={"key": pl.String, "claim_no": pl.Int64})

    @property
    def count(self) -> int:
        """Stays so far."""
        return self._known.height

    def number(self, frame: pl.DataFrame, keys: Sequence[str]) -> tuple[pl.DataFrame, int]:
        """`frame` with ``claim_no``, in its order; and the number of the first stay that was not known before.

        Raises `BadFile` ``dpc.stays`` where a file has more than `STAYS`.
        """
        keyed = frame.with_columns(key=pl.concat_str(pl.col(keys).str.strip_chars(" "), separator="\t"))
        first = self.count + 1
        new = keyed.select("key").unique(maintain_order=True).join(self._known, on="key", how="anti")
        if self.count + new.height > STAYS:
            raise BadFile("dpc.stays", remedy="the file holds too many stays; ask the sender for one file per month")
        numbers = pl.int_range(first, first + new.height, dtype=pl.Int64, eager=True)
        self._known = self._known.vstack(new.with_columns(claim_no=numbers))
        made = keyed.join(self._known, on="key", how="left", maintain_order="left").drop("key")
        return made.select("claim_no", pl.exclude("claim_no")), first


def heads(rows: pl.DataFrame, first: int) -> pl.DataFrame:
    """The first row of every stay from claim number `first` on."""
    return rows.filter(pl.col("claim_no") >= first).unique("claim_no", keep="first", maintain_order=True)


def people(stays: pl.DataFrame, known: Mapping[str, str]) -> pl.DataFrame:
    """`PEOPLE_COLUMNS` of the typed head rows: `known` maps people columns to further columns of the head."""
    digits = pl.col("data_id").str.contains(r"^[0-9]{1,10}$")
    found: dict[str, pl.Expr] = {
        "claim_no": pl.col("claim_no"),
        "facility": pl.col("facility"),
        "chart": pl.when(digits).then(pl.col("data_id").str.zfill(10)).otherwise(pl.col("data_id")),
        **{name: pl.col(column) for name, column in known.items() if column in stays.columns},
    }
    return stays.select(found.get(name, pl.lit(None, pl.String)).alias(name) for name in PEOPLE_COLUMNS)
