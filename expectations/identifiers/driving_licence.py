"""運転免許証の番号: twelve digits; published pages disagree about its check digit, so only with a label."""

from __future__ import annotations

from expectations.identifiers.base import Example, Identifier, Labelled, Strength

_led = Labelled(
    r"(?:運転)?免許(?:証|情報記録)?(?:の)?(?:番号|no\.?)?|(?<![a-z])(?:driv(?:er|ing)s?_?)?licen[cs]e_?(?:no|number)?(?![a-z])",
    r"[0-9]{12}|[0-9]{4}[- ][0-9]{4}[- ][0-9]{4}",
)


def _search(text: str, context: str) -> Strength | None:
    return Strength.CERTAIN if _led(text, context) else None


KIND = Identifier(
    id="driving_licence",
    ja="運転免許証番号",
    en="Driving licence number",
    legal="APPI Enforcement Order art. 1 item 5 (個人識別符号); Enforcement Rules art. 34 item 2",
    source="道路交通法 art. 93(1)(i), named in the Order; twelve digits by custom, no official form at hand",
    search=_search,
    must_match=(
        Example("運転免許証番号：309012345620", strength=Strength.CERTAIN),
        Example("３０９０１２３４５６２０", context="免許番号", strength=Strength.CERTAIN),
        Example("3090 1234 5620", context="licence_number", strength=Strength.CERTAIN),
    ),
    must_not_match=(Example("309012345620"), Example("免許証を返納"), Example("12345", context="licence_no")),
    labels=_led.labels,
)
