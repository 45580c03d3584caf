"""生年月日: full dates in every notation. Without a birth context any full date may be a service date: likely."""

from __future__ import annotations

import re
from collections.abc import Iterator

from expectations.identifiers.base import Example, Identifier, Strength

_M, _D = r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12][0-9]|3[01])"
_ERA = "明治|大正|昭和|平成|令和|[明大昭平令]"
_SEP = r" ?[-/.年] ?"
_WRITTEN = re.compile(
    rf"(?<![0-9A-Za-z.])(?:(?:18[7-9]|19[0-9]|20[0-4])[0-9]{_SEP}|(?:{_ERA}) ?(?:元|[0-9]{{1,2}}){_SEP}"
    rf"|[MTSHRmtshr]\.?[0-9]{{1,2}}[-/.年])"
    rf"{_M} ?[-/.月] ?{_D}(?:日|(?![0-9]))"
)
_ERA_BEHIND_KANJI = re.compile(rf"(?:明治|大正|昭和|平成|令和) ?(?:元|[0-9]{{1,2}}){_SEP}{_M} ?[-/.月] ?{_D}")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\\.?"
_YEAR = "(?:18[7-9]|19[0-9]|20[0-4])[0-9](?![0-9])"
_DAY_FIRST = re.compile(
    rf"(?<![0-9A-Za-z.])(?:{_M}/{_D}|{_D}[/.-]{_M})[/.-]{_YEAR}"
    rf"|(?<![A-Za-z])(?:{_MONTH} ?{_D}(?:st|nd|rd|th)?,? ?|(?<![0-9]){_D}(?:st|nd|rd|th)? ?{_MONTH},? ?){_YEAR}",
    re.IGNORECASE,
)
# Two digits of a year, and a date cut by blanks, are dates only where a birth is spoken of.
_SHORT = re.compile(rf"(?<![0-9.])[0-9]{{2}}{_SEP}{_M} ?[-/.月] ?{_D}(?![0-9])|(?<![0-9]){_YEAR} {_M} {_D}(?![0-9])")
_WESTERN_8 = r"(?:19[0-9]|20[0-4])[0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
# Era code, year, month, day; Meiji from year 38 (1905): nobody older is in claims, and 7-digit codes abound.
_ERA_7 = r"(?:13[89]|14[0-5]|20[1-9]|21[0-5]|3[0-5][0-9]|36[0-4]|4[0-2][0-9]|43[01]|50[0-9]|5[1-2][0-9])"
_ERA_7 += r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_ERA_LETTER_6 = r"[MTSHR][0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_BARE = re.compile(rf"{_WESTERN_8}|{_ERA_7}|{_ERA_LETTER_6}")
_BARE_INSIDE = re.compile(rf"(?<![0-9A-Za-z.])(?:{_BARE.pattern})(?![0-9A-Za-z])")
_LABEL = r"生年月日|誕生日|出生日|生月日"
_LABEL += r"|(?<![a-z])(?:birth_?(?:date|day|ymd)?|date_?of_?birth|dob|born|seinengappi)(?![a-z])"
_CONTEXT = re.compile(_LABEL, re.IGNORECASE)
_LED = re.compile(rf"(?:{_LABEL})(?:\((?:西暦|和暦|元号)\))?[^0-9A-Za-z一-鿿]{{0,6}}$", re.IGNORECASE)
_BORN = re.compile(r" ?(?:生まれ|生れ|出生|生(?![^)\] 、。,]))")


def _search(text: str, context: str) -> Strength | None:
    spans = list(_spans(text))
    said = [*spans, *(found.span() for found in _SHORT.finditer(text))]
    if said and _CONTEXT.search(context):
        return Strength.CERTAIN
    if any(_LED.search(text[:start]) or _BORN.match(text[end:]) for start, end in said):
        return Strength.CERTAIN
    if spans:
        return Strength.LIKELY
    return Strength.WEAK if _BARE_INSIDE.search(text) else None


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for form in (_WRITTEN, _ERA_BEHIND_KANJI, _DAY_FIRST):
        yield from (found.span() for found in form.finditer(text))
    for found in _BARE_INSIDE.finditer(text):
        if found.group() == text or _LED.search(text[: found.start()]):
            yield found.span()


KIND = Identifier(
    id="birth_date",
    ja="生年月日",
    en="Full birth date",
    legal="APPI Enforcement Rules art. 34 item 1; PPC secretariat report: at least the day is deleted",
    source="Claim record specification (記録条件仕様): era code, year, month, day or YYYYMMDD; eras by cabinet order",
    search=_search,
    must_match=(
        Example("1978-04-21"),
        Example("１９７８年４月２１日"),
        Example("昭和53年4月21日"),
        Example("昭和五十三年四月二十一日"),
        Example("令和元年5月1日"),
        Example("S53.4.21"),
        Example("3530421"),
        Example("19780421"),
        Example("S530421"),
        Example("19780421", context="birth", strength=Strength.CERTAIN),
        Example("3530421", context="生年月日", strength=Strength.CERTAIN),
        Example("生年月日：昭和53年4月21日", strength=Strength.CERTAIN),
        Example("生年月日 3530421", strength=Strength.CERTAIN),
        Example("生年月日(西暦)「19780421」", strength=Strength.CERTAIN),
        Example("昭和53年4月21日生まれの女性", strength=Strength.CERTAIN),
        Example("S53/4/21生", strength=Strength.CERTAIN),
        Example("04/21/1978"),
        Example("21.4.1978"),
        Example("born April 21, 1978", strength=Strength.CERTAIN),
        Example("21 Apr 1978"),
        Example("53.4.21", context="生年月日", strength=Strength.CERTAIN),
        Example("生年月日：78/04/21", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("1978-04"),
        Example("昭和53年4月"),
        Example("202404"),
        Example("9530421"),
        Example("3991301"),
        Example("19781321"),
        Example("請求額 3530421 円"),
        Example("1.19780421"),
        Example("T12.3椎体"),
        Example("53.4.21"),
        Example("May 2024"),
        Example("12/34/5678"),
    ),
    # Documents name the dates of agreements and releases; only a date said to be a birth stops them.
    documents_at=Strength.CERTAIN,
    traces=r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?,?[0-9]|[0-9元][-/.年][0-9]{1,2}[-/.月][0-9]|[0-9]{7}|[mtshr][0-9]{6}",
    labels=_LABEL,
)
