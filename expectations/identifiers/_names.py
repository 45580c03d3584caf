"""Surnames, given names, their readings, and the ordinary words they could be taken for; all in the plain form.

japanese-personal-name-dataset (MIT) has 1,999 surnames with the number of people who bear them, and given names with
readings. Rarer surnames and ordinary words are lists of ours (`data/`), from NAIST Japanese Dictionary (BSD); words of
notes (clinical_words.txt) are written by us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from expectations.identifiers._lists import listed
from expectations.text import katakana, normal, plain_kanji

#: So many people bear a surname that its being a word as well (清水) does not matter.
_BORNE_BY_MANY = 100_000


@dataclass(frozen=True)
class Names:
    """The lists. Kana are full-size katakana: claim systems write シヨウコ for ショウコ.

    `counted` are the surnames with a number of bearers, `many` those borne by 100,000 people and more. `plain_surnames`
    are of two and more characters and hardly ever mean anything else, `sure_surnames` these and the counted ones.
    `words` are ordinary words in kanji of two to four characters, without plain surnames.
    """

    surnames: frozenset[str]
    counted: frozenset[str]
    many: frozenset[str]
    plain_surnames: frozenset[str]
    sure_surnames: frozenset[str]
    given: frozenset[str]
    surname_kana: frozenset[str]
    given_kana: frozenset[str]
    words: frozenset[str]

    def ordinary(self, run: str) -> bool:
        """True where `run` is made of ordinary words, with at most one affix among them: 訪問, 紹介元, 病棟責任者."""
        if run in self.words:
            return True
        return _made_of(run, self.words, _AFFIXES)


#: Characters that ordinary compounds begin or end with; those that surnames are made of are left out.
_AFFIXES = frozenset(
    "元先前後各当主副旧他内外的者係科室側用長医師員会部課局院所棟床性型式法時中別毎再非未不無全両総約第初最超上下帯通等程"
)


def _made_of(run: str, words: frozenset[str], affixes: frozenset[str]) -> bool:
    if len(run) > 12:
        return True
    left = {0: 1}
    for start in range(len(run)):
        if start not in left:
            continue
        if left[start] and run[start] in affixes:
            left[start + 1] = max(left.get(start + 1, 0), 0)
        for size in (2, 3, 4):
            if run[start : start + size] in words and start + size <= len(run):
                left[start + size] = max(left.get(start + size, 0), left[start])
    return len(run) in left and len(run) > 1


@cache
def counted_surnames() -> Mapping[str, int]:
    """Surnames with the number of people who bear them."""
    _, _, last = _dataset()
    return {plain_kanji(normal(name)): int(entry["count"]) for name, entry in last.items()}


@cache
def ordinary_words() -> frozenset[str]:
    """Words of the dictionary and those of notes (頓用, 立位, 低集積)."""
    return listed("words") | listed("clinical_words")


@cache
def names() -> Names:
    """The lists, read once per process (0.2 s)."""
    men, women, last = _dataset()
    counted = counted_surnames()
    surnames = frozenset(counted) | listed("surnames")
    words = ordinary_words()
    many = {name for name, count in counted.items() if count >= _BORNE_BY_MANY}
    plain = frozenset(name for name in surnames if len(name) > 1 and (name in many or name not in words))
    given = [kanji for people in (men, women) for entry in people.values() for kanji in entry["kanji"]]
    return Names(
        surnames=surnames,
        counted=frozenset(counted),
        many=frozenset(many),
        plain_surnames=plain,
        sure_surnames=plain | frozenset(counted),
        given=frozenset(plain_kanji(normal(name)) for name in given),
        surname_kana=frozenset(katakana(normal(entry["reading"])) for entry in last.values()),
        given_kana=frozenset(katakana(normal(reading)) for people in (men, women) for reading in people),
        words=words - plain,
    )


def _dataset() -> tuple[Any, Any, Any]:
    from japanese_personal_name_dataset import load_dataset

    men, women, last = load_dataset("org", include_last_names=True)
    return men, women, last
