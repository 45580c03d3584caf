"""Headings, and words of code columns, as they are compared: senders write one in many widths, cases, with spaces."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import polars as pl


def fold(heading: str) -> str:
    """A heading as compared: NFKC, lower case, without spaces."""
    return "".join(unicodedata.normalize("NFKC", heading).split()).casefold()


def meant(words: pl.Series, known: Mapping[str, str]) -> pl.Series:
    """What words mean by their folded form, null where nobody knows; every different word is looked at once."""
    distinct = words.drop_nulls().unique()
    said = pl.Series([known.get(fold(word)) for word in distinct.to_list()], dtype=pl.String)
    return words.replace_strict(distinct, said, default=None, return_dtype=pl.String)
