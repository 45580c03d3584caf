"""障害者手帳の番号: no common form, so only with a label."""

from __future__ import annotations

from expectations.identifiers.base import Example, Identifier, Labelled, Strength

_LABELS = (
    r"(?:身体障害者|精神障害者(?:保健)?(?:福祉)?|障害者|療育|愛護|愛の|被爆者(?:健康)?|母子(?:健康)?)?手帳(?:の)?(?:交付)?(?:番号|no\.?)"
    r"|(?<![a-z])disability_?(?:certificate_?)?(?:no|number|id)(?![a-z])"
)
_led = Labelled(_LABELS, r"(?:[一-鿿]{1,6}第? ?)?[0-9A-Z-]{3,12} ?号?")


def _search(text: str, context: str) -> Strength | None:
    return Strength.CERTAIN if _led(text, context) else None


KIND = Identifier(
    id="disability_certificate",
    ja="障害者手帳番号",
    en="Disability certificate number",
    legal="APPI Enforcement Rules art. 34 item 1; a finding of disability is 要配慮個人情報 (Order art. 2 item 1)",
    source="身体障害者福祉法 art. 15, 精神保健福祉法 art. 45, 療育手帳制度要綱: numbered by each prefecture",
    search=_search,
    must_match=(
        Example("身体障害者手帳番号：123456", strength=Strength.CERTAIN),
        Example("療育手帳番号　Ｂ－１２３４", strength=Strength.CERTAIN),
        Example("123456", context="disability_certificate_no", strength=Strength.CERTAIN),
        Example("精神障害者保健福祉手帳番号 第12345号", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("123456"),
        Example("母子手帳 2冊"),
        Example("障害者手帳 3級"),
    ),
    labels=_LABELS,
)
