"""氏名: names in kanji and kana. Alone in a cell, in front of an honorific, or behind a label; never inside a term.

Names of diseases and tests are full of surnames (橋本病, 長谷川式), so running text is only read at cues
(`_names_in_text`), and an honorific that continues a term (木村氏病) does not count.
"""

from __future__ import annotations

import re

from expectations.identifiers._name_cues import LIKE
from expectations.identifiers._names import names
from expectations.identifiers._names_in_text import in_text
from expectations.identifiers._unlisted import TERM
from expectations.identifiers.base import Example, Identifier, Strength, strongest
from expectations.text import katakana, plain_kanji

_K = "一-鿿々〆ヶ"
_CONTEXT = re.compile(
    r"氏名|姓名|名前|患者名|利用者名|受診者名|被保険者名|世帯主名|担当者名|医師名|カナ|フリガナ|ふりがな|シメイ"
    r"|(?<![a-z])(?:kana|kanji|patient|full|person|member|insured|doctor|family|given|first|last)_?name(?![a-z])"
    r"|(?<![a-z])(?:name_ka(?:na|nji)|surname|shimei)(?![a-z])",
    re.IGNORECASE,
)
# Anything can be called name: such a label only confirms a name that is known.
_LOOSE_CONTEXT = re.compile(r"(?<![a-z])(?:name|kana)(?![a-z])", re.IGNORECASE)
_NOT_A_NAME = re.compile(
    r"病名|薬|品名|施設|機関|項目|検査|手術|処置|file|table|column|drug|disease|facility|product", re.I
)
_KANA_HONORIFIC = re.compile(
    r"(?<![ァ-ヶーぁ-ん])([ァ-ヶーぁ-ん]{2,8}?)(?: ([ァ-ヶーぁ-ん]{2,8}?))?"
    r"(様(?![子々式態相体])|さん|さま|殿|氏|先生|ちゃん|くん)"
)
_KANA_LABELLED = re.compile(
    r"(フリガナ|ふりがな|カナ氏名|氏名 ?カナ|氏名 ?\((?:カナ|フリガナ|かな|ふりがな)\)|氏名|カナ)[ :=は,|\"(]{1,4}"
    r"([ァ-ヶーぁ-ん]{2,10})[ ・]?([ァ-ヶーぁ-ん]{2,10})?"
)
_CELL = re.compile(rf"[{_K}ぁ-んァ-ヶー]{{1,10}}(?:[ ・,、]{{1,2}}[{_K}ぁ-んァ-ヶー]{{1,10}})?")
_FOREIGN = re.compile(rf"[{_K}ぁ-んァ-ヶーA-Za-z' .・-]{{2,40}}")
_KANA_ONLY = re.compile("[ァ-ヶーぁ-ん]+")


def _search(text: str, context: str) -> Strength | None:
    return strongest(_cell(text, context), _honorifics(text), _labels(text), in_text(text))


def _cell(text: str, context: str) -> Strength | None:
    if len(text) > 40:
        return None
    found = _whole(text) if _CELL.fullmatch(text) else None
    if _NOT_A_NAME.search(context):
        return found
    labelled = _CONTEXT.search(context) is not None
    if found is not None and (labelled or (found > Strength.WEAK and _LOOSE_CONTEXT.search(context))):
        return Strength.CERTAIN
    if not labelled:
        return found
    return Strength.LIKELY if _FOREIGN.fullmatch(text) and text.casefold() not in _EMPTY_WORDS else None


_EMPTY_WORDS = frozenset({"なし", "不明", "匿名", "非公開", "unknown", "none", "null", "n/a", "na", "-"})


def _whole(cell: str) -> Strength | None:
    parts = re.split("[ ・,、]+", cell)
    if all(_KANA_ONLY.fullmatch(part) for part in parts):
        return _kana([katakana(part) for part in parts])
    return _kanji([plain_kanji(part) for part in parts])


