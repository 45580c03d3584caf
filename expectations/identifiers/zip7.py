"""郵便番号: all seven digits lead to a street; the first three may stay (PPC secretariat report)."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_LABEL = r"〒|郵便番号|(?<![a-z])(?:zip(?:7|_?code)?|postal_?code|post_?code)(?![a-z])"
_led = Labelled(_LABEL, r"(?!000)[0-9]{3}-?[0-9]{4}")
_ALONE = re.compile(r"(?<![0-9A-Za-z.-])(?!000)[0-9]{3}-[0-9]{4}(?![0-9A-Za-z-])")
# The telephone number without area code is written alike.
_TELEPHONE = re.compile(r"(?:電話|tel|fax|内線)[^0-9]{0,4}[0-9]{3}-[0-9]{4}", re.IGNORECASE)


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context):
        return Strength.CERTAIN
    if _ALONE.search(text):
        return Strength.WEAK if _TELEPHONE.search(text) else Strength.LIKELY
    return None


KIND = Identifier(
    id="zip7",
    ja="郵便番号（7桁）",
    en="Seven digit postal code",
    legal="APPI Enforcement Rules art. 34 item 1; PPC secretariat report: below city, ward, county is deleted",
    source="Japan Post: seven digits since 1998",
    search=_search,
    must_match=(
        Example("〒100-0001", strength=Strength.CERTAIN),
        Example("〒１０００００１", strength=Strength.CERTAIN),
        Example("郵便番号 100‐0001", strength=Strength.CERTAIN),
        Example("1000001", context="zip_code", strength=Strength.CERTAIN),
        Example("100-0001"),
        Example("自宅は251ー0052の辺り"),
    ),
    must_not_match=(
        Example("100"),
        Example("1000001"),
        Example("03-100-0001-5"),
        Example("000-0000"),
        Example("内線123-4567"),
        Example("2024-100-0001"),
    ),
    traces=rf"{squeezed(_LABEL)}|[0-9]{{3}}-[0-9]{{4}}",
    labels=_LABEL,
)
