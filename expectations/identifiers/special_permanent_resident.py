"""特別永住者証明書の番号: two letters, eight digits, two letters, behind its label."""

from __future__ import annotations

from expectations.identifiers.base import Example, Identifier, Labelled, Strength

_LABELS = (
    r"特別永住者(?:証明書)?(?:の)?(?:番号|no\.?)?"
    r"|(?<![a-z])special_?permanent_?(?:resident_?)?(?:certificate_?)?(?:no|number)(?![a-z])"
)
_led = Labelled(_LABELS, r"[A-Z]{2} ?-?[0-9]{8} ?-?[A-Z]{2}")


def _search(text: str, context: str) -> Strength | None:
    return Strength.CERTAIN if _led(text, context) else None


KIND = Identifier(
    id="special_permanent_resident",
    ja="特別永住者証明書番号",
    en="Special permanent resident certificate number",
    legal="APPI Enforcement Rules art. 4 item 9 (個人識別符号); Rules art. 34 item 2",
    source="入管特例法 (平成3年法律71号) art. 8, named in the Rules; written like a residence card",
    search=_search,
    must_match=(
        Example("特別永住者証明書番号：AB12345678CD", strength=Strength.CERTAIN),
        Example("特別永住者証明書　ＡＢ１２３４５６７８ＣＤ", strength=Strength.CERTAIN),
        Example("AB12345678CD", context="special_permanent_resident_number", strength=Strength.CERTAIN),
    ),
    must_not_match=(Example("特別永住者 1名"), Example("AB12345678CD"), Example("特別永住者証明書 12345678")),
    labels=_LABELS,
)
