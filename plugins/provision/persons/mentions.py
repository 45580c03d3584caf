"""本人の記載: whether a text names one person, for what no reader can take: by the values that were said of them.

Birth beside a name or a long number, within some lines, is the person. A name or long number alone, or the birth beside
a short number (a chart ``K001``, which is in every file), may be: a person has to look. Widths, kana, gaps, hyphens,
variants of characters, eras and leading zeros make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum

from expectations.text import katakana, plain_kanji
from provision.identity import normal
from provision.persons.asked import Asked

#: Characters within which a birth and a name are of one record, and what is looked at again at the next place.
WINDOW, STEP = 4096, 2048
_GAP = r"[\s‐-―−ー・.()-]{0,2}"
#: What may stand between and around the letters of a name.
_NO_LETTER = re.compile(r"[\s‐-―−・.,\-\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]+")
_BETWEEN = r"[-/.年月\s]{1,2}"
#: First and last year of each era, and how it is written: letter, kanji, and the code of claims (年号区分).
_ERAS = ((1868, 1912, "M|明治|1"), (1912, 1926, "T|大正|2"), (1926, 1989, "S|昭和|3"), (1989, 2019, "H|平成|4"),
         (2019, 9999, "R|令和|5"))  # fmt: skip
#: Shorter names and numbers say little by themselves.
_LONG_NAME, _LONG_NUMBER, _LEAST_NUMBER = 3, 6, 3


class Mention(IntEnum):
    """How sure it is that the person stands somewhere; the surest counts."""

    NONE = 0
    PERHAPS = 1
    THEIRS = 2


class Needles:
    """What a text is searched for. In no repr, as what was asked."""

    def __init__(self, asked: Asked) -> None:
        names = {_compared(normal(one[field])) for one in asked.records for field in ("name", "kana", "address")} - {""}
        numbers = [one[field] for one in asked.records for field in ("number", "care_number", "chart", "phone")]
        digits = {normal(number).lstrip("0") for number in numbers}
        self._names = {name for name in names if len(name) >= _LONG_NAME}
        self._short_names = {name for name in names - self._names if len(name) > 1}
        self._numbers = _any(_spaced(one) for one in digits if len(one) >= _LONG_NUMBER)
        short = (one for one in digits if _LEAST_NUMBER <= len(one) < _LONG_NUMBER)
        self._short = _any(rf"(?<![0-9A-Z])0*{_spaced(one)}(?![0-9A-Z])" for one in short)
        self._births = _any(_births(asked.birth))

    def judge(self, text: str) -> Mention:
        """What a text of any length says: window by window, where the whole says anything."""
        if len(text) <= WINDOW or self.record(text) is Mention.NONE:
            return self._window(text, near=False)
        places = range(0, len(text), STEP)
        return max(self._window(text[place : place + WINDOW], near=False) for place in places)

    def record(self, text: str) -> Mention:
        """What a single record says: in it the birth beside a short number or name is enough."""
        return self._window(text, near=True)

    def _window(self, text: str, *, near: bool) -> Mention:
        plain = unicodedata.normalize("NFKC", text).upper()
        letters = _compared(plain)
        born = self._births.search(plain) is not None
        sure = any(name in letters for name in self._names) or self._numbers.search(plain) is not None
        if sure:
            return Mention.THEIRS if born else Mention.PERHAPS
        if born and (self._short.search(plain) or any(name in letters for name in self._short_names)):
            return Mention.THEIRS if near else Mention.PERHAPS
        return Mention.NONE


def _compared(plain: str) -> str:
    """Names in a text as they are compared: no gaps, large katakana, common forms of characters."""
    return katakana(plain_kanji(_NO_LETTER.sub("", plain)))


def _any(patterns: Iterator[str]) -> re.Pattern[str]:
    """Any of them; where there is none, nothing."""
    return re.compile("|".join(patterns) or r"(?!)")


def _spaced(number: str) -> str:
    """A number with gaps between its characters as people write them."""
    return _GAP.join(map(re.escape, number))


def _births(birth: str) -> Iterator[str]:
    """A birth YYYYMMDD as it may be written."""
    year, month, day = int(birth[:4]), int(birth[4:6]), int(birth[6:])
    after = rf"{_BETWEEN}0?{month}{_BETWEEN}0?{day}(?![0-9])"
    yield birth
    yield rf"{year}{after}"
    for first, last, names in _ERAS:
        if first <= year <= last:
            count = year - first + 1
            yield rf"(?<![0-9])(?:{names}){_GAP}{count:02}{birth[4:]}(?![0-9])"
            yield rf"(?:{names}){_GAP}0?{f'(?:{count}|元)' if count == 1 else count}{after}"
