"""クレジットカード番号: 14 to 16 digits of a known issuer with the Luhn check digit."""

from __future__ import annotations

import re

from expectations.identifiers._check_digits import luhn
from expectations.identifiers.base import Example, Identifier, Strength, digits

_SEPARATED = re.compile(
    r"(?<![0-9A-Za-z-])[2-6][0-9]{3}([- ])(?:[0-9]{4}\1[0-9]{4}\1[0-9]{4}|[0-9]{6}\1[0-9]{4,5})(?![0-9A-Za-z-])"
)
# Visa; Mastercard; JCB; American Express; Diners; Discover and UnionPay; Maestro; UATP.
_PREFIXES = (
    r"4[0-9]{15}|5[1-5][0-9]{14}|2[2-7][0-9]{14}|35[2-8][0-9]{13}|3[47][0-9]{13}|3(?:0[0-5]|[689][0-9])[0-9]{11}"
    r"|6[0-9]{15}|5[0-9]{15}|1[0-9]{14}"
)
_BARE = re.compile(rf"(?<![0-9A-Za-z.-])(?:{_PREFIXES})(?![0-9A-Za-z-]|\.[0-9])")
# Issuers no random column is likely to be mistaken for; the others only with a label, or where nothing else is there.
_RARE = re.compile(r"1[0-9]{14}")
_LABELS = r"クレジット|(?<!診察)カ[ー-]ド番号|(?<![a-z])(?:credit[_ ]?card|(?:credit_?)?card_?(?:no|number))(?![a-z])"
_CONTEXT = re.compile(_LABELS, re.IGNORECASE)


def _search(text: str, context: str) -> Strength | None:
    if any(luhn(digits(found.group())) for found in _SEPARATED.finditer(text)):
        return Strength.CERTAIN
    found = [match.group() for match in _BARE.finditer(text) if luhn(match.group())]
    if not found:
        return None
    if _CONTEXT.search(context) or _CONTEXT.search(text):
        return Strength.CERTAIN
    return Strength.WEAK if all(_RARE.fullmatch(number) for number in found) else Strength.LIKELY


KIND = Identifier(
    id="card_number",
    ja="クレジットカード番号",
    en="Payment card number",
    legal="APPI Enforcement Rules art. 34 item 1 (direct identifier; not an 個人識別符号)",
    source="ISO/IEC 7812-1: issuer prefixes and Luhn digit",
    search=_search,
    must_match=(
        Example("4111 1111 1111 1111", strength=Strength.CERTAIN),
        Example("４１１１－１１１１－１１１１－１１１１", strength=Strength.CERTAIN),
        Example("4111111111111111", context="カード番号", strength=Strength.CERTAIN),
        Example("4111111111111111"),
        Example("378282246310005"),
        Example("6011000400000000"),
        Example("my credit card: 122000000000003", strength=Strength.CERTAIN),
        Example("122000000000003", strength=Strength.WEAK),
    ),
    must_not_match=(
        Example("4111111111111112"),
        Example("20240401123456"),
        Example("41111111111111111"),
        Example("4111-1111"),
    ),
    traces=r"[0-9](?:-?[0-9]){13}",
    labels=_LABELS,
)
