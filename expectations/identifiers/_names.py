"""Surnames, given names and their readings, from japanese-personal-name-dataset (MIT), in the plain form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from expectations.text import katakana, normal, plain_kanji


@dataclass(frozen=True)
class Names:
    """The four lists. Kana are full-size katakana: claim systems write シヨウコ for ショウコ."""

    surnames: frozenset[str]
    given: frozenset[str]
    surname_kana: frozenset[str]
    given_kana: frozenset[str]


@cache
def names() -> Names:
    """The lists, read once per process (0.1 s)."""
    from japanese_personal_name_dataset import load_dataset

    men, women, last = load_dataset("org", include_last_names=True)
    given = [kanji for people in (men, women) for entry in people.values() for kanji in entry["kanji"]]
    return Names(
        surnames=frozenset(plain_kanji(normal(name)) for name in last),
        given=frozenset(plain_kanji(normal(name)) for name in given),
        surname_kana=frozenset(katakana(normal(entry["reading"])) for entry in last.values()),
        given_kana=frozenset(katakana(normal(reading)) for people in (men, women) for reading in people),
    )
