"""個人番号（マイナンバー）: twelve digits with a check digit that one random number in ten passes."""

from __future__ import annotations

import re

from expectations.identifiers._check_digits import my_number
from expectations.identifiers.base import Example, Identifier, Labelled, Strength, run, squeezed

_FORM = r"[0-9]{4}[- ]?[0-9]{4}[- ]?[0-9]{4}"
_ALONE = re.compile(rf"(?<![0-9A-Za-z.-])(?:{_FORM})(?![0-9A-Za-z]|[-.][0-9])")
_led = Labelled(
    r"マイナンバー|個人番号(?!カード)|(?<![a-z])(?:my_?number|kojin_?bangou?|individual_?number)(?![a-z])", _FORM
)


def _search(text: str, context: str) -> Strength | None:
    passing = any(my_number(re.sub("[- ]", "", found.group())) for found in _ALONE.finditer(text))
    if _led(text, context):
        return Strength.CERTAIN if passing else Strength.LIKELY
    return Strength.LIKELY if passing else None


KIND = Identifier(
    id="my_number",
    ja="個人番号",
    en="My Number",
    legal="APPI Enforcement Order art. 1 item 9 (個人識別符号); Enforcement Rules art. 34 item 2",
    source="Order of the Ministry of Internal Affairs no. 85 of 2014, art. 5 (check digit)",
    search=_search,
    must_match=(
        Example("621498320257"),
        Example("９８３２－０５６７－３２１４"),
        Example("個人番号：621498320257", strength=Strength.CERTAIN),
        Example("9832 0567 3214", context="マイナンバー", strength=Strength.CERTAIN),
        Example("621498320258", context="my_number"),
        Example("番号は621498320257です"),
    ),
    must_not_match=(
        Example("621498320258"),
        Example("983205673210"),
        Example("1621498320257"),
        Example("62149832025"),
        Example("0.621498320257"),
    ),
    traces=rf"{squeezed(_led.labels)}|{run(12)}",
    labels=_led.labels,
)
