"""指紋・掌紋: prints of fingers and palms, and the minutiae taken from them."""

from __future__ import annotations

from expectations.identifiers._biometrics import Biometric
from expectations.identifiers.base import Example, Identifier, Strength

_DATA = Biometric(
    labels=r"(?:指紋|掌紋)(?:テンプレ[ー-]ト|画像|デ[ー-]タ|特徴点?|認証)?"
    r"|(?<!key_)(?<!key )finger_?print_?(?:template|image|minutiae|data)|palm_?print|minutiae",
    sure="biometric/finger",
)

KIND = Identifier(
    id="fingerprint",
    ja="指紋・掌紋",
    en="Fingerprint",
    legal="APPI Enforcement Order art. 1 item 1(g) (個人識別符号); Enforcement Rules art. 34 item 2",
    source="ISO/IEC 19794-2 (FMR), 19794-4 (FIR); WSQ (FBI IAFIS-IC-0110)",
    search=_DATA.search,
    must_match=(
        Example("file kind: biometric/finger", strength=Strength.CERTAIN),
        Example("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", context="fingerprint_template", strength=Strength.CERTAIN),
        Example("指紋テンプレート：Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("指紋消失"),
        Example("掌紋 3線"),
        Example("release_fingerprint"),
    ),
    needs_digits=False,
    traces=_DATA.traces,
    labels=_DATA.labels,
)
