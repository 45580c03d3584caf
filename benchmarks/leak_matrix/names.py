"""Names of nobody: half from the public list, as often as people bear them, half put together and on no list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

from benchmarks.leak_matrix.values import words

#: Characters old surnames are put together from; most pairs are borne by somebody, few are in any list.
_FRONT = "蔵菅簗粟梶鷲鴨柘樽榊笠椋鯨鶉蓑薗砥鞍苅糸霜蛭鴫櫛"
_BACK = "谷峰淵畑塚瀬倉郷垣浜窪沢巻尾城戸江森"
_READ_FRONT = words(
    "クラ スガ ヤナ アワ カジ ワシ カモ ツゲ タル サカキ カサ ムク "
    "クジラ ウズラ ミノ ソノ ト クラ カリ イト シモ ヒル シギ クシ"
)
_READ_BACK = words("タニ ミネ ブチ ハタ ヅカ セ クラ ゴウ ガキ ハマ クボ ザワ マキ オ シロ ド エ モリ")
_GIVEN_FRONT, _GIVEN_BACK = "凰槐碧鞠柾靖燈紬晏絃楷羚", "之助乃哉帆弥祢咲珠斗馬"
_KANA_GIVEN = words("タマジ ウメキチ ヨネゾウ トラノスケ シゲマサ イトエ フサヨ カメノ ツルエ ミツヨ")


@dataclass(frozen=True)
class Name:
    """Surname and given name in kanji and in katakana."""

    surname: str
    given: str
    kana: tuple[str, str]


@cache
def _lists() -> tuple[dict[str, Any], list[int], list[tuple[str, str]]]:
    """Surnames with reading, their running population, and (kanji, reading) of given names."""
    from japanese_personal_name_dataset import load_dataset

    men, women, last = load_dataset("org", include_last_names=True)
    given = [(kanji, kana) for people in (men, women) for kana, entry in people.items() for kanji in entry["kanji"]]
    return last, list(accumulate(entry["count"] for entry in last.values())), given


def katakana(text: str) -> str:
    """Hiragana as katakana."""
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def listed(draw: Random) -> Name:
    """A name whose parts are in the list; surnames as often as people bear them."""
    last, running, given = _lists()
    surname = draw.choices(list(last), cum_weights=running)[0]
    kanji, kana = draw.choice(given)
    return Name(surname, kanji, (katakana(last[surname]["reading"]), katakana(kana)))


def unlisted(draw: Random) -> Name:
    """A name of which neither part is in the list."""
    last = _lists()[0]
    while True:
        front, back = draw.randrange(len(_FRONT)), draw.randrange(len(_BACK))
        surname, name = _FRONT[front] + _BACK[back], draw.choice(_GIVEN_FRONT) + draw.choice(_GIVEN_BACK)
        if surname not in last and name not in _given_kanji():
            return Name(surname, name, (_READ_FRONT[front] + _READ_BACK[back], draw.choice(_KANA_GIVEN)))


@cache
def _given_kanji() -> frozenset[str]:
    return frozenset(kanji for kanji, _ in _lists()[2])
