"""Whose a row is: what is counted over people needs to know of every row."""

from __future__ import annotations

import polars as pl

from anonymization.risk.unfit import Unfit


def whose(frame: pl.LazyFrame, person: str) -> pl.LazyFrame:
    """The frame, checked: every row belongs to somebody. Unfit (with how many) where not."""
    nobody = frame.select((pl.col(person).is_null() | (pl.col(person).cast(pl.String) == "")).sum()).collect().item()
    if nobody:
        raise Unfit(f"{nobody} rows belong to nobody: the person column is empty there")
    return frame
