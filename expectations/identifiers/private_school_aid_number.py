"""私立学校教職員共済の加入者等記号・番号: behind its name, in a column named so, or behind an insurer of its law."""

from __future__ import annotations

from expectations.identifiers._insured import COMPOSITE, WORD, insured
from expectations.identifiers.base import Example, Identifier, Strength, squeezed

_NAMES = r"(?:日本)?私(?:立)?学(?:校)?(?:教職員)?共済|公立学校共済(?:組合)?"
_COLUMNS = r"(?<![a-z])(?:private_school_?(?:mutual_?)?(?:aid_?)?|shigaku_?)(?:no|number|symbol)(?![a-z])"

KIND = Identifier(
    id="private_school_aid_number",
    ja="私学共済加入者等記号・番号",
    en="Private school mutual aid number",
    legal="APPI Enforcement Rules art. 4 item 5 (個人識別符号); Rules art. 34 item 2",
    source="私立学校教職員共済法 art. 45, named in the Rules; law number 34 (with public-school mutual aid)",
    search=insured(_NAMES, _COLUMNS, frozenset({"34"})),
    must_match=(
        Example("私学共済被保険者番号：12345678", strength=Strength.CERTAIN),
        Example("私学共済 記号 12-34 番号 5678", strength=Strength.CERTAIN),
        Example("12345678", context="shigaku_number", strength=Strength.CERTAIN),
        Example("34130021:12:5678", strength=Strength.CERTAIN),
        Example("34130022:12:5678"),
    ),
    must_not_match=(
        Example("12345678"),
        Example("私学共済 3割負担"),
        Example("06130017:12:5678"),
        Example("34130021"),
    ),
    traces=rf"(?:{squeezed(_NAMES)}).{{0,30}}番号|{squeezed(_COLUMNS)}|{COMPOSITE}",
    labels=rf"(?:{_NAMES}){WORD}|{_COLUMNS}",
)
