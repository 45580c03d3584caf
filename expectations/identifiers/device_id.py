"""端末・機器の識別番号: IMEI, advertising and device ids, serial numbers of implants; mostly behind a label."""

from __future__ import annotations

import re

from expectations.identifiers._check_digits import luhn
from expectations.identifiers.base import Example, Identifier, Labelled, Strength, digits, squeezed

_LABELS = (
    r"広告(?:識別子|id)|端末(?:識別)?(?:番号|id)|機器(?:固有|識別)?(?:番号|id)|製造番号|シリアル(?:番号|no\.?)|個体(?:識別)?番号"
    r"|(?<![a-z])(?:imei|imsi|iccid|meid|idfa|idfv|aaid|gaid|udid|udi|android_?id|advertising_?id|device_?(?:id|no|number|serial)"
    r"|serial_?(?:no|number))(?![a-z])"
)
_UUID = r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"
_led = Labelled(_LABELS, rf"{_UUID}|(?=[A-Z-]{{0,12}}[0-9])[0-9A-Z][0-9A-Z-]{{5,22}}")
_IMEI = re.compile(
    r"(?<![0-9A-Za-z.-])(?:01|35|86|91|98|99)[0-9]{4}[- ]?[0-9]{2}[- ]?[0-9]{6}[- ]?[0-9](?![0-9A-Za-z-]|\.[0-9])"
)


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context):
        return Strength.CERTAIN
    return Strength.LIKELY if any(luhn(digits(found.group())) for found in _IMEI.finditer(text)) else None


KIND = Identifier(
    id="device_id",
    ja="端末・機器識別番号",
    en="Device identifier",
    legal="APPI Enforcement Rules art. 34 item 1; item 3 where the operator links by it",
    source="3GPP TS 23.003 section 6 (IMEI, Luhn digit); RFC 9562 (UUID); IMDRF UDI guidance; customary labels",
    search=_search,
    must_match=(
        Example("IMEI: 490154203237518", strength=Strength.CERTAIN),
        Example(
            "IDFA ６Ｄ９２０７８Ａ－８２４６－４ＢＡ４－ＡＥ５Ｂ－７６１０４８６１Ｅ７ＤＣ", strength=Strength.CERTAIN
        ),
        Example("ペースメーカー シリアル番号：PJN123456", strength=Strength.CERTAIN),
        Example("a1b2c3d4e5f60718", context="android_id", strength=Strength.CERTAIN),
        Example("356938035643809"),
    ),
    must_not_match=(
        Example("490154203237518"),
        Example("356938035643808"),
        Example("シリアル値 3"),
        Example("6d92078a-8246-4ba4-ae5b-76104861e7dc"),
    ),
    traces=rf"{squeezed(_LABELS)}|(?:01|35|86|91|98|99)[0-9]{{4}}-?[0-9]{{2}}-?[0-9]{{6}}-?[0-9]",
    labels=_LABELS,
)
