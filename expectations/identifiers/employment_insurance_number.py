"""雇用保険被保険者番号: four, six and one digits."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_led = Labelled(
    r"雇用保険(?:の)?(?:被保険者)?(?:証)?(?:の)?番号|(?<![a-z])employment_?insurance_?(?:no|number)(?![a-z])",
    r"[0-9]{4}-?[0-9]{6}-?[0-9]",
)
_ALONE = re.compile(r"(?<![0-9A-Za-z-])[0-9]{4}-[0-9]{6}-[0-9](?![0-9A-Za-z-])")


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context):
        return Strength.CERTAIN
    return Strength.LIKELY if _ALONE.search(text) else None


KIND = Identifier(
    id="employment_insurance_number",
    ja="雇用保険被保険者番号",
    en="Employment insurance number",
    legal="APPI Enforcement Rules art. 4 item 8 (個人識別符号); Rules art. 34 item 2",
    source="雇用保険法施行規則 art. 10(1), named in the Rules; 4-6-1 digits by custom",
    search=_search,
    must_match=(
        Example("雇用保険被保険者番号 1234-567890-1", strength=Strength.CERTAIN),
        Example("１２３４５６７８９０１", context="雇用保険番号", strength=Strength.CERTAIN),
        Example("1234-567890-1"),
    ),
    must_not_match=(Example("12345678901"), Example("1234-567890"), Example("雇用保険あり 1")),
    traces=rf"{squeezed(_led.labels)}|[0-9]{{4}}-[0-9]{{6}}-[0-9]",
    labels=_led.labels,
)
