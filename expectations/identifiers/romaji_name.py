"""ローマ字氏名: a surname and a given name in Latin letters, in either order, both with a Japanese reading."""

from __future__ import annotations

import re

from expectations.identifiers._romaji import canonical, readings
from expectations.identifiers.base import Example, Identifier, Strength

_WORD = r"[A-ZĀĪŪĒŌÂÎÛÊÔ](?:[a-zāīūēōâîûêô]{1,11}|[A-ZĀĪŪĒŌÂÎÛÊÔ]{1,11})"
_PAIR = re.compile(rf"(?<![A-Za-z])({_WORD})(?:, ?| |\^|_|・)({_WORD})(?![A-Za-z])")
_LABELS = (
    r"ロ[ー-]マ字|英字氏名|アルファベット氏名|(?<![a-z])(?:romaji|roman|english|latin)_?name(?![a-z])"
    r"|(?<![a-z])(?:patient|person|full|family|given|first|last)_?name(?![a-z])"
)
_CONTEXT = re.compile(_LABELS, re.IGNORECASE)
_TITLE = re.compile(r"(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? ?$|(?:氏名|name|patient|患者)[ :：]{0,3}$", re.IGNORECASE)
_SHORTEST = 3
_ANY_CASE = re.compile(r"[A-Za-z]{2,12}[ ,^]{1,2}[A-Za-z]{2,12}")


def _search(text: str, context: str) -> Strength | None:
    best: Strength | None = None
    for found in _PAIR.finditer(text):
        if _name(found.group(1), found.group(2)):
            if _CONTEXT.search(context) or _TITLE.search(text[: found.start()]):
                return Strength.CERTAIN
            best = Strength.LIKELY
    if best is None and _CONTEXT.search(context) and _ANY_CASE.fullmatch(text):
        first, second = re.split("[ ,^]+", text)
        return Strength.CERTAIN if _name(first, second) else None
    return best


def _name(first: str, second: str) -> bool:
    surnames, given = readings()
    one, other = canonical(first), canonical(second)
    if min(len(one), len(other)) < _SHORTEST:
        return False
    return (one in surnames and other in given) or (other in surnames and one in given)


KIND = Identifier(
    id="romaji_name",
    ja="ローマ字氏名",
    en="Name in Latin letters",
    legal="APPI art. 2(1)(i); Enforcement Rules art. 34 item 1",
    source="Readings of japanese-personal-name-dataset; cabinet notice no. 1 of 1954 (Kunrei and Hepburn spellings)",
    search=_search,
    must_match=(
        Example("YAMADA TARO"),
        Example("Taro Yamada"),
        Example("ＹＡＭＡＤＡ　ＴＡＲＯＵ"),
        Example("Satō, Shōta"),
        Example("Syota Satou"),
        Example("YAMADA^HANAKO"),
        Example("Dr. Suzuki Ichiro", strength=Strength.CERTAIN),
        Example("Patient: Junko Honma", strength=Strength.CERTAIN),
        Example("yamada hanako", context="romaji_name", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("Helicobacter Pylori"),
        Example("Type A"),
        Example("Hashimoto Disease"),
        Example("Diabetes Mellitus"),
        Example("Health Data"),
        Example("Kampo Extract"),
        Example("Kakuu Health"),
        Example("Amino Leban"),
    ),
    needs_digits=False,
    traces="[a-zāīūēōâîûêô]{3}[,^_・]?[a-zāīūēōâîûêô]{3}",
    labels=_LABELS,
)
