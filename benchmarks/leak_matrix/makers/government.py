"""個人識別符号: numbers of official documents (施行令1条, 施行規則4条), with valid check digits where one is known."""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

from benchmarks.leak_matrix.makers._check_digits import my_number, resident_record_code
from benchmarks.leak_matrix.values import Maker, Value, digits, labelled


def _my_number(draw: Random) -> str:
    text = my_number(digits(draw, 11))
    return draw.choice((text, f"{text[:4]}-{text[4:8]}-{text[8:]}", f"{text[:4]} {text[4:8]} {text[8:]}"))


def _resident_code(draw: Random) -> str:
    return resident_record_code(digits(draw, 10))


def _licence(draw: Random) -> str:
    return draw.choice(("30", "31", "62", "45", "12")) + digits(draw, 10)


def _letters(draw: Random, count: int) -> str:
    return "".join(draw.choice(string.ascii_uppercase) for _ in range(count))


def _passport(draw: Random) -> str:
    return draw.choice("TMN") + _letters(draw, 1) + digits(draw, 7)


def _residence_card(draw: Random) -> str:
    return _letters(draw, 2) + digits(draw, 8) + _letters(draw, 2)


def _pension(draw: Random) -> str:
    return draw.choice(("{}-{}", "{}{}", "{} {}")).format(digits(draw, 4), digits(draw, 6))


def _employment(draw: Random) -> str:
    return f"{digits(draw, 4)}-{digits(draw, 6)}-{digits(draw, 1)}"


def _alone(number: Callable[[Random], str]) -> Callable[[Random], Value]:
    return lambda draw: Value(number(draw))


def _led(number: Callable[[Random], str], column: str, *labels: str) -> Callable[[Random], Value]:
    return lambda draw: Value(number(draw), labelled(draw, *labels), column)


MAKERS = (
    Maker("my_number", "check digit", _alone(_my_number), cell=True),
    Maker("my_number", "labelled", _led(_my_number, "個人番号", "マイナンバー", "個人番号", "My Number")),
    Maker("resident_record_code", "labelled", _led(_resident_code, "住民票コード", "住民票コード", "住基コード")),
    Maker(
        "driving_licence",
        "labelled",
        _led(_licence, "免許証番号", "運転免許証番号", "免許証番号", "免許証の番号", "運転免許証"),
    ),
    Maker(
        "passport",
        "labelled",
        _led(_passport, "旅券番号", "旅券番号", "パスポート番号", "パスポートNo.", "Passport No"),
    ),
    Maker("residence_card", "alone", _alone(_residence_card), cell=True),
    Maker("residence_card", "labelled", _led(_residence_card, "在留カード番号", "在留カード番号", "在留カード")),
    Maker("pension_number", "labelled", _led(_pension, "基礎年金番号", "基礎年金番号", "年金番号", "年金手帳の番号")),
    Maker("employment_insurance_number", "alone", _alone(_employment), cell=True),
    Maker(
        "employment_insurance_number",
        "labelled",
        _led(_employment, "雇用保険番号", "雇用保険被保険者番号", "雇用保険番号", "雇用保険の被保険者番号"),
    ),
)
