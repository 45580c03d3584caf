"""顔画像・顔特徴量: any picture may show a face, so a picture is likely to be one."""

from __future__ import annotations

from expectations.identifiers._biometrics import Biometric
from expectations.identifiers.base import Example, Identifier, Strength

_DATA = Biometric(
    labels=r"顔(?:画像|写真|特徴量?|認証)|face_?(?:image|photo|picture|embedding|template|id)|portrait",
    sure="biometric/face",
    possible="image/",
)

KIND = Identifier(
    id="face_image",
    ja="顔の容貌",
    en="Face image",
    legal="APPI Enforcement Order art. 1 item 1(b) (個人識別符号); Enforcement Rules art. 34 item 2",
    source="ISO/IEC 19794-5 (FAC); file signatures of the picture formats",
    search=_DATA.search,
    must_match=(
        Example("file kind: biometric/face", strength=Strength.CERTAIN),
        Example("file kind: image/jpeg"),
        Example("ｆｉｌｅ　ｋｉｎｄ：　ｉｍａｇｅ／ｐｎｇ"),
        Example("data:image/png;base64,iVBORw0KGgo"),
        Example("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", context="face_embedding", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("顔面神経麻痺"),
        Example("顔画像は含みません"),
        Example("file kind: audio/wav"),
    ),
    needs_digits=False,
    traces=_DATA.traces,
    labels=_DATA.labels,
)
