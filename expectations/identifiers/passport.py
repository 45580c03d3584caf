"""旅券番号: two letters and seven digits."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_led = Labelled(
    r"旅券(?:番号)?|パスポート(?:番号|no\.?)?|(?<![a-z])passport_?(?:no|number)?(?![a-z])", r"[A-Z]{2} ?[0-9]{7}"
)
_FORM = re.compile(r"[MT][A-Z][0-9]{7}")


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context):
        return Strength.CERTAIN
    return Strength.WEAK if _FORM.fullmatch(text) else None


KIND = Identifier(
    id="passport",
    ja="旅券番号",
    en="Passport number",
    legal="APPI Enforcement Order art. 1 item 2 (個人識別符号); Enforcement Rules art. 34 item 2",
    source="旅券法 art. 6(1)(i), named in the Order; two letters and seven digits by custom",
    search=_search,
    must_match=(
        Example("パスポート番号 TK1234567", strength=Strength.CERTAIN),
        Example("ＭＵ１２３４５６７", context="旅券番号", strength=Strength.CERTAIN),
        Example("TK1234567", strength=Strength.WEAK),
    ),
    must_not_match=(Example("AB1234567"), Example("旅券なし"), Example("1234567", context="passport")),
    traces=rf"{squeezed(_led.labels)}|[MT][A-Z][0-9]{{7}}",
    labels=_led.labels,
)
