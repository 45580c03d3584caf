"""被保険者等記号・番号 by scheme: each is an individual identification code (施行令1条3号・7号, 施行規則4条).

Insurer numbers begin with the two digits of the law (法別番号: 02 seamen, 31 to 34 mutual aid, 39 late elderly);
national health insurance has none and six digits.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.leak_matrix.makers._check_digits import modulus_10
from benchmarks.leak_matrix.values import Maker, Value, digits, labelled

_SYMBOLS = ("12-34", "千あ", "5021", "く-12", "1234")

#: Kind, digits of the law, names of the scheme, header of a column.
_SCHEMES = (
    ("national_health_number", "", ("国民健康保険", "国保"), "国保被保険者番号"),
    ("late_elderly_number", "39", ("後期高齢者医療", "後期高齢"), "後期高齢者医療被保険者番号"),
    ("seamens_insurance_number", "02", ("船員保険",), "船員保険被保険者番号"),
    ("national_servants_aid_number", "31", ("国家公務員共済組合", "国家公務員共済"), "国家公務員共済組合員番号"),
    ("local_servants_aid_number", "32", ("地方公務員共済組合", "地方公務員共済"), "地方公務員共済組合員番号"),
    ("private_school_aid_number", "34", ("私立学校教職員共済", "私学共済"), "私学共済加入者番号"),
)


def _labelled(names: tuple[str, ...], column: str) -> Callable[[Random], Value]:
    words = ("被保険者番号", "の被保険者番号", " 被保険者証番号")
    return lambda draw: Value(
        digits(draw, 8), labelled(draw, *(name + word for name in names for word in words)), column
    )


def _pair(names: tuple[str, ...], column: str) -> Callable[[Random], Value]:
    def make(draw: Random) -> Value:
        text = f"記号 {draw.choice(_SYMBOLS)} 番号 {digits(draw, draw.randint(3, 7))}"
        return Value(text, draw.choice(names) + draw.choice((" {}", "：{}", "　{}")), column)

    return make


def _composite(law: str) -> Callable[[Random], Value]:
    def make(draw: Random) -> Value:
        insurer = modulus_10(law + "13" + digits(draw, 3))
        return Value(f"{insurer}:{digits(draw, 4)}:{digits(draw, draw.randint(3, 6))}", column="insured_id")

    return make


MAKERS = tuple(
    maker
    for kind, law, names, column in _SCHEMES
    for maker in (
        Maker(kind, "labelled", _labelled(names, column)),
        Maker(kind, "symbol and number", _pair(names, column)),
        Maker(kind, "composite", _composite(law), cell=True),
    )
)
