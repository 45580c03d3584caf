"""Readings in Latin letters, whichever way they are spelt: Hepburn, Kunrei, with long vowels or without."""

from __future__ import annotations

import re
from functools import cache

from expectations.identifiers._names import names

_KANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヰヱ"
    "ヲンガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ"
)
_READ = (
    "a i u e o ka ki ku ke ko sa si su se so ta ti tu te to na ni nu ne no ha "
    "hi hu he ho ma mi mu me mo ya yu yo ra ri ru re ro wa i e "
    "o n ga gi gu ge go za zi zu ze zo da zi zu de do ba bi bu be bo pa pi pu pe po bu"
)
_LETTERS = dict(zip(_KANA, _READ.split(), strict=True))
# From the many spellings to one; the order matters (sh before s, tch before ch).
_ONE = (
    *(("tch", "tti"), ("ch", "ti"), ("sh", "si"), ("tsu", "tu"), ("j", "zi"), ("fu", "hu")),
    *(("dzu", "zu"), ("du", "zu"), ("di", "zi")),
)


def canonical(word: str) -> str:
    """One spelling of a reading in Latin letters: Shouta, Shôta, Shohta, Syouta and Syota are all syota."""
    plain = re.sub("[^a-z]", "", word.lower().translate(_LONG))
    for many, one in _ONE:
        plain = plain.replace(many, one)
    plain = re.sub("(?<=[stz])ii(?=[aiueo])|(?<=[stz])i(?=[auoe])", "y", plain)
    plain = re.sub("(?<=[stz])ii", "i", plain)
    plain = re.sub("m(?=[bp])", "n", plain)
    plain = re.sub("(?<=[ou])h(?![aiueoy])", "", plain)
    return re.sub(r"([aiueo])\1+", r"\1", plain.replace("ou", "o"))


_LONG = str.maketrans("āīūēōâîûêôáíúéó", "aiueoaiueoaiueo")


def of_kana(kana: str) -> str:
    """Canonical spelling of a reading in full-size katakana (ヨ behind シ may be small: both are tried as small)."""
    letters = "".join(_LETTERS.get(sign, "") if sign != "ー" else "" for sign in kana)
    return canonical(re.sub("(?<=[kstnhmrgzbp])iy(?=[auo])", "y", letters))


@cache
def readings() -> tuple[frozenset[str], frozenset[str]]:
    """Canonical surnames and given names of two syllables and more."""
    known = names()
    surnames = frozenset(of_kana(reading) for reading in known.surname_kana if len(reading) > 1)
    given = frozenset(of_kana(reading) for reading in known.given_kana if len(reading) > 1)
    return surnames - {""}, given - {""}
