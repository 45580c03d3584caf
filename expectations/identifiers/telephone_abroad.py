"""外国の電話番号: international form of other countries, and the national form of North America."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength, digits

_INTERNATIONAL = re.compile(
    r"(?<![0-9A-Za-z+])\+ ?([1-9][0-9]{0,2}[-(). ]{0,2}(?:[0-9][-(). ]{0,2}){6,13}[0-9])(?![0-9])"
)
_AMERICAN = re.compile(r"(?<![0-9.-])\(?[2-9][0-9]{2}[-). ]{1,2}[2-9][0-9]{2}[-. ][0-9]{4}(?![0-9A-Za-z-])")
_LEAST, _MOST = 8, 15


def _search(text: str, context: str) -> Strength | None:
    numbers = [digits(found.group(1)) for found in _INTERNATIONAL.finditer(text)]
    if any(_LEAST <= len(number) <= _MOST and not number.startswith("81") for number in numbers):
        return Strength.CERTAIN
    return Strength.LIKELY if _AMERICAN.search(text) else None


KIND = Identifier(
    id="telephone_abroad",
    ja="外国の電話番号",
    en="Foreign telephone",
    legal="APPI Enforcement Rules art. 34 item 1 (PPC secretariat report: telephone numbers are deleted whole)",
    source="ITU-T E.164 (country code, at most 15 digits), E.123 (written forms); North American Numbering Plan",
    search=_search,
    must_match=(
        Example("+1 415 555 0132", strength=Strength.CERTAIN),
        Example("＋４４　（２０）　７１２３　４５６７", strength=Strength.CERTAIN),
        Example("家族は+91 4155550132に居住", strength=Strength.CERTAIN),
        Example("(415) 555-0132"),
        Example("415-555-0132"),
    ),
    must_not_match=(
        Example("+12.5"),
        Example("+81-90-1234-5678"),
        Example("Ca+ 120 mg"),
        Example("2024-04-01"),
        Example("415-1555-0132"),
        Example("+1 2 3"),
    ),
    traces=r"\+[1-9](?:[-().]{0,2}[0-9]){7}|[2-9][0-9]{2}[-).]{0,2}[2-9][0-9]{2}[-.]?[0-9]{4}",
)
