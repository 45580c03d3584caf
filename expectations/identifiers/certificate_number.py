"""証明書・受給者証・資格者証の番号: no common form, so only with a label."""

from __future__ import annotations

from expectations.identifiers.base import Example, Identifier, Labelled, Strength

_LABELS = (
    r"(?:特定医療費|特定疾患|指定難病|小児慢性(?:特定疾病)?|自立支援医療|医療)?(?:受給者証|受給者票|医療券|医療証|資格者証|認定証|証明書|診断書|死亡診断書)"
    r"(?:の)?(?:交付)?(?:番号|no\.?)|登録者証番号|(?<![a-z])certificate_?(?:no|number|id)(?![a-z])"
)
_led = Labelled(_LABELS, r"第? ?[0-9A-Z][0-9A-Z-]{2,19} ?号?")


def _search(text: str, context: str) -> Strength | None:
    return Strength.CERTAIN if _led(text, context) else None


KIND = Identifier(
    id="certificate_number",
    ja="証書・受給者証番号",
    en="Certificate number",
    legal="APPI Enforcement Rules art. 34 item 1",
    source="難病法 art. 7(4), 児童福祉法 art. 19-3(7) and others; numbering is each issuer's own",
    search=_search,
    must_match=(
        Example("指定難病受給者証番号：1234567", strength=Strength.CERTAIN),
        Example("診断書番号 第2024-00123号", strength=Strength.CERTAIN),
        Example("A-123456", context="certificate_number", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("1234567"),
        Example("診断書 2通"),
        Example("受給者証番号は含みません"),
    ),
    labels=_LABELS,
)
