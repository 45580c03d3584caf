"""住所: an address down to town or house number. Prefecture and municipality alone are not one."""

from __future__ import annotations

import re

from expectations.identifiers._places import behind_municipalities, town
from expectations.identifiers.base import Example, Identifier, Strength

_PREFECTURE = (
    "北海道|(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山|石川|福井|山梨|長野|岐阜|静岡|愛知|三重|滋賀"
    "|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎|熊本|大分|宮崎|鹿児島|沖縄)県|東京都|(?:大阪|京都)府"
)
_J = "[一-鿿々ヶケノのツぁ-んァ-ヶー0-9]"
_TOWN = rf"{_J}{{1,12}}?[市区町村郡]"
_HOUSE = r"[0-9]{1,5} ?(?:丁目|番地|番(?![目線])|号|-[0-9]{1,5})"
_WHOLE = re.compile(rf"(?:{_PREFECTURE}) ?{_TOWN}[^,。、;]{{0,25}}?{_HOUSE}")
# Municipalities with kana in their names (Japan Post's table of postal codes); other kana before 市 is a sentence.
_KANA_TOWNS = (
    "あきる野市|あさぎり町|あま市|あわら市|いすみ市|いちき串木野市|いなべ市|いの町|いわき市|うきは市|うるま市|えびの市|えりも町"
    "|おいらせ町|おおい町|かすみがうら市|かつらぎ町|かほく市|さいたま市|さくら市|さつま町|さぬき市|すさみ町|せたな町|たつの市|つがる市"
    "|つくばみらい市|つくば市|つるぎ町|ときがわ町|にかほ市|ひたちなか市|ふじみ野市|まんのう町|みどり市|みなかみ町|みなべ町|みやき町"
    "|みやこ町|みやま市|みよし市|むかわ町|むつ市|ニセコ町|南あわじ市|南さつま市|南アルプス市|新ひだか町|東かがわ市|東みよし町"
)
_CITY = rf"(?:(?<![一-鿿])(?![市区町村]{{2}})[一-鿿ヶケのツ]{{1,7}}[市区町村]|{_KANA_TOWNS})"
_LOCAL = re.compile(rf"{_CITY}[一-鿿々ァ-ヶーの ]{{0,14}} ?{_HOUSE}")
# A town with hiragana only before a house number that is nothing else: 都市部では3-5 is no address.
_STRONG_HOUSE = r"[0-9]{1,5} ?(?:丁目|番地|番 ?[0-9]{1,5} ?号|-[0-9]{1,5}-[0-9]{1,5})"
_LOCAL_KANA = re.compile(rf"{_CITY}[一-鿿々ァ-ヶーぁ-ん ]{{0,14}} ?{_STRONG_HOUSE}")
_BLOCK = re.compile(r"[一-鿿ヶの]{1,8} ?[0-9]{1,3}丁目 ?[0-9]{1,4}(?:番|-[0-9])")
_LABELS = r"住所|居所|所在地|現住|本籍|転居先|(?<![a-z])(?:address|addr|street)(?![a-z])"
_CONTEXT = re.compile(_LABELS, re.IGNORECASE)
_ANY_HOUSE = re.compile(rf"{_HOUSE}|[一-鿿ヶの][0-9]{{1,5}}$")
_ANY_TOWN = re.compile(rf"{_TOWN} ?[一-鿿ヶの]{{2,}}")
_BEHIND_LABEL = re.compile(rf"(?:住所|居所|現住所|本籍)[ :=は,|\"]{{0,4}}[^,。;]{{0,30}}?(?:{_HOUSE})")
# A number of blocks and houses (1-2-3, 1の2の3, 三丁目, 12番地, 甲12, 無番地), and one that might be anything.
_NUMBER = (
    r"(?:[0-9]{1,5} ?"
    r"(?:丁目|番地|番(?![目線組])|号(?!室)|-[0-9]|の[0-9]{1,4}(?:の|-)[0-9])"
    r"|[甲乙丙丁戊][0-9]{1,5}|無番地)"
)
_NUMBERED = re.compile(rf"[ 大字]{{0,2}}[^,。、;:()0-9]{{0,16}}?(?:[東西南北]?[0-9]{{1,2}}条[東西南北]?)? ?{_NUMBER}")
_PLAIN_NUMBER = re.compile(
    r" ?(?:[一-鿿々ケのがツァ-ヶー]{1,12}) ?[0-9]{1,5}(?:の[0-9]{1,4})?(?! ?[0-9]"
    r"| ?(?:年|月|日|名|人|歳|才|回|例|件|%|床|円|km|m|時|分|度|℃|世帯|[かヶカケ箇]所|代|位|番目|期|次|階|割|倍|点|種"
    r"|台|週|単位|錠|剤))"
)
_OFFICE = re.compile(
    "[一-鿿]{0,6}?(?:病院|医院|センター|役所|役場|保健所|学校|大学|施設|クリニック|支援|包括|在住|全域)"
)
_ABOUT = re.compile("[内外立民長議営]|人口")  # 市内, 市立, 市民: said of the municipality itself


