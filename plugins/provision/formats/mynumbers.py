"""個人番号: finding My Numbers wherever in a table they stand. A file that has them is not taken at all.

Looked for in three ways: a heading of that name, a cell that is such a label (a form in a sheet, a title above the
header), and any column, known or not, in which at least 90 % of the 12-digit values pass the check digit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from provision.formats.base import BadFile
from provision.formats.delimited import Coded
from provision.formats.headings import fold
from provision.formats.numbers import are_my_numbers

#: Share of a column's 12-digit values that pass the check digit from which it is a column of My Numbers.
MY_NUMBER_SHARE = 0.9
_DIGITS = 12
#: What may become 12 digits under NFKC: 12 of them, or beyond ASCII anything without letters, which stay letters.
_MAY_BE = r"^(?:(?:[\s\-]*[0-9]){12}[\s\-]*|\PL*[^\x00-\x7f\pL]\PL*)$"
_NAMES = ("個人番号", "マイナンバー", "mynumber", "my_number", "my-number")
#: How a label may be written in a cell, before it is folded.
_SPELLINGS = (*_NAMES, "ﾏｲﾅﾝﾊﾞｰ", "個人 番号", "個 人 番 号", "my number", "ＭＹＮＵＭＢＥＲ", "ｍｙｎｕｍｂｅｒ")
_NAME = "|".join(_NAMES)
#: A cell that is a label and no sentence that has the word in it: signs around it, the name again, the number itself.
_LABEL = re.compile(rf"\W*(?:{_NAME})\W*(?:(?:{_NAME}|12桁|必須|記入欄|欄)\W*)*[0-9\-]*\W*")

_REMEDY = "My Numbers must not be sent; destroy the file and ask the sender for one without them"


def is_heading(heading: str) -> bool:
    """Whether a heading is one of My Numbers."""
    return any(name in fold(heading) for name in _NAMES)


def refuse_headings(header: Sequence[str]) -> None:
    """Raise `BadFile` ``my_number`` where a heading is one of My Numbers."""
    if any(map(is_heading, header)):
        raise BadFile("my_number", record=1, remedy=_REMEDY)


def refuse_labels(cells: Iterable[str]) -> None:
    """Raise `BadFile` ``my_number`` where one of a few cells is a label of My Numbers."""
    if any(_LABEL.fullmatch(fold(cell)) for cell in cells):
        raise BadFile("my_number", remedy=_REMEDY)


@dataclass
class MyNumbers:
    """What was seen so far of the columns of one table."""

    twelve: Counter[str] = field(default_factory=Counter)
    passing: Counter[str] = field(default_factory=Counter)

    def look(self, rows: Coded) -> None:
        """Raise `BadFile` ``my_number`` where a column of the rows up to these holds My Numbers or a label of them."""
        lengths = [pl.lit(words).str.len_bytes().max().alias(name) for name, words in rows.words.items()]
        if not lengths or not rows.height:
            return
        for place, (name, length) in enumerate(zip(rows.words, pl.select(lengths).row(0), strict=True), 1):
            if (length or 0) >= len("mynumber"):
                self._labels(rows.words[name], place)
            if (length or 0) >= _DIGITS:
                self._numbers(rows, name, place)

    def _labels(self, words: pl.Series, place: int) -> None:
        named = words.str.contains_any(list(_SPELLINGS), ascii_case_insensitive=True).fill_null(False)
        if named.any() and any(_LABEL.fullmatch(fold(cell)) for cell in words.filter(named).unique()):
            raise BadFile("my_number", field=f"column {place}", remedy=_REMEDY)

    def _numbers(self, rows: Coded, name: str, place: int) -> None:
        """Where most 12-digit cells of the column so far pass the check digit, each cell counted."""
        words = rows.words[name]
        long = pl.col("text").str.len_bytes() >= _DIGITS
        plain = pl.col("text").str.normalize("NFKC").str.replace_all(r"[\s\-]", "")
        text = (
            words.to_frame("text").lazy().with_row_index("word")
            .filter(long).filter(pl.col("text").str.contains(_MAY_BE)).with_columns(plain)
            .filter(pl.col("text").str.contains(r"^[0-9]{12}$")).collect()
        )  # fmt: skip
        if not text.height:
            return
        cells = np.bincount(rows.codes[name].drop_nulls().to_numpy(), minlength=words.len())[text["word"].to_numpy()]
        self.twelve[name] += int(cells.sum())
        self.passing[name] += int(cells[are_my_numbers(text["text"]).to_numpy()].sum())
        if self.passing[name] >= MY_NUMBER_SHARE * self.twelve[name] > 0:
            raise BadFile("my_number", field=f"column {place}", remedy=_REMEDY)
