"""自動車登録番号（ナンバープレート）: place, class number, kana and up to four digits."""

from __future__ import annotations

import re

from expectations.identifiers.base import Example, Identifier, Labelled, Strength, squeezed

# お, し, へ, ん are not used; わ, れ are rented, E H K M T Y those of the forces of the United States.
_KANA = "[あいうえかきくけこさすせそたちつてとなにぬねのはひふほまみむめもやゆよらりるれろわをEHKMTY]"
_SERIAL = r"(?:[1-9][0-9]-[0-9]{2}|[・.]{1,3} ?[0-9]{1,3}(?:-[0-9]{2})?|[1-9][0-9]{0,3})"
_PLACES = (
    "札幌|函館|旭川|室蘭|苫小牧|釧路|知床|帯広|北見|青森|弘前|八戸|岩手|盛岡|平泉|宮城|仙台|秋田|山形|庄内|福島|会津|郡山|白河|いわき"
    "|水戸|土浦|つくば|宇都宮|那須|日光|とちぎ|群馬|前橋|高崎|大宮|川口|所沢|川越|熊谷|春日部|越谷|千葉|成田|習志野|市川|船橋|袖ヶ浦|市原"
    "|野田|柏|松戸|品川|世田谷|練馬|杉並|板橋|足立|江東|葛飾|八王子|多摩|横浜|川崎|湘南|相模|山梨|富士山|新潟|長岡|上越|富山|石川|金沢"
    "|福井|長野|松本|諏訪|安曇野|南信州|岐阜|飛騨|静岡|浜松|沼津|伊豆|名古屋|豊橋|三河|岡崎|豊田|尾張小牧|一宮|春日井|三重|鈴鹿|四日市"
    "|伊勢志摩|滋賀|京都|大阪|なにわ|和泉|堺|奈良|飛鳥|和歌山|神戸|姫路|鳥取|島根|出雲|岡山|倉敷|広島|福山|山口|下関|徳島|香川|高松"
    "|愛媛|高知|福岡|北九州|久留米|筑豊|佐賀|長崎|佐世保|熊本|大分|宮崎|鹿児島|奄美|沖縄"
)
_CLASS = "[0-9][0-9ACFHKLMPXY]{1,2}"
_PLATE = re.compile(
    rf"(?:{_PLACES}) ?{_CLASS} ?{_KANA} ?{_SERIAL}(?![0-9A-Za-z%ぁ-ん])"
    # A place this list does not know: not with a kana that is a particle as well (100 の 12-34).
    rf"|(?<![一-鿿])[一-鿿ぁ-ん]{{1,4}} ?{_CLASS} ?(?![とにのはもやを]){_KANA} ?"
    r"(?:[1-9][0-9]-[0-9]{2}|[・.]{1,3}[0-9])(?![0-9A-Za-z%])"
)
_LABELS = (
    r"(?:自動車|車両|車輌|軽自動車)?(?:登録|車両)番号|ナンバ[ー-]?プレ[ー-]?ト|車の?ナンバ[ー-]?|車番"
    r"|(?<![a-z])(?:licen[cs]e|vehicle|number)_?plate(?![a-z])|(?<![a-z])vehicle_?(?:no|number)(?![a-z])"
)
_led = Labelled(_LABELS, rf"(?:[一-鿿ぁ-ん]{{1,4}} ?)?(?:[0-9][0-9A-Z]{{0,2}} ?)?{_KANA} ?{_SERIAL}")


def _search(text: str, context: str) -> Strength | None:
    if _led(text, context):
        return Strength.CERTAIN
    return Strength.LIKELY if _PLATE.search(text) else None


KIND = Identifier(
    id="vehicle_plate",
    ja="自動車登録番号",
    en="Vehicle plate",
    legal="APPI Enforcement Rules art. 34 item 1",
    source="自動車登録規則 art. 13 (place, class, kana, number); 道路運送車両法施行規則 別表",
    search=_search,
    must_match=(
        Example("品川 300 あ 12-34"),
        Example("横浜５００さ１２－３４"),
        Example("なにわ 33 か ・・12"),
        Example("車両番号：品川 330 は 56-78", strength=Strength.CERTAIN),
        Example("湘南 580 う 1234"),
        Example("架空 500 さ 12-34"),
        Example("ナンバープレート あ 12-34", strength=Strength.CERTAIN),
    ),
    must_not_match=(
        Example("血圧 120 で 80"),
        Example("体温 36 と 37-38"),
        Example("錠剤 100 を 12-14日"),
        Example("品川 300"),
        Example("検査 100 の 12-34"),
    ),
    traces=rf"{squeezed(_LABELS)}|[一-鿿ぁ-ん][0-9][0-9A-Z]{{1,2}}{_KANA}[・.]{{0,3}}[0-9]",
    labels=_LABELS,
)
