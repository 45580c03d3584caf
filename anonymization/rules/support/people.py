"""Counting over people: how many carry a label. A person with a hundred rows is one person."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from anonymization.risk.unfit import Unfit

_LABEL, _PERSON = "\x00label", "\x00person"


def whose(frame: pl.LazyFrame, person: str) -> pl.LazyFrame:
    """The frame, checked: every row belongs to somebody. Unfit (with how many) where not."""
    nobody = frame.select((pl.col(person).is_null() | (pl.col(person).cast(pl.String) == "")).sum()).collect().item()
    if nobody:
        raise Unfit(f"{nobody} rows belong to nobody: the person column is empty there")
    return frame


def carried(frame: pl.LazyFrame, labels: Sequence[pl.Expr], person: str) -> pl.DataFrame:
    """People by label over several expressions together: columns ``label`` and ``people``, null labels left out."""
    parts = [frame.select(pl.col(person).alias(_PERSON), label.cast(pl.String).alias(_LABEL)) for label in labels]
    together = pl.concat(parts).drop_nulls(_LABEL).unique()
    return together.group_by(_LABEL).agg(pl.len().alias("people")).rename({_LABEL: "label"}).sort("label").collect()
