"""90歳以上の年齢: so few people are that old that the age itself can tell who it is."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength, squeezed

_AGE = r"(?:9[0-9]|1[0-2][0-9])"
# Bands (90歳以上, 90+, 90-94歳) are what is made of such an age. 90歳代 says a decade.
_BAND = r"(?! ?(?:以上|以下|未満|超|を超|代|台|前後|から|まで|～|-|\+|時点で))"
_SAID = re.compile(
    rf"(?<![0-9.~-])(?:満|享年|当時|現在|年齢)? ?{_AGE} ?(?:歳|才|(?:years?|yrs?)[ -]?old|y/?o(?![a-z])){_BAND}",
    re.IGNORECASE,
)
_ENGLISH = re.compile(rf"(?<![A-Za-z])(?:aged?) ?[:=]? ?{_AGE}(?![0-9+]|[.-][0-9])", re.IGNORECASE)
_MONTHS = re.compile(r"(?<![0-9.])(?:9[0-9]|1[0-2][0-9])歳[0-9]{1,2}(?:か|ヶ|カ|ヵ|箇)月")
_LABELS = r"(?<![年代階級])年齢(?!階級|区分|層)|満年齢|(?<![a-z])age(?:_?(?:years?|at_?\w+))?(?![a-z_])"
_CONTEXT = re.compile(_LABELS, re.IGNORECASE)
_CELL = re.compile(rf"{_AGE}(?:\.0)?")


def _search(text: str, context: str) -> Strength | None:
    if _MONTHS.search(text) or _SAID.search(text) or _ENGLISH.search(text):
        return Strength.LIKELY
    return Strength.LIKELY if _CELL.fullmatch(text) and _CONTEXT.search(context) else None


KIND = Identifier(
    id="age_over_89",
    ja="90歳以上の年齢",
    en="Age over 89",
    legal="APPI Enforcement Rules art. 34 item 4 (特異な記述); HIPAA 45 CFR 164.514(b)(2)(i)(C) draws the line at 89",
    source="Published practice of hospitals: 90 and over is one group; ages written as 歳, 才, years old",
    search=_search,
    must_match=(
        Example("92歳の女性"),
        Example("９５才"),
        Example("満百二歳で死亡"),
        Example("101歳3か月"),
        Example("a 94-year-old woman".replace("-year-old", " years old")),
        Example("age: 97"),
        Example("93", context="年齢"),
    ),
    must_not_match=(
        Example("89歳"),
        Example("90歳以上"),
        Example("90+", context="age_band"),
        Example("90歳代の患者"),
        Example("92", context="点数"),
        Example("page 92"),
        Example("192歳"),
        Example("90-94", context="年齢"),
        Example("90歳未満に投与"),
    ),
    traces=rf"[0-9](?:歳|才|years?|yrs?|yo|y/o)|aged?[:=]?[0-9]|{squeezed(_LABELS)}[^0-9]{{0,4}}[0-9]",
    labels=_LABELS,
)