def _kanji(parts: list[str]) -> Strength | None:
    known = names()
    if len(parts) == 2:
        if parts[0] not in known.surnames:
            return Strength.LIKELY if all(_no_word(part) for part in parts) else None
        sure = parts[1] in known.given or katakana(parts[1]) in known.given_kana
        return Strength.LIKELY if sure and len("".join(parts)) >= 3 else Strength.WEAK
    cell, best = parts[0], None
    for cut in range(1, len(cell)):
        surname, given = cell[:cut], cell[cut:]
        if surname in known.surnames and (given in known.given or katakana(given) in known.given_kana):
            # 石川県 and 高知 split too; two characters on both sides, or three and one, hardly ever by chance.
            firm = cut >= 3 or (cut == 2 and len(given) >= 2)
            best = strongest(best, Strength.LIKELY if firm else Strength.WEAK)
    return strongest(best, Strength.WEAK if cell in known.surnames and len(cell) > 1 else None)


def _no_word(part: str) -> bool:
    """Two or three kanji that are no ordinary word: two of them in a cell are a name no list has."""
    return re.fullmatch(rf"[{_K}]{{2,3}}", part) is not None and not (names().ordinary(part) or TERM.search(part))


def _kana(parts: list[str]) -> Strength | None:
    known = names()
    if len(parts) == 2:
        both = parts[0] in known.surname_kana and parts[1] in known.given_kana
        return Strength.LIKELY if both and len("".join(parts)) >= 4 else None
    cell = parts[0]
    cuts = [
        cut for cut in range(2, len(cell) - 1) if cell[:cut] in known.surname_kana and cell[cut:] in known.given_kana
    ]
    if not cuts:
        return None
    return Strength.LIKELY if any(cut >= 3 and len(cell) - cut >= 3 for cut in cuts) else Strength.WEAK


def _honorifics(text: str) -> Strength | None:
    best = None
    for found in _KANA_HONORIFIC.finditer(text):
        if found.group(3) == "様" and LIKE.match(text, found.end()):
            continue  # ロキソニン様の皮疹
        surname, given = katakana(found.group(1)), katakana(found.group(2) or "")
        if surname in names().surname_kana and (len(surname) >= 3 or given in names().given_kana):
            best = strongest(best, Strength.CERTAIN if given in names().given_kana else Strength.LIKELY)
        elif _reads_like_a_name(found) or (not given and (_kana([surname]) is not None or _foreign(found))):
            best = strongest(best, Strength.LIKELY)
    return best


def _reads_like_a_name(found: re.Match[str]) -> bool:
    """A surname no list knows before a given name one knows: ウズラブチ ツルコ様, クラシロフサヨ様."""
    written, given, title = found.groups()
    if title not in ("様", "殿") or _JOBS.fullmatch(written):
        return False
    run, known = katakana(written), names().given_kana
    return katakana(given) in known if given else any(run[cut:] in known for cut in range(2, len(run) - 2))


def _foreign(found: re.Match[str]) -> bool:
    """スミスさん: a name in katakana that no list knows, and no word for a job."""
    name, title = found.group(1), found.group(3)
    return title in ("さん", "さま", "先生", "ちゃん") and bool(_KATAKANA.fullmatch(name)) and not _JOBS.fullmatch(name)


_KATAKANA = re.compile("[ァ-ヶー]{3,8}")
_JOBS = re.compile(
    "ヘルパー|ケアマネ.*|ナース|ドクター|.*ワーカー|スタッフ|デイ.*|ショート.*|リハ.*|セラピスト|パートナー|キーパーソン|サービス"
    "|マネージャー|リーダー|ボランティア|エコー|レントゲン|オペ"
)


def _labels(text: str) -> Strength | None:
    best = None
    for found in _KANA_LABELLED.finditer(text):
        parts = [katakana(part) for part in found.groups()[1:] if part]
        if (len(parts) == 2 and parts[0] in names().surname_kana) or _kana(parts) is not None:
            return Strength.CERTAIN
        # Behind フリガナ stands a reading, also one that no list knows; フリガナなし and the like are shorter.
        if found.group(1) not in ("氏名", "カナ") and len("".join(parts)) >= 5:
            best = Strength.LIKELY
    return best


