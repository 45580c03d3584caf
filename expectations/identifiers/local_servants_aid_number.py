"""地方公務員等共済組合の組合員等記号・番号: behind its name, in a column named so, or behind an insurer of its law."""

from __future__ import annotations

from expectations.identifiers._insured import COMPOSITE, WORD, insured
from expectations.identifiers.base import Example, Identifier, Strength, squeezed

_NAMES = r"地方(?:公務員|職員)(?:等)?共済(?:組合)?|地共済|市町村(?:職員)?共済(?:組合)?|警察共済(?:組合)?"
_COLUMNS = r"(?<![a-z])(?:local_servants?_?(?:mutual_?)?(?:aid_?)?|chikyosai_?)(?:no|number|symbol)(?![a-z])"

KIND = Identifier(
    id="local_servants_aid_number",
    ja="地方公務員等共済組合員等記号・番号",
    en="Local servants mutual aid number",
    legal="APPI Enforcement Rules art. 4 item 7 (個人識別符号); Rules art. 34 item 2",
    source="地方公務員等共済組合法 art. 144-24-2, named in the Rules; law numbers 32, and 33 for the police",
    search=insured(_NAMES, _COLUMNS, frozenset({"32", "33"})),
    must_match=(
        Example("地方公務員共済組合被保険者番号：12345678", strength=Strength.CERTAIN),
        Example("地方公務員共済組合 記号 12-34 番号 5678", strength=Strength.CERTAIN),
        Example("12345678", context="chikyosai_no", strength=Strength.CERTAIN),
        Example("32130015:12:5678", strength=Strength.CERTAIN),
        Example("32130016:12:5678"),
    ),
    must_not_match=(
        Example("12345678"),
        Example("地方公務員共済組合 3割負担"),
        Example("06130017:12:5678"),
        Example("32130015"),
    ),
    traces=rf"(?:{squeezed(_NAMES)}).{{0,30}}番号|{squeezed(_COLUMNS)}|{COMPOSITE}",
    labels=rf"(?:{_NAMES}){WORD}|{_COLUMNS}",
)
