"""国民健康保険の被保険者記号・番号: behind its name, in a column named so, or behind an insurer of its law."""

from __future__ import annotations

from expectations.identifiers._insured import COMPOSITE, WORD, insured
from expectations.identifiers.base import Example, Identifier, Strength, squeezed

_NAMES = r"国民健康保険|国保"
_COLUMNS = r"(?<![a-z])(?:national_health_?(?:insurance_?)?|kokuho_?)(?:no|number|symbol)(?![a-z])"

KIND = Identifier(
    id="national_health_number",
    ja="国民健康保険被保険者記号・番号",
    en="National health insured number",
    legal="APPI Enforcement Order art. 1 item 3 (個人識別符号); Enforcement Rules art. 34 item 2",
    source="国民健康保険法 art. 111-2, named in the Order; insurers of six digits, or law number 67 for the retired",
    search=insured(_NAMES, _COLUMNS, frozenset({"", "67"})),
    must_match=(
        Example("国保被保険者番号：12345678", strength=Strength.CERTAIN),
        Example("国保 記号 12-34 番号 5678", strength=Strength.CERTAIN),
        Example("12345678", context="kokuho_number", strength=Strength.CERTAIN),
        Example("138057:12:5678", strength=Strength.CERTAIN),
        Example("138058:12:5678"),
    ),
    must_not_match=(
        Example("12345678"),
        Example("国保 3割負担"),
        Example("06130017:12:5678"),
        Example("138057"),
    ),
    traces=rf"(?:{squeezed(_NAMES)}).{{0,30}}番号|{squeezed(_COLUMNS)}|{COMPOSITE}",
    labels=rf"(?:{_NAMES}){WORD}|{_COLUMNS}",
)
