"""住民票コード: eleven digits with a check digit of the My Number form."""

from __future__ import annotations

import re

from expectations.identifiers._check_digits import resident_record_code
from expectations.identifiers.base import Example, Identifier, Labelled, Strength, run, squeezed

_led = Labelled(
    r"住民票コード|住基コード|(?<![a-z])(?:resident_?(?:record_?)?code|juminhyo_?code)(?![a-z])", r"[0-9]{11}"
)
_WHOLE = re.compile(r"[0-9]{11}")


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context):
        return Strength.CERTAIN
    return Strength.WEAK if _WHOLE.fullmatch(text) and resident_record_code(text) else None


KIND = Identifier(
    id="resident_record_code",
    ja="住民票コード",
    en="Resident record code",
    legal="APPI Enforcement Order art. 1 item 6 (個人識別符号); Enforcement Rules art. 34 item 2",
    source="住民基本台帳法 art. 7(xiii), named in the Order; check digit unverified, so it is weak evidence only",
    search=_search,
    must_match=(
        Example("住民票コード：12345678901", strength=Strength.CERTAIN),
        Example("１２３４５６７８９０１", context="住民票コード", strength=Strength.CERTAIN),
    ),
    must_not_match=(Example("12345678901"), Example("住民票の写し 1通"), Example("1234", context="resident_code")),
    traces=rf"{squeezed(_led.labels)}|{run(11)}",
    labels=_led.labels,
)
