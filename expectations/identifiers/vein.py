"""静脈パターン: shape of the veins below the skin of hand or finger."""

from __future__ import annotations

from expectations.identifiers._biometrics import Biometric
from expectations.identifiers.base import Example, Identifier, Strength

_DATA = Biometric(
    labels=r"静脈(?:デ[ー-]タ|パタ[ー-]ン|認証|特徴量?|テンプレ[ー-]ト)|vein_?(?:pattern|template|image)",
    sure="biometric/vein",
)

KIND = Identifier(
    id="vein",
    ja="静脈の形状",
    en="Vein pattern",
    legal="APPI Enforcement Order art. 1 item 1(f) (個人識別符号); Enforcement Rules art. 34 item 2",
    source="ISO/IEC 19794-9 (VIR)",
    search=_DATA.search,
    must_match=(
        Example("file kind: biometric/vein", strength=Strength.CERTAIN),
        Example("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", context="vein_template", strength=Strength.CERTAIN),
        Example("静脈認証：Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("静脈血栓症"),
        Example("静脈内注射 100mL"),
    ),
    needs_digits=False,
    traces=_DATA.traces,
    labels=_DATA.labels,
)
