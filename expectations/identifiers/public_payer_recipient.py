"""公費負担医療の受給者番号: seven digits with a check digit, behind a label or behind the payer's eight digits."""

from __future__ import annotations

import re

from expectations.identifiers._check_digits import luhn
from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_LABELS = (
    r"(?:公費(?:負担医療)?(?:の)?)?受給者(?:の)?番号|公費受給者(?:証)?(?:の)?(?:番号)?"
    r"|(?<![a-z])(?:(?:public_?)?(?:payer_?)?recipient|jukyusha)_?(?:no|number|id)(?![a-z])"
)
_led = Labelled(_LABELS, r"[0-9]{6,7}")
_PAIR = re.compile(r"(?<![0-9A-Za-z])([1-9][0-9]{7})[ :/,・-]{1,2}([0-9]{7})(?![0-9A-Za-z-])")


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context):
        return Strength.CERTAIN
    both = any(luhn(payer) and luhn(number) for payer, number in _PAIR.findall(text))
    return Strength.LIKELY if both else None


KIND = Identifier(
    id="public_payer_recipient",
    ja="公費受給者番号",
    en="Public payer recipient number",
    legal="APPI Enforcement Rules art. 34 item 1; what is paid for (specified illness) is 要配慮個人情報",
    source="保険者番号等設定要領: payer of 8 digits, recipient of 7, both modulus 10 with weights 2, 1 from the right",
    search=_search,
    must_match=(
        Example("公費受給者番号：1234566", strength=Strength.CERTAIN),
        Example("受給者番号　１２３４５６７", strength=Strength.CERTAIN),
        Example("1234566", context="recipient_number", strength=Strength.CERTAIN),
        Example("54136015 1234566"),
    ),
    must_not_match=(
        Example("1234566"),
        Example("受給者数 1234566"),
        Example("54136015 1234567"),
        Example("20240401 1234566"),
    ),
    traces=rf"{squeezed(_LABELS)}|[0-9]{{8}}[:/,・-]{{0,2}}[0-9]{{7}}",
    labels=_LABELS,
)