def _search(text: str, context: str) -> Strength | None:
    if _WHOLE.search(text) or _BEHIND_LABEL.search(text):
        return Strength.CERTAIN
    labelled = _CONTEXT.search(context) is not None
    if labelled and _ANY_HOUSE.search(text):
        return Strength.CERTAIN
    if _LOCAL.search(text) or _LOCAL_KANA.search(text) or _BLOCK.search(text) or (labelled and _ANY_TOWN.search(text)):
        return Strength.LIKELY
    return Strength.LIKELY if any(_below(rest) for _, rest in behind_municipalities(text)) else None


def _below(rest: str) -> bool:
    """True where what stands behind a municipality leads further down: a known town area, or a number of a house."""
    rest = rest.lstrip(" ")
    if _NUMBERED.match(rest):
        return True
    known = town(rest)
    if _OFFICE.match(rest) or (_ABOUT.match(rest) and not known[2:]):
        return False
    return bool(known) or _PLAIN_NUMBER.match(rest) is not None


KIND = Identifier(
    id="full_address",
    ja="住所",
    en="Full address",
    legal="APPI Enforcement Rules art. 34 item 1; PPC secretariat report: below city, ward, county is deleted",
    source="Postal code data of Japan Post (municipalities, town areas); own patterns of block and house numbers",
    search=_search,
    must_match=(
        Example("東京都千代田区丸の内1-2-3", strength=Strength.CERTAIN),
        Example("神奈川県藤沢市藤沢三丁目二番一号", strength=Strength.CERTAIN),
        Example("大阪府大阪市北区梅田１－１－１", strength=Strength.CERTAIN),
        Example("北海道 虻田郡倶知安町北１条東２丁目", strength=Strength.CERTAIN),
        Example("藤沢1番地2", context="住所", strength=Strength.CERTAIN),
        Example("藤沢市藤沢1234-5"),
        Example("宮前町3丁目2番1号"),
        Example("うるま市具志川6-29-30"),
        Example("四日市市天カ須賀1067番地"),
        Example("富山市桜谷みどり町2丁目9-1"),
        Example("東京都千代田区丸の内", context="address"),
        Example("東京都千代田区丸の内"),
        Example("退院先：藤沢市鵠沼海岸へ転居"),
        Example("横浜市旭区上白根町 523"),
        Example("現在、佐賀市 光6の31の10"),
        Example("香川県仲多度郡まんのう町吉野甲23"),
        Example("石川県 白山市 字架空 無番地"),
    ),
    must_not_match=(
        Example("東京都"),
        Example("神奈川県藤沢市"),
        Example("藤沢市民病院に3日入院"),
        Example("千葉市立病院 2階"),
        Example("北区役所に相談"),
        Example("横浜市内3か所"),
        Example("札幌市で2例"),
        Example("市内3-4か所の施設"),
        Example("市販薬を1-2錠"),
        Example("第3腰椎 L3-4"),
        Example("町村部の3-5%"),
        Example("都市部では3-5%"),
        Example("1-2-3"),
        Example("区分 12-3"),
        Example("市町村番号 1-2"),
    ),
    needs_digits=False,
    labels=_LABELS,
    traces="[市区町村郡]|丁目|住所|居所|本籍",
)
