"""Stays in DPC survey files: one claim number per stay or visit over the whole file, and who is in it.

A row belongs to the stay with its facility, data identification number and dates. The claim numbers of all stays of
the file are remembered (as their keys, about 80 bytes each, at most `STAYS`), so that rows of one stay get one number
even where they stand in different chunks or far apart; the head row is delivered with the stay's first chunk.

Identity: データ識別番号 may be the real patient number. It serves as chart number of the 9-digit facility, written with
10 digits as the survey asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from provision.formats.base import PEOPLE_COLUMNS, BadFile
from provision.formats.delimited import Coded

STAYS = 2_000_000


class Stays:
    """Claim numbers of the stays of one file."""

    def __init__(self) -> None:
        self._known = pl.DataFrame(schema={"key": pl.String, "claim_no": pl.Int64})

    @property
    def count(self) -> int:
        """Stays so far."""
        return self._known.height

    def number(self, rows: Coded, keys: Sequence[str]) -> tuple[Coded, int]:
        """`rows` with ``claim_no`` first, in their order; and the number of the first stay that was not known before.

        Raises `BadFile` ``dpc.stays`` where a file has more than `STAYS`.
        """
        starts = _starts(rows.codes.select(keys))  # rows of a stay mostly stand together: one key per such run
        runs = pl.DataFrame([rows.words[name].gather(rows.codes[name].gather(starts)).alias(name) for name in keys])
        keyed = runs.select(key=_key(keys))
        begins = self.count + 1
        new = keyed.unique(maintain_order=True).join(self._known, on="key", how="anti", maintain_order="left")
        if self.count + new.height > STAYS:
            raise BadFile("dpc.stays", remedy="the file holds too many stays; ask the sender for one file per month")
        numbers = pl.int_range(begins, begins + new.height, dtype=pl.Int64, eager=True)
        self._known = self._known.vstack(new.with_columns(claim_no=numbers))
        found = keyed.join(self._known, on="key", how="left", maintain_order="left")["claim_no"].to_numpy()
        claims = np.repeat(found, np.diff(np.append(starts, rows.height)))
        return Coded(rows.codes.select(pl.Series("claim_no", claims), pl.all()), rows.words), begins

    def knows(self, cells: Sequence[str]) -> bool:
        """Whether rows of the stay with these cells were given a number before."""
        one = pl.DataFrame({f"c{place}": [cell] for place, cell in enumerate(cells)})
        return bool(self._known["key"].is_in(one.select(_key(one.columns)).to_series().implode()).any())


def _key(names: Sequence[str]) -> pl.Expr:
    return pl.concat_str(pl.col(names).str.strip_chars(" "), separator="\t")


def _starts(codes: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Places of the rows that differ from the one before them."""
    other = np.zeros(codes.height, np.bool_)
    other[:1] = True
    for column in codes.iter_columns():
        numbers = column.to_numpy()
        other[1:] |= numbers[1:] != numbers[:-1]
    return np.flatnonzero(other)


def heads(rows: Coded, begins: int) -> Coded:
    """The first row of every stay from claim number `begins` on; further rows of it may follow anywhere."""
    claims = rows.codes["claim_no"].to_numpy()
    changes = np.flatnonzero(np.append(True, claims[1:] != claims[:-1]))[: len(claims)]
    begun = changes[claims[changes] >= begins]
    runs = rows.codes[begun]
    if (np.diff(claims[begun]) > 0).all():  # no stay stands in two places
        return Coded(runs, rows.words)
    return Coded(runs.unique("claim_no", keep="first", maintain_order=True), rows.words)


def dated(stays: pl.DataFrame) -> pl.DataFrame:
    """The typed head rows with ``service_month``: of the discharge, else of the admission or visit."""
    return stays.with_columns(service_month=pl.coalesce("discharged", "admitted").str.slice(0, 7))


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
