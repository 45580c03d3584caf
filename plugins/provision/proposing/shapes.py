"""Shapes of cells: what can be said of a column without saying anything that stands in it.

Counts stay here; what goes out are words, so that no number of the draft can be one of the file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from provision.formats.numbers import passes_check

#: Shape -> pattern of the cell after NFKC, without spaces around it; the first that fits counts.
PATTERNS = {
    "dates": r"^(?:[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?(?:[T ][0-9:.]+)?|(?:19|20)[0-9]{6}"
    r"|(?:明治|大正|昭和|平成|令和|[MTSHR])(?:[0-9]{1,2}|元)[年/.\-][0-9]{1,2}[月/.\-][0-9]{1,2}日?)$",
    "months": r"^(?:[0-9]{4}[-/.年][0-9]{1,2}月?|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2]))$",
    "whole numbers": r"^-?[0-9]+$",
    "decimal numbers": r"^-?[0-9]+\.[0-9]+$",
    "digits in groups": r"^[0-9]+(?:-[0-9]+)+$",
    "codes of letters and digits": r"^[0-9A-Za-z_./-]*[0-9][0-9A-Za-z_./-]*$",
    "letters": r"^[0-9A-Za-z ,.'_/-]+$",
    "kana": r"^[ぁ-ゖァ-ヺーﾞﾟ・ 　]+$",
    "text with kanji": r"\p{Han}",
}
OTHER = "other text"
#: Share of the filled cells that must have a shape for the column to be of it.
SURE = 0.95
_DISTINCT = 50_000


@dataclass
class Shapes:
    """What was seen of one column."""

    rows: int = 0
    filled: int = 0
    shapes: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)  # of whole numbers
    checked: int = 0  # whole numbers of 6 or 8 digits that pass the check digit of insurers
    long: int = 0
    words: set[int] = field(default_factory=set, repr=False)  # hashes
    folded: set[str] = field(default_factory=set, repr=False)  # the words themselves, while they are few

    def see(self, cells: pl.Series) -> None:
        """Look at more cells."""
        text = cells.fill_null("").str.normalize("NFKC").str.strip_chars()
        counted = text.value_counts(name="n")
        column = counted.columns[0]
        full = counted.filter(pl.col(column) != "")
        self.rows, self.filled = self.rows + cells.len(), self.filled + int(full["n"].sum())
        word = pl.col(column)
        kind = pl.coalesce(
            [pl.when(word.str.contains(pattern)).then(pl.lit(name)) for name, pattern in PATTERNS.items()]
        ).fill_null(OTHER)
        named = full.select(word.alias("word"), "n", kind=kind, size=word.str.len_chars())
        for shape, count in named.group_by("kind").agg(pl.col("n").sum()).iter_rows():
            self.shapes[shape] += count
        self.long += int(named.filter(pl.col("size") > 40)["n"].sum())
        self._digits(named.filter(pl.col("word").str.contains(r"^[0-9]+$")))
        if len(self.words) < _DISTINCT:
            self.words |= set(named["word"].hash(0).to_list())
        if len(self.folded) <= 20:
            self.folded |= set(named["word"].head(21).str.to_lowercase().to_list())

    def _digits(self, numbers: pl.DataFrame) -> None:
        for size, count in numbers.group_by("size").agg(pl.col("n").sum()).iter_rows():
            self.lengths[size] += count
        short = numbers.filter(pl.col("size").is_in([6, 8]))
        self.checked += sum(count for word, count in short.select("word", "n").iter_rows() if passes_check(word))

    def share(self, *shapes: str) -> float:
        """Share of the filled cells that have one of these shapes."""
        return sum(self.shapes[shape] for shape in shapes) / self.filled if self.filled else 0.0

    def of_length(self, *lengths: int) -> float:
        """Share of the filled cells that are so many digits."""
        return sum(self.lengths[length] for length in lengths) / self.filled if self.filled else 0.0

    def within(self, words: set[str]) -> bool:
        """Whether the column has few different words, all of them among these."""
        return bool(self.folded) and len(self.folded) <= 20 and self.folded <= words

    def in_words(self) -> str:
        """What can be said of the column."""
        if not self.filled:
            return "no cell is filled"
        said = [self._kinds(), self._fill(), self._differing()]
        if self.checked > 0.9 * self.filled:
            said.append("nearly all pass the check digit of insurer numbers")
        return "; ".join(said)

    def _kinds(self) -> str:
        shape, count = self.shapes.most_common(1)[0]
        if count < SURE * self.filled:
            return "of several shapes: " + ", ".join(sorted(self.shapes))
        if shape == "whole numbers" and self.lengths:
            low, high = min(self.lengths), max(self.lengths)
            return f"whole numbers of {low} digits" if low == high else f"whole numbers of {low} to {high} digits"
        return shape

    def _fill(self) -> str:
        share = self.filled / self.rows
        steps = ((1.0, "every cell is filled"), (0.9, "nearly every cell is filled"), (0.5, "most cells are filled"),
                 (0.1, "less than half of the cells are filled"), (0.0, "few cells are filled"))  # fmt: skip
        return next(words for least, words in steps if share >= least)

    def _differing(self) -> str:
        distinct = len(self.words)
        if distinct >= min(_DISTINCT, SURE * self.filled) and distinct > 10:
            return "nearly all different"
        steps = ((1, "one and the same"), (10, "up to ten different ones"), (100, "some dozens of different ones"))
        return next((words for most, words in steps if distinct <= most), "many different ones")
