"""生年月日: full dates from 1906 on, western and by era, as notes, forms and claims write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

from benchmarks.leak_matrix.values import NEARLY_ALL, Maker, Value, labelled

#: First day, name, letter and claim code of the eras (改元の政令; 記録条件仕様 年号区分コード).
_ERAS = (
    (date(2019, 5, 1), "令和", "R", "5"),
    (date(1989, 1, 8), "平成", "H", "4"),
    (date(1926, 12, 25), "昭和", "S", "3"),
    (date(1912, 7, 30), "大正", "T", "2"),
    (date(1868, 1, 25), "明治", "M", "1"),
)
_FIRST = date(1906, 1, 1)
_KANJI = "〇一二三四五六七八九"


def _kanji(number: int) -> str:
    """12 as 十二: as people write numbers below a hundred."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _KANJI[tens]) + ("十" if tens else "") + (_KANJI[ones] if ones else "")


def _era(day: date) -> tuple[str, str, str, int]:
    start, name, letter, code = next(era for era in _ERAS if day >= era[0])
    return name, letter, code, day.year - start.year + 1


def _disguised(day: date, draw: Random) -> Mapping[str, str]:
    name, letter, code, year = _era(day)
    spoken = "元" if year == 1 else str(year)
    months = f"{day.month}月{day.day}日"
    written = [f"{name}{spoken}年{months}", f"{letter}{year}.{day.month}.{day.day}", f"{letter}{year:02d}/{day:%m/%d}"]
    written += [f"{name[0]}{year}.{day.month}.{day.day}", f"{name} {spoken}年 {day.month}月 {day.day}日"]
    tail = f"{_kanji(day.month)}月{_kanji(day.day)}日"
    western = "".join(_KANJI[int(digit)] for digit in str(day.year))
    kanji = [f"{name}{'元' if year == 1 else _kanji(year)}年{tail}", f"{western}年{tail}"]
    return {
        "era date": draw.choice(written),
        "claim date": f"{code}{year:02d}{day:%m%d}",
        "kanji digits": draw.choice(kanji),
    }


def _day(draw: Random) -> date:
    return _FIRST + timedelta(days=draw.randrange((date(2025, 12, 31) - _FIRST).days))


def _western(day: date, draw: Random) -> str:
    loose = f"{day.year}.{day.month}.{day.day}"
    return draw.choice((f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{day.year}年{day.month}月{day.day}日", loose))


def _labelled(draw: Random) -> Value:
    day = _day(draw)
    led = labelled(draw, "生年月日", "生年月日", "誕生日", "出生日", "DOB", "Date of birth")
    phrase = draw.choice((led, led, "{}生まれ", "{}生", "{}出生の男性"))
    written = {name: text for name, text in _disguised(day, draw).items() if name != "claim date" or phrase == led}
    return Value(_western(day, draw), phrase, "生年月日", written)


def _digits(draw: Random) -> Value:
    day = _day(draw)
    claim = {"claim date": _disguised(day, draw)["claim date"]}
    return Value(f"{day:%Y%m%d}", labelled(draw, "生年月日", "生年月日(西暦)", "誕生日"), "birth_date", claim)


def _alone(draw: Random) -> Value:
    day = _day(draw)
    written = {name: text for name, text in _disguised(day, draw).items() if name != "claim date"}
    return Value(_western(day, draw), column="日付", written=written)


MAKERS = (
    Maker("birth_date", "labelled", _labelled, bar=NEARLY_ALL),
    Maker("birth_date", "digits only, labelled", _digits, bar=NEARLY_ALL),
    Maker("birth_date", "unlabelled full date", _alone, bar=None, cell=True),
)
