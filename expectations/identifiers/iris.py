"""虹彩コード・虹彩画像."""

from __future__ import annotations

from expectations.identifiers._biometrics import Biometric
from expectations.identifiers.base import Example, Identifier, Strength

_DATA = Biometric(
    labels=r"虹彩(?:コード|デ[ー-]タ|画像|特徴量?|認証)|iris_?(?:code|image|template|scan)",
    sure="biometric/iris",
)

KIND = Identifier(
    id="iris",
    ja="虹彩の模様",
    en="Iris pattern",
    legal="APPI Enforcement Order art. 1 item 1(c) (個人識別符号); Enforcement Rules art. 34 item 2",
    source="ISO/IEC 19794-6 (IIR)",
    search=_DATA.search,
    must_match=(
        Example("file kind: biometric/iris", strength=Strength.CERTAIN),
        Example("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", context="iris_code", strength=Strength.CERTAIN),
        Example("虹彩コード：Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("虹彩炎"),
        Example("iris 2.0"),
    ),
    needs_digits=False,
    traces=_DATA.traces,
    labels=_DATA.labels,
)