KIND = Identifier(
    id="person_name",
    ja="氏名",
    en="Japanese person name",
    legal="APPI art. 2(1)(i); Enforcement Rules art. 34 item 1",
    source="japanese-personal-name-dataset (surnames by population, given names with readings)",
    search=_search,
    must_match=(
        Example("山田 太郎"),
        Example("山田　太郎"),
        Example("髙橋花子"),
        Example("山 田 太 郎"),
        Example("佐藤 さくら"),
        Example("ヤマダ タロウ"),
        Example("ﾔﾏﾀﾞ ﾀﾛｳ"),
        Example("ヤマダタロウ"),
        Example("スズキ　シヨウコ"),
        Example("すずき しょうこ"),
        Example("山田太郎", context="氏名", strength=Strength.CERTAIN),
        Example("ﾔﾏﾀﾞ ﾀﾛｳ", context="カナ氏名", strength=Strength.CERTAIN),
        Example("マイケル・スミス", context="patient_name"),
        Example("田中 宏", context="name", strength=Strength.CERTAIN),
        Example("昨日、山田様より電話あり"),
        Example("渡邉先生に報告"),
        Example("鈴木花子様が来院", strength=Strength.CERTAIN),
        Example("氏名：山田太郎", strength=Strength.CERTAIN),
        Example("フリガナ ヤマダ タロウ", strength=Strength.CERTAIN),
        Example("氏名（カナ）　ヤマダ　タロウ", strength=Strength.CERTAIN),
        Example("フリガナ：ウズラブチ　タマジ"),
        Example("クラシロ　フサヨ様"),
        Example("主治医　佐々木"),
        Example("サトウさんから聴取"),
        Example("スミスさんより電話"),
        Example("山田看護師と訪室"),
        Example("主治医山田へ報告"),
        Example("綾小路先生の指示"),
        Example("点滴更新（山田）"),
        Example("著変なし。山田記"),
        Example("山田医院へ紹介"),
        Example("本日、佐々木健一が来院"),
        Example("長男（健一）に説明"),
        Example("点滴更新（鴫垣）"),
        Example("著変なし。蛭淵記"),
        Example("14時　山田記"),
        Example("清水様が来院"),
        Example("鶉倉に報告"),
        Example("鯨窪健一が来院"),
    ),
    must_not_match=(
        Example("橋本病"),
        Example("高安動脈炎"),
        Example("長谷川式簡易知能評価スケール"),
        Example("木村氏病"),
        Example("ロキソニン"),
        Example("葛根湯"),
        Example("東京都"),
        Example("石川県"),
        Example("千葉市"),
        Example("安静"),
        Example("患者様の同意"),
        Example("奥様が付き添い"),
        Example("同様の症状、多様な原因"),
        Example("氏名は含みません"),
        Example("担当 変更なし"),
        Example("橋本病", context="傷病名"),
        Example("眼科", context="name"),
        Example("Repeat Pattern", context="name"),
        Example("なし", context="氏名"),
        Example("皆さんたくさん召し上がる"),
        Example("訪問看護師と専門医師"),
        Example("結節様の陰影、敗血症様症状"),
        Example("ヘルパーさんに依頼"),
        Example("中央病院と大学病院"),
        Example("当直医師、病棟師長に報告"),
        Example("（右室）と（大網）"),
        Example("（亀田荒川）と（石川県）"),
        Example("北海道、毛様体、計画書の作成、利用開始日(入所日)"),
        Example("結石様陰影、能面様顔貌、敷石様外観"),
        Example("上記、左記のとおり"),
        Example("検温時上記、ラウンド時上記"),
        Example("ベッド上安静の指示"),
        Example("言語聴覚士へ依頼"),
        Example("当院皮膚科、近医整形外科、某大学病院"),
        Example("入眠できない様子、痛みがあれば伝える様に"),
        Example("ロキソニン様の発疹、同様の胸痛"),
        Example("体動困難であり看護師で移乗"),
        Example("当直医に報告、夜間帯から申し送り"),
        Example("（原発巣）と（低集積）と（嵌頓）"),
        Example("今朝に報告、役場へ連絡、大家さん"),
    ),
    needs_digits=False,
)
