"""Columns of texts as the numbers of their words: a text that stands in thousands of cells is read, compared and made
a value of once. Numpy does what is done to cells, Python what is done to words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

Places = npt.NDArray[np.int64]


class _Numbers(dict[Any, int]):
    """The number of every text, given when it is first seen."""

    def __missing__(self, text: Any) -> int:
        number = self[text] = len(self)
        return number


@dataclass(frozen=True)
class Coded:
    """A column: its `words` (None among them where cells are empty), and for every cell the number of its word.

    What was made of the words may repeat itself: two words may say the same.
    """

    cells: Places
    words: Sequence[Any]

    @classmethod
    def of(cls, texts: Sequence[Any]) -> Self:
        """Of the texts of all cells."""
        if not any(texts) and texts.count(None) == len(texts):
            return cls.nothing(len(texts))
        return cls.drawn(texts, len(texts))

    @classmethod
    def drawn(cls, texts: Iterable[Any], size: int) -> Self:
        """Of the texts of `size` cells, as they are drawn."""
        numbers = _Numbers()
        return cls(np.fromiter(map(numbers.__getitem__, texts), np.int64, size), list(numbers))

    @classmethod
    def each(cls, texts: Sequence[Any]) -> Self:
        """Of texts of which hardly any repeats itself: a word for each cell."""
        return cls(np.arange(len(texts)), texts)

    @classmethod
    def nothing(cls, size: int) -> Self:
        """A column of which no cell has anything."""
        return cls(np.zeros(size, np.int64), [None])

    @classmethod
    def one(cls, word: str, size: int) -> Self:
        """A column of one word."""
        return cls(np.zeros(size, np.int64), [word])

    @classmethod
    def placed(cls, size: int, parts: Iterable[tuple[Places, Coded]]) -> Self:
        """A column of `size` cells from parts of it, each with the places of its cells; others are empty."""
        made, words = np.zeros(size, np.int64), [None]
        for places, part in parts:
            made[places] = part.cells + len(words)
            words += part.words
        return cls(made, words)

    @property
    def blank(self) -> bool:
        """Whether nobody wrote anything in the column."""
        return len(self.words) == 1 and not self.words[0]

    @cached_property
    def filled(self) -> npt.NDArray[np.bool_]:
        """For every cell whether it holds something."""
        return self.having(lambda _: True)

    def having(self, wanted: Callable[[Any], bool]) -> npt.NDArray[np.bool_]:
        """For every cell whether its word is one of these; None never is."""
        return np.array([word is not None and wanted(word) for word in self.words], np.bool_)[self.cells]

    def read(self, read: Callable[[Any], Any]) -> Coded:
        """What is made of every word; None stays None."""
        return Coded(self.cells, [None if word is None else read(word) for word in self.words])

    def at(self, places: Places | npt.NDArray[np.bool_]) -> Coded:
        """The cells at these places, or those of a mask."""
        return Coded(self.cells[places], self.words)

    @property
    def empty(self) -> bool:
        """Whether no cell holds anything."""
        return all(word is None for word in self.words)

    def or_else(self, other: Coded) -> Coded:
        """The cells, and where they are empty those of another column."""
        if self.empty:
            return other
        if None not in self.words or other.empty:
            return self
        return Coded(np.where(self.filled, self.cells, other.cells + len(self.words)), [*self.words, *other.words])

    def without(self, lost: npt.NDArray[np.bool_]) -> Coded:
        """With these cells empty."""
        return Coded(np.where(lost, len(self.words), self.cells), [*self.words, None]) if lost.any() else self

    def texts(self) -> list[Any]:
        """The cells themselves."""
        return list(map(self.words.__getitem__, self.cells.tolist()))

    def numbers(self) -> pl.Series:
        """The cells as the numbers of words, as Polars counts them."""
        return pl.Series(self.cells.astype(np.uint32))

    def series(self) -> pl.Series:
        """The texts of all cells."""
        words = pl.Series(self.words, dtype=pl.String)
        return words.new_from_index(0, len(self.cells)) if len(words) == 1 else words[self.numbers()]


def together(parts: Sequence[Coded]) -> Coded:
    """One column below the other."""
    if len(parts) == 1:
        return parts[0]
    words: list[Any] = []
    cells = []
    for part in parts:
        cells.append(part.cells + len(words))
        words += part.words
    return Coded(np.concatenate(cells), words)


@dataclass(frozen=True)
class Rows:
    """Rows of a table: of which record each is, in no order but that of its resources, and the columns."""

    owners: Places
    columns: dict[str, Coded]

    def at(self, places: Places | npt.NDArray[np.bool_]) -> Rows:
        """The rows at these places, or those of a mask."""
        return Rows(self.owners[places], {name: column.at(places) for name, column in self.columns.items()})
