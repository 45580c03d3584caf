"""医師・看護師等の氏名: who treated tells where somebody was treated, and is a person too."""

from __future__ import annotations

import re

from expectations.identifiers._names_in_text import of_staff
from expectations.identifiers.base import Example, Identifier, Strength

_LABELS = (
    r"(?:主治|担当|執刀|指導|紹介|麻酔|当直|依頼|診断|読影|処方|療養担当)医(?:師)?(?:の)?(?:氏名|名)?"
    r"|(?:医師|看護師|薬剤師|技師|担当者|記載者|職員|術者)(?:の)?(?:氏名|名)"
    r"|(?<![a-z])(?:doctor|physician|surgeon|nurse|pharmacist|practitioner|staff|performer|prescriber|attending)(?:_?name)?(?![a-z_])"
)
_CONTEXT = re.compile(_LABELS, re.IGNORECASE)
_NAME = re.compile(
    r"[一-鿿々〆ヶぁ-んァ-ヶー]{2,8}(?:[ ・][一-鿿々〆ヶぁ-んァ-ヶー]{1,8})?"
    r"|[A-Z][A-Za-z'-]+(?:[ ,]+[A-Z][A-Za-z'.-]*){1,2}"
)
_NOBODY = re.compile("なし|不明|未定|不在|同上|非公開|匿名|その他|該当.*|.*[科室部課院所係]")


def _search(text: str, context: str) -> Strength | None:
    said = of_staff(text)
    if _CONTEXT.search(context) and _NAME.fullmatch(text) and not _NOBODY.fullmatch(text):
        return Strength.CERTAIN
    return said


KIND = Identifier(
    id="doctor_name",
    ja="医師・看護師等の氏名",
    en="Name of staff",
    legal="APPI art. 2(1)(i); Enforcement Rules art. 34 items 1 and 5",
    source="HL7 v2.5 XCN (PV1-7, OBR-16, ORC-12); DICOM PS3.15 table E.1-1; titles and roles in notes",
    search=_search,
    must_match=(
        Example("主治医：山田", strength=Strength.LIKELY),
        Example("山田医師の指示"),
        Example("執刀医　佐々木健一", strength=Strength.CERTAIN),
        Example("髙橋看護師に引き継ぎ"),
        Example("山田　一郎", context="主治医氏名", strength=Strength.CERTAIN),
        Example("Yamada, Taro", context="attending", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("主治医に報告"),
        Example("専門医師"),
        Example("訪問看護師"),
        Example("なし", context="主治医"),
        Example("内科", context="担当医"),
        Example("山田 太郎"),
    ),
    needs_digits=False,
    labels=_LABELS,
    traces="師|医|先生|主任|部長|院長|科長|教授|助教|講師|員|ヘルパ|ケアマネ|dr|ns|pt|ot|st|msw|cm|ドクタ|担当|者|手|刀",
)
