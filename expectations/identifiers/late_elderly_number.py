"""後期高齢者医療の被保険者番号: behind its name, in a column named so, or behind an insurer of its law."""

from __future__ import annotations

from expectations.identifiers._insured import COMPOSITE, WORD, insured
from expectations.identifiers.base import Example, Identifier, Strength, squeezed

_NAMES = r"後期高齢者(?:医療)?(?:保険)?|後期高齢|後期"
_COLUMNS = r"(?<![a-z])(?:late_elderly_?|koki_?)(?:no|number|symbol)(?![a-z])"

KIND = Identifier(
    id="late_elderly_number",
    ja="後期高齢者医療被保険者番号",
    en="Late elderly insured number",
    legal="APPI Enforcement Order art. 1 item 7 (個人識別符号); Enforcement Rules art. 34 item 2",
    source="高齢者の医療の確保に関する法律 art. 161-2, named in the Order; law number 39, a number of eight digits",
    search=insured(_NAMES, _COLUMNS, frozenset({"39"})),
    must_match=(
        Example("後期高齢者医療被保険者番号：12345678", strength=Strength.CERTAIN),
        Example("後期高齢者医療 記号 12-34 番号 5678", strength=Strength.CERTAIN),
        Example("12345678", context="late_elderly_no", strength=Strength.CERTAIN),
        Example("39131156:12:5678", strength=Strength.CERTAIN),
        Example("39131157:12:5678"),
    ),
    must_not_match=(
        Example("12345678"),
        Example("後期高齢者医療 3割負担"),
        Example("06130017:12:5678"),
        Example("39131156"),
    ),
    traces=rf"(?:{squeezed(_NAMES)}).{{0,30}}番号|{squeezed(_COLUMNS)}|{COMPOSITE}",
    labels=rf"(?:{_NAMES}){WORD}|{_COLUMNS}",
)
