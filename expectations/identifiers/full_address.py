"""住所: an address down to town or house number. Prefecture and municipality alone are not one."""

from __future__ import annotations

import re

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
_STREET = re.compile(rf"(?:{_PREFECTURE}) ?{_TOWN} ?[一-鿿ヶの]{{2,}}")
_CONTEXT = re.compile(r"住所|居所|所在地|現住|本籍|(?<![a-z])(?:address|addr|street)(?![a-z])", re.IGNORECASE)
_ANY_HOUSE = re.compile(rf"{_HOUSE}|[一-鿿ヶの][0-9]{{1,5}}$")
_ANY_TOWN = re.compile(rf"{_TOWN} ?[一-鿿ヶの]{{2,}}")
_BEHIND_LABEL = re.compile(rf"(?:住所|居所|現住所|本籍)[ :=は,|\"]{{0,4}}[^,。;]{{0,30}}?(?:{_HOUSE})")


def _search(text: str, context: str) -> Strength | None:
    if _WHOLE.search(text) or _BEHIND_LABEL.search(text):
        return Strength.CERTAIN
    labelled = _CONTEXT.search(context) is not None
    if labelled and _ANY_HOUSE.search(text):
        return Strength.CERTAIN
    if _LOCAL.search(text) or _LOCAL_KANA.search(text) or _BLOCK.search(text) or (labelled and _ANY_TOWN.search(text)):
        return Strength.LIKELY
    return Strength.WEAK if _STREET.fullmatch(text) else None


KIND = Identifier(
    id="full_address",
    ja="住所",
    en="Full address",
    legal="APPI Enforcement Rules art. 34 item 1; PPC secretariat report: below city, ward, county is deleted",
    source="Own patterns over written forms of addresses: prefecture, municipality, town, block and house number",
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
        Example("東京都千代田区丸の内", strength=Strength.WEAK),
    ),
    must_not_match=(
        Example("東京都"),
        Example("神奈川県藤沢市"),
        Example("市販薬を1-2錠"),
        Example("第3腰椎 L3-4"),
        Example("町村部の3-5%"),
        Example("都市部では3-5%"),
        Example("1-2-3"),
        Example("区分 12-3"),
        Example("市町村番号 1-2"),
    ),
    needs_digits=False,
)
