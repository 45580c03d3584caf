"""外国の旅券の番号: up to nine letters and digits, so only with a label or in the machine-readable zone."""

from __future__ import annotations

import re

from expectations.identifiers._check_digits import mrz
from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

_LABELS = (
    r"外国(?:の)?(?:政府(?:の)?発行(?:の)?)?(?:旅券|パスポート)(?:の)?(?:番号|no\.?)?"
    r"|(?<![a-z])foreign_?passport_?(?:no|number)?(?![a-z])|(?<![a-z])passport_?(?:no|number)(?![a-z])"
)
_led = Labelled(_LABELS, r"(?=[A-Z0-9]{0,8}[0-9])[A-Z0-9]{6,9}")
# Line 2 of a passport (TD3): number and its check digit, state, birth and its check digit, sex, expiry.
_ZONE = re.compile(r"(?<![A-Z0-9<])([A-Z0-9<]{9})([0-9])([A-Z<]{3})[0-9]{6}[0-9][MFX<][0-9]{6}[0-9]")


def _search(text: str, context: str) -> Strength | None:
    zones = _ZONE.findall(text.replace(" ", ""))
    if any(state != "JPN" and mrz(number) == int(check) for number, check, state in zones):
        return Strength.CERTAIN
    return Strength.CERTAIN if _led(text, context) else None


KIND = Identifier(
    id="foreign_passport",
    ja="外国旅券番号",
    en="Foreign passport number",
    legal="APPI Enforcement Rules art. 4 item 3 (個人識別符号); Rules art. 34 item 2",
    source="出入国管理及び難民認定法 art. 2(v), named in the Rules; ICAO Doc 9303 part 4 (TD3), check digit 7-3-1",
    search=_search,
    must_match=(
        Example("外国旅券番号：X12345678", strength=Strength.CERTAIN),
        Example("外国のパスポート番号 ＡＢ１２３４５６", strength=Strength.CERTAIN),
        Example("123456789", context="foreign_passport_no", strength=Strength.CERTAIN),
        Example("L898902C36UTO7408122F1204159ZE184226B<<<<<10", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("X12345678"),
        Example("外国旅券を所持"),
        Example("L898902C37UTO7408122F1204159ZE184226B<<<<<10"),
    ),
    traces=rf"{squeezed(_LABELS)}|[0-9][A-Z<]{{3}}[0-9]{{7}}[MFX<][0-9]{{7}}",
    labels=_LABELS,
)
