"""口座番号: seven digits, so only with a label or the kind of account before it."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_led = Labelled(
    r"口座(?:番号|no\.?)?|振込先|(?<![a-z])(?:bank_?)?account_?(?:no|number)(?![a-z])|(?<![a-z])bank_?account(?![a-z])",
    r"[0-9]{6,8}|[0-9]{5}-[0-9]{7,8}(?:-[0-9])?",
)
_KIND_BEFORE = re.compile(r"(?:普通|当座|貯蓄)(?:預金|口座)?[ :・(),]{0,3}(?:No\.?)?[ :]?[0-9]{7}(?![0-9])")
_POST_BANK = re.compile(r"(?<![0-9])1[0-9]{3}0-[0-9]{7}1(?![0-9])")


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context) or _KIND_BEFORE.search(text):
        return Strength.CERTAIN
    return Strength.LIKELY if _POST_BANK.search(text) else None


KIND = Identifier(
    id="bank_account",
    ja="口座番号",
    en="Bank account number",
    legal="APPI Enforcement Rules art. 34 item 1 (direct identifier; not an 個人識別符号)",
    source="Customary form: seven digits; Japan Post Bank symbol 1nnn0 and number ending in 1 (unverified)",
    search=_search,
    must_match=(
        Example("普通 1234567", strength=Strength.CERTAIN),
        Example("口座番号：７６５４３２１", strength=Strength.CERTAIN),
        Example("口座番号(普通) 7654321", strength=Strength.CERTAIN),
        Example("1234567", context="account_number", strength=Strength.CERTAIN),
        Example("11940-12345671"),
    ),
    must_not_match=(Example("1234567"), Example("普通の食事"), Example("普通 123"), Example("12345-1234567")),
    traces=rf"{squeezed(_led.labels)}|(?:普通|当座|貯蓄).{{0,8}}[0-9]{{7}}|1[0-9]{{3}}0-[0-9]{{7}}1",
    labels=_led.labels,
)
