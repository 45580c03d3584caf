"""在留カード番号・特別永住者証明書番号: two letters, eight digits, two letters."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_FORM = r"[A-Z]{2} ?[0-9]{8} ?[A-Z]{2}"
_led = Labelled(r"在留(?:カード)?(?:番号)?|(?<![a-z])residence_?card(?:_?(?:no|number))?(?![a-z])", _FORM)
_ALONE = re.compile(rf"(?<![0-9A-Za-z])(?:{_FORM})(?![0-9A-Za-z])")


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context):
        return Strength.CERTAIN
    return Strength.LIKELY if _ALONE.search(text) else None


KIND = Identifier(
    id="residence_card",
    ja="在留カード番号",
    en="Residence card number",
    legal="APPI Enforcement Rules art. 4 item 4 (個人識別符号); Rules art. 34 item 2",
    source="出入国管理及び難民認定法 art. 19-4(1)(v), named in the Rules; 2 letters, 8 digits, 2 letters by custom",
    search=_search,
    must_match=(
        Example("AB12345678CD"),
        Example("ＡＢ１２３４５６７８ＣＤ"),
        Example("在留カード番号：AB12345678CD", strength=Strength.CERTAIN),
    ),
    must_not_match=(Example("AB1234567CD"), Example("XAB12345678CD"), Example("12345678"), Example("ab12345678cd")),
    traces=rf"{squeezed(_led.labels)}|[A-Z]{{2}}[0-9]{{8}}[A-Z]{{2}}",
    labels=_led.labels,
)
