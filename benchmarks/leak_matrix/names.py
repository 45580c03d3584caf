"""Names of nobody: from the public list as often as people bear them, rare ones outside it, and ones put together.

Rare surnames are borne by few and may be on other lists; those put together from characters are on hardly any.
"""

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
#: Surnames outside the public list of 1,999, written from common knowledge.
_RARE = words(
    "勅使河原 五百旗頭 小鳥遊 四月一日 武者小路 西園寺 綾小路 円城寺 百目鬼 薬袋 月見里 栗花落 "
    "八月一日 道明寺 鹿島田 雲英 一尺八寸 十二月田 東風平 御子柴 伊集院 久世 不破 九鬼 鬼塚 蛯沢 "
    "鴻上 諏訪部 葛城 冷泉 姉小路 烏丸 万里小路 日野西 千種 大炊御門 花房 猪狩 海老塚 轡田 雲井 "
    "鏑木 京極 神宮寺 黒鉄 小比類巻 桜小路 獅子倉 宍倉 尺長 新谷田 周防 蘇我 高御堂 竹脇 "
    "長曽我部 椿原 寺内丸 等々力 土御門 二木 仁科野 鳩貝 花柳 比留間 日比谷 風祭 船津川 鳳 真壁 "
    "御厨 水無瀬 妙泉 向坂 銘苅 安栖 薮内 柳生 結城 弓削 淀川 龍造寺 蓮沼 若狭 鷲見 綿引"
)
_GIVEN_FRONT, _GIVEN_BACK = "凰槐碧鞠柾靖燈紬晏絃楷羚", "之助乃哉帆弥祢咲珠斗馬"
_KANA_GIVEN = words("タマジ ウメキチ ヨネゾウ トラノスケ シゲマサ イトエ フサヨ カメノ ツルエ ミツヨ")


@dataclass(frozen=True)
class Name:
    """Surname and given name in kanji and in katakana."""

    surname: str
    given: str
    kana: tuple[str, str]


@cache
def _lists() -> tuple[dict[str, Any], list[int], list[tuple[str, str, str]]]:
    """Surnames with reading, their running population, and (kanji, reading, romaji) of given names."""
    from japanese_personal_name_dataset import load_dataset

    men, women, last = load_dataset("org", include_last_names=True)
    given = [
        (k, kana, entry["en"]) for people in (men, women) for kana, entry in people.items() for k in entry["kanji"]
    ]
    return last, list(accumulate(entry["count"] for entry in last.values())), given


def katakana(text: str) -> str:
    """Hiragana as katakana."""
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def listed(draw: Random) -> Name:
    """A name whose parts are in the list; surnames as often as people bear them."""
    last, running, given = _lists()
    surname = draw.choices(list(last), cum_weights=running)[0]
    kanji, kana, _ = draw.choice(given)
    return Name(surname, kanji, (katakana(last[surname]["reading"]), katakana(kana)))


def listed_romaji(draw: Random) -> tuple[str, str]:
    """Surname and given name of the list in Latin letters, as its authors spell them."""
    last, running, given = _lists()
    surname = draw.choices(list(last), cum_weights=running)[0]
    return str(last[surname]["en"]), draw.choice(given)[2]


def rare(draw: Random) -> Name:
    """A rare surname outside the list with a given name of it; its kana is that of another, which does not matter."""
    last, _, given = _lists()
    kanji, kana, _ = draw.choice(given)
    surname = draw.choice([name for name in _RARE if name not in last])
    return Name(surname, kanji, (_READ_FRONT[draw.randrange(len(_FRONT))] + draw.choice(_READ_BACK), katakana(kana)))


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
    return frozenset(kanji for kanji, *_ in _lists()[2])
