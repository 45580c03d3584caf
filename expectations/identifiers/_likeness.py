"""How much a run of kanji looks like a surname (姓) that no list has, and how little like a term.

Surnames are put together from few characters, and which of them open, fill and end one is far from even: 鴫 + 谷 is a
name though nobody listed it. Terms (低集積, 嵌頓) are put together from others. So two naive Bayes models over
characters by place are set against each other: one of the surnames of the lists, one of the words, those with a
character of medicine counted more often, as what stands in brackets in notes is mostly theirs. Nothing is learned from
texts, so the same lists always give the same figure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

from expectations.identifiers._names import names, ordinary_words

#: Characters of medicine; words with one of them count `_OFTEN` times, as clinical texts are full of them.
_MEDICAL = frozenset(
    "病症炎癌腫瘍疹痛熱感脈膜骨筋腺液尿痰血肺胃肝腎腸脳頸椎肢膵胆舌咽喉鼻眼耳歯傷創療患診検術薬剤錠服便嘔吐圧菌毒胞核"
    "皮膚胎産妊娠麻酔呼吸嚥食欲眠睡栓塞梗狭窄拡張穿孔閉陰影浮結節斑疱湿乾癬"
)
_OFTEN = 4
#: Kanji in use; those a list lacks share what is left of its weight.
_KANJI = 3000
#: How many characters of the whole a place borrows, so that one seen elsewhere only is not impossible in it.
_BORROWED = 5


class _Places:
    """How often characters open, fill and end the entries of a list, and how long these are."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._any: Counter[str] = Counter()
        self._at: dict[str, Counter[str]] = {"first": Counter(), "middle": Counter(), "last": Counter()}
        self._sizes: Counter[int] = Counter()
        for entry in entries:
            self._any.update(entry)
            self._sizes[len(entry)] += 1
            for place, characters in _parts(entry):
                self._at[place].update(characters)
        self._all = self._any.total()
        self._totals = {place: count.total() for place, count in self._at.items()}

    def logarithm(self, run: str) -> float:
        """Logarithm of the chance that an entry is `run`."""
        size = math.log((self._sizes[len(run)] + 1) / (self._sizes.total() + 10))
        return size + sum(math.log(self._chance(place, c)) for place, part in _parts(run) for c in part)

    def _chance(self, place: str, character: str) -> float:
        anywhere = (self._any[character] + 0.2) / (self._all + 0.2 * _KANJI)
        return (self._at[place][character] + _BORROWED * anywhere) / (self._totals[place] + _BORROWED)


def _parts(run: str) -> tuple[tuple[str, str], ...]:
    return ("first", run[0]), ("middle", run[1:-1]), ("last", run[-1])


@cache
def models() -> tuple[_Places, _Places]:
    """The models of surnames and of words, made once per process (0.2 s)."""
    surnames = names().surnames
    words = ordinary_words()
    medical = [word for word in words if not _MEDICAL.isdisjoint(word)]
    return (
        _Places(name for name in surnames if 2 <= len(name) <= 5),
        _Places([*(word for word in words if word not in surnames), *medical * (_OFTEN - 1)]),
    )


@lru_cache(maxsize=100_000)
def likeness(run: str) -> float:
    """Log odds (natural) of `run` (plain form, two and more kanji) as a surname against it as a word."""
    surnames, words = models()
    return surnames.logarithm(run) - words.logarithm(run)
