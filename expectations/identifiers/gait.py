"""歩容: film and motion capture show how somebody walks."""

from __future__ import annotations

from expectations.identifiers._biometrics import Biometric
from expectations.identifiers.base import Example, Identifier, Strength

_DATA = Biometric(
    labels=r"歩容(?:データ|特徴量?|認証)?|歩行(?:動画|映像|解析データ)|gait_?(?:signature|template|video|capture|data)|motion_?capture",
    sure="motion/",
    possible="video/",
)

KIND = Identifier(
    id="gait",
    ja="歩行の態様",
    en="Gait",
    legal="APPI Enforcement Order art. 1 item 1(e) (個人識別符号); Enforcement Rules art. 34 item 2",
    source="File signatures of film formats; C3D (motion capture)",
    search=_DATA.search,
    must_match=(
        Example("file kind: motion/c3d", strength=Strength.CERTAIN),
        Example("file kind: video/mp4"),
        Example("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6", context="gait_template", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("歩行器 1台"),
        Example("歩容不安定、10m歩行 12秒"),
    ),
    needs_digits=False,
    traces=_DATA.traces,
    labels=_DATA.labels,
)
