"""基礎年金番号: ten digits, four and six; no public check digit, so only with a label."""

from __future__ import annotations

from expectations.identifiers.base import Example, Identifier, Labelled, Strength

_led = Labelled(
    r"(?:基礎)?年金(?:手帳)?(?:の)?(?:記号)?番号|(?<![a-z])(?:basic_?)?pension_?(?:no|number)(?![a-z])",
    r"[0-9]{4}[- ]?[0-9]{6}",
)


def _search(text: str, context: str) -> Strength | None:
    return Strength.CERTAIN if _led(text, context) else None


KIND = Identifier(
    id="pension_number",
    ja="基礎年金番号",
    en="Basic pension number",
    legal="APPI Enforcement Order art. 1 item 4 (個人識別符号); Enforcement Rules art. 34 item 2",
    source="国民年金法 art. 14, named in the Order; ten digits, no public check digit found",
    search=_search,
    must_match=(
        Example("基礎年金番号：1234-567890", strength=Strength.CERTAIN),
        Example("１２３４５６７８９０", context="年金番号", strength=Strength.CERTAIN),
        Example("1234-567890", context="pension_no", strength=Strength.CERTAIN),
    ),
    must_not_match=(Example("1234-567890"), Example("障害年金 2級"), Example("年金額 1234567")),
    labels=_led.labels,
)
