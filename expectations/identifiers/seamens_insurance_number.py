"""船員保険の被保険者等記号・番号: behind its name, in a column named so, or behind an insurer of its law."""

from __future__ import annotations

from expectations.identifiers._insured import COMPOSITE, WORD, insured
from expectations.identifiers.base import Example, Identifier, Strength, squeezed

_NAMES = r"船員保険"
_COLUMNS = r"(?<![a-z])(?:seamens?_?(?:insurance_?)?|senin_?)(?:no|number|symbol)(?![a-z])"

KIND = Identifier(
    id="seamens_insurance_number",
    ja="船員保険被保険者等記号・番号",
    en="Seamens insured number",
    legal="APPI Enforcement Rules art. 4 item 2 (個人識別符号); Rules art. 34 item 2",
    source="船員保険法 art. 143-2, named in the Rules; law number 02",
    search=insured(_NAMES, _COLUMNS, frozenset({"02"})),
    must_match=(
        Example("船員保険被保険者番号：12345678", strength=Strength.CERTAIN),
        Example("船員保険 記号 12-34 番号 5678", strength=Strength.CERTAIN),
        Example("12345678", context="seamens_insurance_no", strength=Strength.CERTAIN),
        Example("02130011:12:5678", strength=Strength.CERTAIN),
        Example("02130012:12:5678"),
    ),
    must_not_match=(
        Example("12345678"),
        Example("船員保険 3割負担"),
        Example("06130017:12:5678"),
        Example("02130011"),
    ),
    traces=rf"(?:{squeezed(_NAMES)}).{{0,30}}番号|{squeezed(_COLUMNS)}|{COMPOSITE}",
    labels=rf"(?:{_NAMES}){WORD}|{_COLUMNS}",
)
