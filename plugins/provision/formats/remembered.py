"""Reading words (`words`) that were read before: the same codes and days stand in parcel after parcel.

What was made of a word is remembered as long as the process lives: of columns whose class the store keeps as it is, and
only where it was read as something. Nothing of anybody's name, number, address or birth is remembered, nor what stands
in the place of a code and is none. Decimals are read faster than they are looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import polars as pl

from provision import codes
from provision.formats import tables, words
from provision.formats.base import Column, ColumnClass
from provision.formats.words import Words

Texts = Sequence[str | None]
_KEPT = frozenset({ColumnClass.ORDINARY, ColumnClass.QUASI, ColumnClass.SENSITIVE, ColumnClass.PROVIDER})
#: Of how many columns words are remembered, and how many of each before they are forgotten.
_COLUMNS, _WORDS = 1_024, 20_000


def read(said: Mapping[Column, Texts]) -> dict[str, Words]:
    """The words of every column by its name, as `words.read` reads them where it is lenient."""
    parts = [_Part(column, texts) for column, texts in said.items()]
    left = {part.column: pl.Series(part.left, dtype=pl.String) for part in parts if part.left}
    fresh = words.read(left, lenient=True)
    return {part.column.name: part.with_new(fresh.get(part.column.name)) for part in parts}


class _Part:
    """The words of a column: those that are known as they were read, and those that are `left` to read."""

    def __init__(self, column: Column, texts: Texts) -> None:
        self.column, self._texts = column, texts
        self._memory: dict[str | None, Any] | None = None
        self._known: list[Any] = []
        self.left: Texts = texts
        if column.dtype == "string" and column.cls in tables.DROPPED:
            self._known, self.left = [words.stripped(text) for text in texts], ()
        elif column.dtype != "decimal" and column.cls in _KEPT:
            self._memory = _memory(column, codes.of_domain(column.domain))
            self._known = list(map(self._memory.get, texts))
            self.left = [text for text, one in zip(texts, self._known, strict=True) if text and one is None]

    def with_new(self, fresh: Words | None) -> Words:
        """All words, with those that were left; these are remembered."""
        if fresh is None:
            return Words(self._series(self._known), None)
        if self._memory is None:
            return fresh
        made = dict(zip(self.left, fresh.read.to_list(), strict=True))
        if len(self._memory) > _WORDS:
            self._memory.clear()
        self._memory.update((text, one) for text, one in made.items() if one is not None)
        whole = [made.get(text) if one is None else one for text, one in zip(self._texts, self._known, strict=True)]
        return Words(self._series(whole), None if fresh.lost is None else self._lost(fresh.lost))

    def _series(self, made: list[Any]) -> pl.Series:
        return pl.Series(made, dtype=tables.polars_type(self.column))

    def _lost(self, lost: pl.Series) -> pl.Series:
        """The mask of all words from that of those that were left."""
        those = {text for text, one in zip(self.left, lost.to_list(), strict=True) if one}
        return pl.Series([text in those for text in self._texts])


@lru_cache(maxsize=_COLUMNS)
def _memory(column: Column, _: codes.CodeTable | None) -> dict[str | None, Any]:
    """What is remembered of the words of a column and its code list: another configuration may have another."""
    return {}
