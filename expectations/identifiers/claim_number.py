"""レセプト管理番号・検索番号: leads back to the claim in the source system."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_LABEL = (
    r"レセプト(?:管理|検索|共通|電算|請求)?(?:番号|キー)|検索番号|(?:請求|診療報酬)(?:明細)?(?:管理)?番号"
    r"|(?<![a-z])(?:claim|receipt|search)_?(?:no|number|id|key)(?![a-z])"
)
_long = Labelled(_LABEL, r"[0-9]{17,30}")
_short = Labelled(_LABEL, r"[0-9A-Z]{0,4}[0-9]{10,16}")
# YYYYMMDDhhmmss and three or more digits of a second are a time stamp, not a claim.
_TIME = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){2}[0-9]{3,9}"
)
_BARE = re.compile(r"(?<![0-9A-Za-z.+-])[0-9]{17,30}(?![0-9A-Za-z]|\.[0-9])")


def _search(text: str, context: str) -> Strength | None:
    if _long(text, context):
        return Strength.CERTAIN
    if _short(text, context):
        return Strength.LIKELY
    found = [match.group() for match in _BARE.finditer(text)]
    if not found:
        return None
    return Strength.WEAK if all(_TIME.fullmatch(number) for number in found) else Strength.LIKELY


KIND = Identifier(
    id="claim_number",
    ja="レセプト管理番号・検索番号",
    en="Claim number",
    legal="APPI Enforcement Rules art. 34 item 3 (codes linking information the operator handles)",
    source="Claim record specification, RE record: search number of up to 30 digits",
    search=_search,
    must_match=(
        Example("検索番号：12345678901234567", strength=Strength.CERTAIN),
        Example("123456789012345678901234567890", context="search_number", strength=Strength.CERTAIN),
        Example("１２３４５６７８９０１２３４５６７８"),
        Example("レセプト番号 202404123456"),
    ),
    must_not_match=(
        Example("1234567890123456"),
        Example("0.12345678901234567"),
        Example("12", context="claim_no"),
        Example("1234567890123456789012345678901"),
        Example("a12345678901234567890"),
        Example("20261201093015123"),
    ),
    traces=rf"{squeezed(_LABEL)}|[0-9]{{17}}",
    labels=_LABEL,
)
