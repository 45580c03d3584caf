"""音声・声紋: any recording may be somebody speaking, so sound is likely to be it."""

from __future__ import annotations

from expectations.identifiers._biometrics import Biometric
from expectations.identifiers.base import Example, Identifier, Strength

_DATA = Biometric(
    labels=r"声紋|音声(?:データ|特徴量?|認証)|voice_?(?:print|template|embedding|recording)|speaker_?embedding",
    sure="biometric/voice",
    possible="audio/",
)

KIND = Identifier(
    id="voice",
    ja="声の質",
    en="Voice",
    legal="APPI Enforcement Order art. 1 item 1(d) (個人識別符号); Enforcement Rules art. 34 item 2",
    source="File signatures of sound formats; ISO/IEC 19794-13",
    search=_DATA.search,
    must_match=(
        Example("file kind: audio/wav"),
        Example("data:audio/mpeg;base64,SUQzBAAAAAA"),
        Example("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", context="声紋", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("音声障害"),
        Example("嗄声 2週間"),
    ),
    needs_digits=False,
    traces=_DATA.traces,
    labels=_DATA.labels,
)
