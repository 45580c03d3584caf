"""医療機関・事業所の電話番号: a number of a hospital or pharmacy says where somebody was treated."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength, run
from expectations.identifiers.telephone import has_number

_FACILITY = "病院|医院|診療所|クリニック|薬局|センタ[ー-]|施設|事業所|ステ[ー-]ション|保健所|歯科|老健|特養"
_BEFORE = re.compile(rf"(?:{_FACILITY})[^0-9]{{0,20}}(?=[+(0])")
_LABELS = (
    rf"(?:{_FACILITY}|医療機関)(?:の)?(?:電話|tel|連絡先|fax)"
    r"|(?<![a-z])(?:facility|hospital|clinic|pharmacy|provider|institution)_?(?:tel(?:ephone)?|phone|fax)"
)
_CONTEXT = re.compile(_LABELS, re.IGNORECASE)


def _search(text: str, context: str) -> Strength | None:
    if _CONTEXT.search(context):
        return Strength.CERTAIN if has_number(text) else None
    found = any(has_number(text[match.end() : match.end() + 24]) for match in _BEFORE.finditer(text))
    return Strength.CERTAIN if found else None


KIND = Identifier(
    id="facility_telephone",
    ja="医療機関等の電話番号",
    en="Facility telephone",
    legal="APPI Enforcement Rules art. 34 items 1 and 5",
    source="Claim record specification, IR record (telephone of the institution); telephone numbers as in `telephone`",
    search=_search,
    must_match=(
        Example("架空病院 03-5550-0123", strength=Strength.CERTAIN),
        Example("かかりつけは架空クリニック（電話０４６６－２２－１２３４）", strength=Strength.CERTAIN),
        Example("03-5550-0123", context="facility_phone", strength=Strength.CERTAIN),
        Example("0355500123", context="医療機関電話", strength=Strength.CERTAIN),
    ),
    must_not_match=(Example("病院に3-4回"), Example("03-5550-0123"), Example("施設 2024-04-01"), Example("薬局 0120")),
    traces=rf"(?:{_FACILITY}).{{0,20}}{run(9)}",
    labels=_LABELS,
)
