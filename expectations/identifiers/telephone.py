"""電話番号: landline, mobile, IP, toll-free and fax numbers of Japan, national and +81."""

from __future__ import annotations

import re

from expectations.identifiers._telephone_numbers import real_number
from expectations.identifiers.base import Example, Identifier, Strength, digits, run, squeezed, strongest

_LABEL = r"電話|携帯|連絡先|ファ[クッ]クス|(?<![a-z])(?:tel|phone|fax|mobile|denwa|keitai)(?![a-z])|telephone"
_OTHER_NUMBER = re.compile(r"番号|コード|code|_no\b|_id\b|insur|provider|facility|account")
_START = r"(?<![0-9.-])(?:(?<![A-Za-z])|(?<=FAX)|(?<=Fax)|(?<=fax)|(?<=TEL)|(?<=Tel)|(?<=tel))"
_SEPARATED = re.compile(
    rf"{_START}\(?0[0-9]{{1,4}}(?:[-(). ]{{1,2}}[0-9]{{1,4}}){{1,3}}[-). ]{{1,2}}[0-9]{{3,4}}(?![0-9A-Za-z-])"
)
_ABROAD = re.compile(
    r"(?<![0-9A-Za-z])(?:\+ ?|00[0-9]{0,4}[- ]?)81[-(. ]*0?[-). ]*([1-9][0-9() .-]{7,13}[0-9])(?![0-9])"
)
_BEHIND_LABEL = re.compile(
    rf"(?:{_LABEL})[^0-9A-Za-z]{{0,8}}(?:番号)?[^0-9A-Za-z]{{0,3}}(0[0-9]{{9,10}})(?![0-9])", re.I
)
_BARE = re.compile(r"(?<![0-9A-Za-z.+-])0[0-9]{9,10}(?![0-9A-Za-z-]|\.[0-9])")
_AT_START = re.compile(r"0[0-9]{9,10}(?![0-9])")
_ZERO_LOST = re.compile(r"[1-9][0-9]{8,9}")  # an integer column drops the leading zero
_CONTEXT = re.compile(_LABEL, re.IGNORECASE)


def has_number(text: str) -> bool:
    """True where `text` (normal form) holds a number with its separators, or begins with one without."""
    bare = _AT_START.match(text)
    return _written(text) or (bare is not None and real_number(bare.group()))


def _written(text: str) -> bool:
    if any(real_number(digits(found.group())) for found in _SEPARATED.finditer(text)):
        return True
    return any(real_number("0" + digits(found.group(1))) for found in _ABROAD.finditer(text))


def _search(text: str, context: str) -> Strength | None:
    if _written(text) or any(real_number(found.group(1)) for found in _BEHIND_LABEL.finditer(text)):
        return Strength.CERTAIN
    labelled = _CONTEXT.search(context) is not None
    if labelled and _ZERO_LOST.fullmatch(text) and real_number("0" + text):
        return Strength.LIKELY
    return strongest(*(_bare(found, context, labelled) for found in _BARE.finditer(text)))


def _bare(found: re.Match[str], context: str, labelled: bool) -> Strength | None:
    """Digits without separators: of another number where its label stands before them or on the column."""
    if not real_number(found.group()):
        return None
    if labelled:
        return Strength.CERTAIN
    before = found.string[max(0, found.start() - 12) : found.start()]
    return Strength.WEAK if _OTHER_NUMBER.search(context) or _OTHER_NUMBER.search(before) else Strength.LIKELY


KIND = Identifier(
    id="telephone",
    ja="電話番号",
    en="Japanese telephone",
    legal="APPI Enforcement Rules art. 34 item 1 (PPC secretariat report: telephone numbers are deleted whole)",
    source="Structure of national numbers (0AB-J, 0A0), wider than what is assigned; see _telephone_numbers",
    search=_search,
    must_match=(
        Example("03-5550-0123", strength=Strength.CERTAIN),
        Example("０９０－１２３４－５６７８", strength=Strength.CERTAIN),
        Example("090 1234 5678", strength=Strength.CERTAIN),
        Example("(03)5550-0123", strength=Strength.CERTAIN),
        Example("0997-12-3456", strength=Strength.CERTAIN),
        Example("0466(22)1234に連絡", strength=Strength.CERTAIN),
        Example("〇九〇－一二三四－五六七八", strength=Strength.CERTAIN),
        Example("0120ー123ー456", strength=Strength.CERTAIN),
        Example("+81-90-1234-5678", strength=Strength.CERTAIN),
        Example("+81 (0)3 5550 0123", strength=Strength.CERTAIN),
        Example("0081-466-22-1234", strength=Strength.CERTAIN),
        Example("夜間はFAX086-222-1234へ", strength=Strength.CERTAIN),
        Example("緊急連絡先：09012345678（長女）", strength=Strength.CERTAIN),
        Example("09012345678", context="電話番号", strength=Strength.CERTAIN),
        Example("9012345678", context="phone"),
        Example("09012345678"),
        Example("0355500123"),
        Example("090 12 34 5678", strength=Strength.CERTAIN),
        Example("夜間は09012345678へ"),
        Example("０３５５５００１２３に折り返し"),
    ),
    must_not_match=(
        Example("2024-04-01"),
        Example("05-06-07"),
        Example("0000123456"),
        Example("120-80-60"),
        Example("血圧は030-45程度"),
        Example("0170101234", context="事業所番号"),
        Example("9012345678"),
        Example("1.2.3-0456"),
        Example("事業所番号 0170101234"),
    ),
    traces=rf"{squeezed(_LABEL)}|{run(9)}",
    labels=_LABEL,
)
