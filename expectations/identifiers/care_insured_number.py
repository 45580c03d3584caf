"""介護保険被保険者番号: ten digits without a public check digit, so only with a label."""

from __future__ import annotations

from expectations.identifiers.base import Example, Identifier, Labelled, Strength

_led = Labelled(
    r"介護(?:保険)?(?:の)?(?:被保険者)?(?:証)?(?:の)?番号|介護.{0,6}被保険者番号|被保険者番号"
    r"|(?<![a-z])(?:care_?(?:insured_?)?(?:no|number|id)|kaigo_?(?:no|number|bango))(?![a-z])",
    r"[0-9]{10}|H[0-9]{9}",
)


def _search(text: str, context: str) -> Strength | None:
    return Strength.CERTAIN if _led(text, context) else None


KIND = Identifier(
    id="care_insured_number",
    ja="介護保険被保険者番号",
    en="Long term care insured number",
    legal="APPI Enforcement Order art. 1 item 8 and Enforcement Rules art. 3 (個人識別符号); Rules art. 34 item 2",
    source="Nursing-care claim files: insured number of ten characters, H first for public assistance (unverified)",
    search=_search,
    must_match=(
        Example("介護保険被保険者番号：0000123456", strength=Strength.CERTAIN),
        Example("被保険者番号　０００１２３４５６７", strength=Strength.CERTAIN),
        Example("0000123456", context="care_insured_number", strength=Strength.CERTAIN),
        Example("H000123456", context="介護保険番号", strength=Strength.CERTAIN),
    ),
    must_not_match=(Example("0000123456"), Example("介護保険 2割負担"), Example("123456", context="care_number")),
    labels=_led.labels,
)
