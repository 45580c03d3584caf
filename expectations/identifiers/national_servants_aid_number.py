"""国家公務員共済組合の組合員等記号・番号: behind its name, in a column named so, or behind an insurer of its law."""

from __future__ import annotations

from expectations.identifiers._insured import COMPOSITE, WORD, insured
from expectations.identifiers.base import Example, Identifier, Strength, squeezed

_NAMES = r"国家公務員共済(?:組合)?|国共済"
_COLUMNS = r"(?<![a-z])(?:national_servants?_?(?:mutual_?)?(?:aid_?)?|kokkyosai_?)(?:no|number|symbol)(?![a-z])"

KIND = Identifier(
    id="national_servants_aid_number",
    ja="国家公務員共済組合員等記号・番号",
    en="National servants mutual aid number",
    legal="APPI Enforcement Rules art. 4 item 6 (個人識別符号); Rules art. 34 item 2",
    source="国家公務員共済組合法 art. 112-2, named in the Rules; law number 31",
    search=insured(_NAMES, _COLUMNS, frozenset({"31"})),
    must_match=(
        Example("国家公務員共済組合被保険者番号：12345678", strength=Strength.CERTAIN),
        Example("国家公務員共済組合 記号 12-34 番号 5678", strength=Strength.CERTAIN),
        Example("12345678", context="kokkyosai_no", strength=Strength.CERTAIN),
        Example("31130016:12:5678", strength=Strength.CERTAIN),
        Example("31130017:12:5678"),
    ),
    must_not_match=(
        Example("12345678"),
        Example("国家公務員共済組合 3割負担"),
        Example("06130017:12:5678"),
        Example("31130016"),
    ),
    traces=rf"(?:{squeezed(_NAMES)}).{{0,30}}番号|{squeezed(_COLUMNS)}|{COMPOSITE}",
    labels=rf"(?:{_NAMES}){WORD}|{_COLUMNS}",
)
