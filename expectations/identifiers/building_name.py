"""建物名・部屋番号: the house and the flat are the end of an address, and say as much as its number."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Strength, squeezed

_HOUSES = (
    r"マンション|アパート|ハイツ|コーポ(?:ラス)?|メゾン|レジデンス|パレス|ハイム|コート|グランド?|シャトー|ヴィラ|ビラ|ヒルズ|タワー|団地"
    r"|公営住宅|市営住宅|県営住宅|都営住宅|町営住宅|社宅|官舎|学生寮|独身寮|ビルディング|ビル|住宅"
)
_NAME = r"[一-鿿々ァ-ヶーA-Za-zぁ-ん・]"
_ROOM = r"(?:[A-Z]?-?[0-9]{1,2}(?:号)?棟)? ?[A-Z]?-?[0-9]{3,4}(?:号(?:室)?|室)?(?![0-9A-Za-z年月日円点mgL%回])"
_FLAT = re.compile(rf"{_NAME}{{0,12}}(?:{_HOUSES}){_NAME}{{0,8}} ?(?:第?[0-9A-Z]{{1,2}}(?:号館)? )?{_ROOM}")
_SOU = re.compile(r"(?<![一-鿿])[一-鿿ァ-ヶー]{1,6}荘 ?[0-9]{1,3}号(?:室)?")
_BLOCK = re.compile(rf"(?:{_HOUSES}){_NAME}{{0,4}} ?[0-9A-Z]{{1,3}}(?:号)?棟 ?[0-9]{{2,4}}")
_LABELS = r"建物名?|方書|マンション名|部屋番号|(?<![a-z])(?:building|apartment|room|flat)_?(?:name|no|number)?(?![a-z])"
_CONTEXT = re.compile(_LABELS, re.IGNORECASE)
_HOUSE = re.compile(_HOUSES)


def _search(text: str, context: str) -> Strength | None:
    if _FLAT.search(text) or _SOU.search(text) or _BLOCK.search(text):
        return Strength.CERTAIN if _CONTEXT.search(context) else Strength.LIKELY
    return Strength.LIKELY if _CONTEXT.search(context) and _HOUSE.search(text) else None


KIND = Identifier(
    id="building_name",
    ja="建物名・部屋番号",
    en="Building and flat",
    legal="APPI Enforcement Rules art. 34 item 1; PPC secretariat report: below city, ward, county is deleted",
    source="Own patterns over 方書 of addresses: kind of building with the number of a flat",
    search=_search,
    must_match=(
        Example("藤沢マンション 305号室"),
        Example("ハイツ架空２０１"),
        Example("メゾン・ド・架空 A-102"),
        Example("架空荘 3号室"),
        Example("市営住宅 2号棟 405"),
        Example("架空コーポ101号", context="建物名", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("301号室に転室"),
        Example("住宅改修 2回"),
        Example("在宅酸素 100日"),
        Example("マンションの階段で転倒"),
        Example("ビリルビン 101"),
        Example("アパート 3階"),
        Example("コートリル 100mg"),
    ),
    needs_digits=False,
    traces=rf"(?:{squeezed(_HOUSES)}|荘).{{0,14}}[0-9]|{squeezed(_LABELS)}",
    labels=_LABELS,
)
