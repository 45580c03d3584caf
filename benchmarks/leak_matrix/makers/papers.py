"""証・伝票・車両ほか: numbers on papers a person holds, and what else points at one (規則34条1号・4号)."""

from __future__ import annotations

import string
from random import Random

from benchmarks.leak_matrix.makers._check_digits import modulus_10
from benchmarks.leak_matrix.values import Maker, Value, digits, labelled

_PLATES = ("品川", "横浜", "なにわ", "湘南", "名古屋", "札幌", "つくば")
_PLATE_KANA = "さすせそたちつてとなにぬねのはひふほまみむめもやゆよらりるろ"
_HOUSES = ("メゾン{}", "{}マンション", "コーポ{}", "{}ハイツ", "{}アパート", "サン{}荘")


def _capitals(draw: Random, count: int) -> str:
    return "".join(draw.choice(string.ascii_uppercase) for _ in range(count))


def _disability(draw: Random) -> Value:
    labels = ("身体障害者手帳番号", "療育手帳番号", "精神障害者保健福祉手帳番号", "障害者手帳番号", "手帳番号")
    return Value(digits(draw, draw.choice((5, 6, 7))), labelled(draw, *labels), "身体障害者手帳番号")


def _certificate(draw: Random) -> Value:
    labels = ("指定難病受給者証番号", "診断書番号", "証明書番号", "医療証番号")
    return Value(draw.choice((digits(draw, 7), f"A-{digits(draw, 6)}")), labelled(draw, *labels), "証明書番号")


def _slip(draw: Random) -> Value:
    labels = ("伝票番号", "検体番号", "処方箋番号", "オーダー番号", "受付番号")
    return Value(
        draw.choice((digits(draw, 10), "A" + digits(draw, 6), digits(draw, 7))), labelled(draw, *labels), "伝票番号"
    )


def _recipient(draw: Random) -> Value:
    labels = ("公費受給者番号", "受給者番号", "公費負担医療の受給者番号")
    return Value(modulus_10(digits(draw, 6)), labelled(draw, *labels), "公費受給者番号")


def _payer_and_recipient(draw: Random) -> Value:
    payer = modulus_10(draw.choice(("54", "21", "15", "51")) + "13" + digits(draw, 3))
    return Value(f"{payer} {modulus_10(digits(draw, 6))}", draw.choice(("{}", "公費 {}")), "公費受給者番号")


def _plate(draw: Random) -> Value:
    number = f"{draw.randint(10, 99)}-{digits(draw, 2)}"
    text = f"{draw.choice(_PLATES)} {draw.choice(('300', '500', '330', '58'))} {draw.choice(_PLATE_KANA)} {number}"
    return Value(
        draw.choice((text, text.replace(" ", ""))), draw.choice(("{}", "車両番号：{}", "送迎車 {}")), "車両番号"
    )


def _age(draw: Random) -> Value:
    years, unit = draw.randint(90, 109), draw.choice(("歳", "才"))
    kanji = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(years)) + unit
    return Value(
        f"{years}{unit}", draw.choice(("{}", "{}の女性", "{}、独居", "{}男性")), "年齢", {"kanji digits": kanji}
    )


def _house(draw: Random) -> Value:
    name = draw.choice(_HOUSES).format(draw.choice(("潮見", "青葉", "みなと", "ひばり", "第一")))
    room = draw.choice(("{}号室", "{}号", "　{}", "-{}")).format(f"{draw.randint(1, 9)}0{draw.randint(1, 9)}")
    return Value(name + room, draw.choice(("{}", "自宅は{}", "{}に居住")), "建物名")


def _passport(draw: Random) -> Value:
    text = draw.choice(("X" + digits(draw, 8), _capitals(draw, 2) + digits(draw, 6), digits(draw, 9)))
    return Value(text, labelled(draw, "外国旅券番号", "外国旅券の番号", "外国のパスポート番号"), "外国旅券番号")


def _permanent(draw: Random) -> Value:
    text = _capitals(draw, 2) + digits(draw, 8) + _capitals(draw, 2)
    return Value(
        text,
        labelled(draw, "特別永住者証明書番号", "特別永住者証明書の番号", "特別永住者証明書"),
        "特別永住者証明書番号",
    )


def _facility(draw: Random) -> Value:
    area = draw.choice(("03", "06", "045", "092", "0466"))
    text = f"{area}-1{digits(draw, 5 - len(area))}-{digits(draw, 4)}"
    return Value(text, draw.choice(("架空病院 {}", "架空クリニック（電話{}）", "かかりつけ薬局 {}")), "医療機関電話")


def _abroad(draw: Random) -> Value:
    # 555-01xx is kept for fiction (North American Numbering Plan), 7946 0xxx in London (Ofcom).
    american = f"{draw.choice(('212', '415', '808'))} 555 01{digits(draw, 2)}"
    text = draw.choice((f"+1 {american}", "+1-" + american.replace(" ", "-"), f"+44 20 7946 0{digits(draw, 3)}"))
    return Value(text, draw.choice(("{}", "TEL {}", "家族は{}に居住")), "phone")


MAKERS = (
    Maker("disability_certificate", "labelled", _disability),
    Maker("certificate_number", "labelled", _certificate),
    Maker("slip_number", "labelled", _slip),
    Maker("public_payer_recipient", "labelled", _recipient),
    Maker("public_payer_recipient", "with payer", _payer_and_recipient, cell=True),
    Maker("vehicle_plate", "alone", _plate, cell=True),
    Maker("age_over_89", "alone", _age, cell=True),
    Maker("building_name", "with room", _house, bar=None, cell=True),
    Maker("foreign_passport", "labelled", _passport),
    Maker("special_permanent_resident", "labelled", _permanent),
    Maker("facility_telephone", "behind a facility", _facility),
    Maker("telephone_abroad", "international", _abroad, cell=True),
)
