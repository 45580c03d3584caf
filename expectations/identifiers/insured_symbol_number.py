"""被保険者証等の記号・番号: the health-insurance symbol and number, alone or with insurer and branch number."""

from __future__ import annotations

import re

from expectations.identifiers._insured import COMPOSITE, composites, of_composite
from expectations.identifiers.base import GAP, Example, Identifier, Strength, squeezed

_VALUE = r"(?!番号)[0-9A-Za-z一-鿿ァ-ヶぁ-ん][0-9A-Za-z一-鿿ァ-ヶぁ-ん・.-]{0,18}"
_PAIR = re.compile(rf"記号[ :=は(,|]{{0,4}}{_VALUE}[ ・,、/|)]{{0,3}}番号[ :=は(,|]{{0,4}}[0-9]{{1,19}}(?![0-9文桁字])")
_JOINT = re.compile(
    rf"(?:記号 ?[・/と及び]{{0,2}} ?番号|被?保険者証?等?(?:の|記号)?番号|保険証(?:の)?番号){GAP}"
    r"(?:[0-9A-Za-zぁ-んァ-ヶ一-鿿]{1,10}[-・ ]?){0,2}[0-9]{2,19}(?![0-9文桁字])"
)
_LABELS = (
    r"記号・?番号|(?:被保険者|保険証|資格確認).{0,8}(?:記号|番号)|(?<![a-z])(?:insured|hihokensha)_?(?:no|number|symbol|id)"
    r"|(?<![a-z])symbol_?number(?![a-z])"
)
_CONTEXT = re.compile(_LABELS, re.IGNORECASE)


def _search(text: str, context: str) -> Strength | None:
    if _PAIR.search(text) or _JOINT.search(text):
        return Strength.CERTAIN
    found = of_composite(composites(text))
    if found is None and "介護" not in context and "care" not in context and _CONTEXT.search(context):
        return Strength.CERTAIN if len(text) <= 40 else None
    return found


KIND = Identifier(
    id="insured_symbol_number",
    ja="健康保険被保険者等記号・番号",
    en="Insured symbol and number",
    legal="APPI Enforcement Rules art. 4 item 1 (個人識別符号); Rules art. 34 item 2",
    source="健康保険法 art. 194-2, named in the Rules; claim record specification, HO record; insurer's check digit",
    search=_search,
    must_match=(
        Example("記号 12-34 番号 5678", strength=Strength.CERTAIN),
        Example("記号：船橋１２　番号：３４５", strength=Strength.CERTAIN),
        Example("保険証番号は1234567でした", strength=Strength.CERTAIN),
        Example("記号番号：東い1234-567", strength=Strength.CERTAIN),
        Example("被保険者証番号「50193」", strength=Strength.CERTAIN),
        Example("被保険者等記号・番号→12-34-7129", strength=Strength.CERTAIN),
        Example("33120015:12-34:5678:01", strength=Strength.CERTAIN),
        Example("３３１２００１５：１２：５６７８：０１", strength=Strength.CERTAIN),
        Example("33120014:12:5678"),
        Example("5678", context="被保険者証番号", strength=Strength.CERTAIN),
        Example("12-34", context="insured_symbol", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("12:30:45"),
        Example("20240401:12:30"),
        Example("記号は凡例を参照"),
        Example("番号 5678"),
        Example("33120015"),
        Example("記号・番号は含みません"),
        Example("被保険者記号・番号（20文字以内）"),
    ),
    traces=rf"記号.{{0,26}}番号|保険者.{{0,4}}番号|保険証の?番号|{squeezed(_LABELS)}|{COMPOSITE}",
    labels=_LABELS,
)
