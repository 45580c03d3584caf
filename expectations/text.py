"""One way of writing: the normal form every detector reads, and the plain form known values are compared in.

Japanese data writes one number in many ways (full width, kanji digits, a dozen hyphens, blanks inside). Detectors
never see those: they read `normal`. `plain` goes further and forgets differences that do not distinguish people.
"""

from __future__ import annotations

import re
import unicodedata

#: Characters nobody sees, and those that look like a hyphen, as the inside of a character class.
INVISIBLE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
HYPHENS = "\u2010-\u2015\u2043\u2212\u2500\u2501\ufe58\ufe63\uff0d\u02d7\u207b"
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_HYPHENS = re.compile(f"[{HYPHENS}]")
_DIGITS = "0-9〇零一二三四五六七八九十百"
# The long-vowel mark is a hyphen only behind a digit: 0120ー123, not サーバー.
_LONG_MARK = re.compile(rf"(?<=[{_DIGITS}]) ?[ー〜~] ?(?=[{_DIGITS}])")
_SPACES = re.compile(r"\s+")
_SPACED_HYPHEN = re.compile(r"(?<=[0-9〇零一二三四五六七八九]) ?- ?(?=[0-9〇零一二三四五六七八九])")
_CJK = "一-鿿々〆ぁ-んァ-ヶー〒"
# Four and more single characters with blanks between them are one spaced-out word, wherever it stands (担当：山 田 太
# 郎, TEL0 9 0 - 1 2 3 4). A digit of a longer number is not one of them, so that no number grows by another.
_SPACED_OUT = re.compile(
    rf"(?:(?<![0-9A-Za-z])[A-Za-z+(]|(?<![0-9])[0-9]|(?<![一-鿿々ァ-ヶー])[{_CJK}])(?: [^\s,;|、。]){{3,}}"
    rf"(?:(?<=[{_CJK}])(?![一-鿿ァ-ヶー](?<![様殿氏先君医看]))|(?<=[0-9])(?![0-9])|(?<![{_CJK}0-9])(?![0-9A-Za-z]))"
)
_ONES = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0}
_PLACES = {"十": 10, "百": 100}
_BY_PLACE = "〇零一二三四五六七八九"
_KANJI_NUMBER = re.compile(
    rf"[{_BY_PLACE}十百]+(?=年|月|日(?![市町])|丁目|番(?!町)|号|[歳才]|-[0-9{_BY_PLACE}十百])"
    rf"|(?<=[0-9{_BY_PLACE}十百]-)[{_BY_PLACE}十百]+(?![一-鿿])"
    rf"|(?<=丁目)[{_BY_PLACE}十百]+(?![一-鿿])"
    rf"|[{_BY_PLACE}]{{2,}}(?:[-. ()]{{1,2}}[{_BY_PLACE}]+)*[-. ()]{{1,2}}[{_BY_PLACE}]{{2,}}"
    rf"|[{_BY_PLACE}]{{4,}}"
    rf"|(?<=\()〇(?=\))|(?<=\+)[{_BY_PLACE}]{{1,3}}"
    rf"|(?<=番号)[ :はが]{{0,2}}[{_BY_PLACE}]+(?![一-鿿])"
)

#: 異体字: spellings of one name that differ only in the form of a character (koseki and card systems mix them).
_PAIRS = (
    "髙高﨑崎嵜崎碕崎邊辺邉辺齋斉齊斉斎斉濱浜濵浜澤沢嶋島嶌島廣広櫻桜國国眞真栁柳桺柳"
    "德徳冨富曾曽與与惠恵壽寿榮栄條条瀨瀬渕淵桒桑舘館槇槙𠮷吉槗橋穗穂藏蔵彌弥圓円靜静"
    "黑黒萬万實実學学薮藪鴎鷗篭籠桧檜龍竜瀧滝將将禮礼凜凛彥彦豐豊緖緒增増吞呑淸清淨浄"
    "敎教曆暦歷歴每毎莊荘隱隠劔剣劍剣釼剣"
)
_VARIANTS = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))
_SMALL_KANA = str.maketrans("ァィゥェォッャュョヮヵヶヂヅ", "アイウエオツヤユヨワカケジズ")
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def normal(text: str) -> str:
    """`text` as detectors read it: NFKC, one kind of hyphen and blank, kanji numbers as digits, nothing invisible."""
    if not text.isascii():
        # Nothing invisible may stand between a kana and its voicing mark, so it goes first.
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
        text = _LONG_MARK.sub("-", _HYPHENS.sub("-", text))
    text = _SPACES.sub(" ", text).strip()
    text = _SPACED_OUT.sub(lambda found: found.group().replace(" ", ""), text)
    text = _SPACED_HYPHEN.sub("-", text)
    return text if text.isascii() else _KANJI_NUMBER.sub(lambda found: _number(found.group()), text)


def _number(kanji: str) -> str:
    """二十三 and 二三 are both 23: by place value where 十 or 百 stands in it, else digit by digit; marks stay."""
    if not any(c in _PLACES for c in kanji):
        return "".join(str(_ONES.get(c, c)) for c in kanji)
    total, digit = 0, 0
    for c in kanji:
        if c in _PLACES:
            total, digit = total + (digit or 1) * _PLACES[c], 0
        else:
            digit = digit * 10 + _ONES[c]
    return str(total + digit)


def plain_kanji(text: str) -> str:
    """`text` (normal form) with variant kanji replaced by the common ones: 髙﨑 becomes 高崎."""
    return text.translate(_VARIANTS)


def katakana(text: str) -> str:
    """`text` (normal form) in katakana with full-size kana, as claim systems write it: しょうこ becomes シヨウコ."""
    return text.translate(_HIRAGANA).translate(_SMALL_KANA)
