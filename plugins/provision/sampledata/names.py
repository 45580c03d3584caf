"""Names with readings, weighted by how many people bear them (japanese-personal-name-dataset), and old spellings."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

from provision.sampledata.numbering import Wheel
from provision.sampledata.tables import rows

_HIRAGANA = range(0x3041, 0x3097)
_KATAKANA = {code: code + 0x60 for code in _HIRAGANA}

#: 異体字 of the ledger (CP932 knows them, JIS X 0208 does not); claims carry the plain spelling.
VARIANTS = {"高": "髙", "崎": "﨑", "浜": "濵", "徳": "德"}


@dataclass(frozen=True, slots=True)
class Name:
    """A part of a name and its reading in katakana."""

    kanji: str
    kana: str


@dataclass(frozen=True, slots=True)
class ForeignName:
    """A foreign resident's name in katakana and Roman letters."""

    surname: Name
    given: Name
    romaji: str


def katakana(text: str) -> str:
    """Hiragana to katakana."""
    return text.translate(_KATAKANA)


def writable(text: str) -> bool:
    """True where every character is in JIS X 0208, the set claims may use."""
    try:
        text.encode("shift_jis")
    except UnicodeEncodeError:
        return False
    return True


@cache
def surnames() -> Wheel[Name]:
    """Japanese surnames by number of bearers."""
    from japanese_personal_name_dataset import load_dataset

    table = load_dataset("opti", include_last_names=True)[2]
    items = {kanji: entry for kanji, entry in table.items() if writable(kanji)}
    names = [Name(kanji, katakana(entry["reading"])) for kanji, entry in items.items()]
    return Wheel(names, [float(entry["count"]) for entry in items.values()])


@cache
def given_names(sex: str) -> tuple[Name, ...]:
    """Given names of one sex ("1" male, "2" female), common readings only, in the data set's order."""
    from japanese_personal_name_dataset import load_dataset

    table = load_dataset("opti")[0 if sex == "1" else 1]
    pairs = ((kanji, katakana(kana)) for kana, entry in table.items() for kanji in entry["kanji"])
    return tuple(Name(kanji, kana) for kanji, kana in pairs if writable(kanji) and len(kana) > 1)


@cache
def homophones(sex: str) -> dict[str, tuple[Name, ...]]:
    """Given names of one sex by reading: the same kana in other characters."""
    found: dict[str, list[Name]] = {}
    for name in given_names(sex):
        found.setdefault(name.kana, []).append(name)
    return {kana: tuple(names) for kana, names in found.items()}


def given_for(surname: Name, sex: str, draw: float) -> Name:
    """A given name that gives at least three characters and four kana with `surname`.

    Shorter pairs (林 + 業) are also ordinary words, and a search for leaked names would find them everywhere.
    """
    pool = given_names(sex)
    at = int(draw * len(pool))
    for step in range(len(pool)):
        name = pool[(at + step * 7) % len(pool)]
        if len(surname.kanji) + len(name.kanji) > 2 and len(surname.kana) + len(name.kana) > 3:
            return name
    raise ValueError("no given name fits")


def old_spelling(surname: str) -> str:
    """The surname as the resident ledger spells it where it keeps a variant character; unchanged where it has none."""
    for plain, variant in VARIANTS.items():
        surname = surname.replace(plain, variant)
    return surname


@cache
def foreign_names(sex: str) -> tuple[ForeignName, ...]:
    """Foreign residents' names of one sex."""
    return tuple(
        ForeignName(
            Name(r["surname"], r["surname"]),
            Name(r["given"], r["given"]),
            f"{r['surname_romaji']} {r['given_romaji']}",
        )
        for r in rows("foreign")
        if r["sex"] == sex
    )


_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000, ord("-"): ord("－")}


def wide(text: str) -> str:
    """Half-width letters, digits and signs to full width, as claims print card symbols and numbers."""
    return text.translate(_WIDE)


@cache
def _half_table() -> dict[int, str]:
    """Full-width katakana and sound marks to JIS X 0201, turned round from Unicode's compatibility mappings."""
    return {ord(unicodedata.normalize("NFKC", chr(code))): chr(code) for code in range(0xFF61, 0xFFA0)}


def half_kana(text: str) -> str:
    """Katakana to half width: ガ becomes two characters."""
    return unicodedata.normalize("NFD", text).translate(_half_table())
