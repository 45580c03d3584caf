"""Names in running text. Read only where something says that a person is meant; a term with a name in it never is.

A cue is a title behind it (山田看護師), a role before it (主治医：山田), something done to or by it (山田に報告),
brackets, a signature (山田記), a house named after it (山田医院), or a surname and a given name that fill a run of
kanji exactly.
Behind a strong cue a name that no list knows counts too, unless it is made of ordinary words (訪問看護師).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from expectations.identifiers._lists import listed
from expectations.identifiers._names import names
from expectations.identifiers.base import Strength, strongest
from expectations.text import katakana, plain_kanji

K = "一-鿿々〆ヶ"
_GIVEN = rf"[{K}ぁ-んァ-ヶー]{{1,4}}"
_JOBS = (
    "医師|先生|看護師長|看護師|看護士|准看護師|師長|主任|院長|副院長|部長|医長|科長|教授|准教授|助教|講師|研修医|医員|技師|薬剤師|保健師|助産師"
    "|介護士|介護福祉士|理学療法士|作業療法士|言語聴覚士|栄養士|管理栄養士|療法士|心理士|相談員|支援専門員|ケアマネ(?:ジャー|ージャー)?"
    "|ヘルパー|Dr\\b|Ns\\b|Dr(?![a-z])|Ns(?![a-z])|PT(?![A-Za-z])|OT(?![A-Za-z])|ST(?![A-Za-z])|MSW|CM(?![A-Za-z])"
)
_POLITE = rf"様|さん|さま|殿(?![{K}])|氏(?![{K}])|ちゃん|くん(?![ぁ-ん])|君(?![{K}])|夫妻|ご夫婦"
_TITLED = re.compile(rf"(?<![{K}])([{K}]{{1,10}}?)(?: ({_GIVEN})| ?([ぁ-んァ-ヶー]{{2,4}}))?? ?({_JOBS}|{_POLITE})")
_ROLES = (
    "主治医|担当医|副主治医|執刀医|執刀|術者|助手|麻酔医|麻酔科医|指導医|当直医|紹介医|受持医|受け持ち|受持ち|受持|担当看護師|担当者|担当|記載者|記録者|記入者|報告者|発信者"
    "|依頼医|依頼者|検査者|施行者|診断医|読影医|読影者|確認者|承認者|立会人|立会|説明者|同意者|代理人|後見人|保証人|連絡先|キ[ー-]パ[ー-]ソン|家族|世帯主"
    "|患者氏名|氏名|姓名|名前|患者名|利用者名|被保険者名|受診者名|ケアマネ(?:ジャー)?|医師|看護師|薬剤師|相談員|患者|利用者|Dr\\.?|Ns\\.?|ドクタ[ー-]|PT|OT|MSW"
)
_RELATIVES = (
    "長男|次男|二男|三男|長女|次女|二女|三女|息子|娘|夫|妻|父|母|兄|弟|姉|妹|孫|嫁|婿|叔父|叔母|伯父|伯母|甥|姪|祖父|祖母"
    "|友人|知人|内縁"
)
_AFTER_ROLE = re.compile(
    rf"(?<![A-Za-z])({_ROLES})([ :=・/|\"(「は]{{0,3}})([{K}]{{1,8}})(?![{K}ァ-ヶー・I])"
    rf"(?: ({_GIVEN})(?![{K}ぁ-んァ-ヶー]))?"
)
_RELATIVE = re.compile(
    rf"(?:{_RELATIVES})(?:さん|様)?[ :・]?[(:「 ] ?([{K}ぁ-んァ-ヶー]{{1,6}}?)(?: ({_GIVEN}))?(?:さん|様)?[)」,、。 ]"
)
_DONE = (
    "報告|相談|連絡|申し?送|依頼|確認|電話|訪室|診察|説明|対応|指示|処方|施行|執刀|交代|引き?継|紹介|来院|来室|付き?添|同席"
    "|面談|同伴|記載"
)
_TOLD = re.compile(rf"(?<![{K}])([{K}]{{1,4}})(?:に|へ|と|から|より)(?:も)?(?:報告|相談|連絡|申し?送|指示|引き?継)")
_ACTS = re.compile(rf"(?<![{K}])([{K}]{{2,7}})(?:に|へ|と|から|より|が|は|の)(?:て|も)?(?:の)?(?:{_DONE})")
_BRACKETS = re.compile(rf"[(「『\[]([{K}]{{2,6}})(?: ({_GIVEN}))?[)」』\]]")
_ONE = re.compile(rf"[(「『\[]([{K}])[)」』\]]")
_SIGNED = re.compile(
    rf"(?<![{K}])(?![暗追上下前左右併明転注表筆銘日手伝速特史雑標付連別後略]記)([{K}]{{1,6}}) ?(?:{_GIVEN} ?)??"
    r"(?:記載|記録|記|拝|筆|作成|印)(?=[。.、,)\]」 ]|$)"
)
_HOUSE = re.compile(
    rf"(?<![{K}])([{K}]{{1,6}}?)(?:記念|中央|総合|整形外科|皮膚科|眼科|耳鼻(?:咽喉)?科|小児科|産婦人科|内科|外科|歯科|こども|胃腸科|泌尿器科"
    r"|脳神経外科|心療内科|循環器(?:内)?科|調剤)*(?:病院|医院|クリニック|診療所|薬局|整形外科|皮膚科|眼科|耳鼻科|内科|歯科)"
)
_FULL = re.compile(rf"(?<![{K}ー])([{K}]{{3,6}})(?![{K}ー・])")
_SPACED = re.compile(rf"(?<![{K}ー])([{K}]{{1,4}})(?= ([{K}]{{1,3}}|[ぁ-ん]{{2,4}}|[ァ-ヶー]{{2,4}})(?![{K}ァ-ヶー]))")
# Words before a title, or after a role, that are surnames too.
_PERSONS = frozenset("奥神王仏客皆母父兄姉妹弟孫嫁婿娘主何同多各当前外内他宮長荒中今北南西東一異模仕有両御貴殿医") | {
    *(
        "息子",
        "家族",
        "患者",
        "本人",
        "担当",
        "看護",
        "主任",
        "専門",
        "女性",
        "男性",
        "上司",
        "両親",
        "夫婦",
        "親子",
        "母親",
        "父親",
    )
}
# Behind 様 and 氏 stand words of findings too: 結節様, 線維腫様, 木村氏病.
_FINDING = re.compile(
    "[病症炎癌腫瘍斑疹痛熱感状性型脈核節膜体管骨筋腺液便尿痰血孔窩塊泡疱屑苔癬疽瘤球胞糸顆粒影像縁面層石水]$"
)
# Endings of terms and of places that are given names as well: 児玉式, 高木山.
_NOT_GIVEN = frozenset(
    "式法型科室部院市区町村郡山川島岬岳森港城賞駅線橋寺東西南北中上下内外本元等家系派流会社店学校高谷原野浜台丘泉門殿"
)
_LIKE = re.compile(
    r"の?(?:[一-鿿]{0,3}(?:皮疹|発疹|陰影|病変|所見|症状|症候群|腫瘤|結節|変化|疼痛|肉芽|斑|外観|構造|細胞|反応|分類|組織|隆起|外皮|紅斑|液|音|咳|便|排泄|発作|病|症))"
)
TERM = re.compile(
    "[病症炎癌腫瘍疹痛熱感脈膜骨筋腺液尿痰血肺胃肝腎腸脳頸椎肢膵胆舌咽喉鼻眼耳歯]|外来|検査|分類|薬|剤|錠|湯|散|膏|[大小]網|[右左両]側?[上下前後]?"
)
# How most surnames end that no list has; not what parts of the body and of the day end in as well.
_ENDING = re.compile(f"[{K}]{{1,2}}[野田川山村井本島崎原沢木藤谷尾岡橋森倉浦瀬塚津池宮江岸坂城賀松沼屋堂]")
_LEADING = re.compile(rf"^(?:{_ROLES}|{_RELATIVES}|同|当|前|現|元|故|新|旧)+(?=.{{1,}})")


_ANY = re.compile(".*")
_NAMING = re.compile(".*(?:氏名|姓名|患者名|利用者名|被保険者名|受診者名)|記載者|記録者|記入者|報告者")
_JOB = re.compile(_JOBS)
_STAFF = re.compile(
    r".*医師?|執刀|術者|助手|.*看護師|薬剤師|相談員|担当者?|記載者|記録者|読影者|検査者|施行者|[A-Za-z.]+|ドクタ[ー-]|ケアマネ.*"
)


def in_text(text: str) -> Strength | None:
    """Strength of the surest name in `text` (normal form)."""
    plain = plain_kanji(text)
    best: Strength | None = None
    for look in _LOOKS:
        best = strongest(best, look(plain))
        if best == Strength.CERTAIN:
            break
    return best


def of_staff(text: str) -> Strength | None:
    """Strength of the surest name in `text` (normal form) of somebody who treats or cares: with a job or a role."""
    plain = plain_kanji(text)
    return strongest(_titled(plain, _JOB), _roles(plain, _STAFF))


def _titled(text: str, titles: re.Pattern[str] = _ANY) -> Strength | None:
    best = None
    for found in _TITLED.finditer(text):
        run, spaced, kana, title = found.groups()
        if not titles.fullmatch(title):
            continue
        if title in ("様", "氏") and (_FINDING.search(run) or _LIKE.match(found.string, found.end())):
            continue
        best = strongest(best, _one_character(run), _person(run, spaced or kana or "", unknown=True))
        if spaced and best is None:  # 14時 山田様: the blank is not between surname and given name
            best = _person(spaced, "", unknown=True)
    return best


def _roles(text: str, roles: re.Pattern[str] = _ANY) -> Strength | None:
    best = None
    for found in _AFTER_ROLE.finditer(text):
        role, gap, run, given = found.groups()
        if not roles.fullmatch(role):
            continue
        sure = role.endswith("医") or role[0] in "DNPOMド"
        # Behind Dr. and 氏名 stands a name and nothing else, with a blank or none; behind 担当 also what is done.
        short = len(run) <= (6 if role[0].isascii() or _NAMING.fullmatch(role) else 3)
        unknown = gap.strip()[:1] in tuple(":(=「/|") if gap.strip() else (sure or bool(_NAMING.search(role))) and short
        best = strongest(best, _one_character(run) if gap else None, _person(run, given or "", unknown=unknown))
    for found in _RELATIVE.finditer(text) if roles is _ANY else ():
        best = strongest(
            best, _first_name(found.group(1)) or _person(found.group(1), found.group(2) or "", unknown=True)
        )
    return best


def _one_character(run: str) -> Strength | None:
    """南医師, 担当：東: a surname of one character that so many bear that it is one beside a title or a role."""
    return Strength.LIKELY if len(run) == 1 and run in names().many else None


def _first_name(name: str) -> Strength | None:
    known = names()
    if name in known.words or name in _PERSONS:
        return None
    return Strength.LIKELY if name in known.given or (len(name) > 1 and katakana(name) in known.given_kana) else None


def _person(run: str, given: str, *, unknown: bool) -> Strength | None:
    """The run of kanji at a cue: a surname, a surname with a given name, or (`unknown`) no ordinary word at all."""
    known = names()
    stripped = _LEADING.sub("", run)
    for name in dict.fromkeys((run, stripped)):
        if name in _PERSONS:
            continue
        if name in known.surnames and (len(name) > 1 or unknown):
            return Strength.CERTAIN if given and _is_given(given) else Strength.LIKELY
        if _split(name):
            return Strength.CERTAIN if len(name) >= 3 else Strength.LIKELY
    if any(run[:cut] in known.words and run[cut:] in known.plain_surnames for cut in range(2, len(run) - 1)):
        return Strength.LIKELY
    if unknown and len(given) > 1 and given in known.given and given not in known.words:
        return Strength.LIKELY  # 氏名：千種 健雄: the given name says that the word before it is a surname
    if not unknown or not 2 <= len(stripped) <= 6 or stripped in _PERSONS or TERM.search(stripped):
        return None
    return None if known.ordinary(stripped) or known.ordinary(run) else Strength.LIKELY


def _is_given(given: str) -> bool:
    return given in names().given or katakana(given) in names().given_kana


def _split(run: str) -> bool:
    """True where `run` is a surname and a given name, and no compound of ordinary words."""
    known = names()
    if not 3 <= len(run) <= 6 or known.ordinary(run):
        return False
    return any(
        run[:cut] in known.surnames and run[cut:] in known.given and (cut > 1 or len(run) == 3)
        for cut in range(1, len(run))
        if len(run) - cut <= 3
    )


def _surnames(pattern: re.Pattern[str]) -> Callable[[str], Strength | None]:
    """Weak cues: only a surname that hardly means anything else, alone or with a given name."""

    def look(text: str) -> Strength | None:
        sure = names().sure_surnames
        runs = (found.group(1) for found in pattern.finditer(text))
        hit = any((run in sure and not TERM.search(run)) or _full(run) for run in runs)
        return Strength.LIKELY if hit else None

    return look


def _one_in_brackets(text: str) -> Strength | None:
    """（堀）: not （東）, which is a wing of the house."""
    return Strength.LIKELY if any(f.group(1) in names().many - _PERSONS for f in _ONE.finditer(text)) else None


def _full(run: str) -> bool:
    """A full name that needs no cue: no compound of words, no term, and a given name that is neither."""
    known = names()
    if not 3 <= len(run) <= 6 or known.ordinary(run) or TERM.search(run):
        return False
    return any(_surname_and_given(run[:cut], run[cut:]) for cut in range(1, len(run)) if len(run) - cut <= 3)


def _surname_and_given(surname: str, given: str) -> bool:
    """The surer the surname, the less is asked of the given name, and the other way round."""
    known = names()
    if given not in known.given or given in _NOT_GIVEN or surname in _PERSONS:
        return False
    if surname in known.plain_surnames:
        return given not in known.words or surname in known.many
    if given in known.words or len(given) < 2:
        return False
    return surname in known.counted or (2 <= len(surname) <= 3 and not known.ordinary(surname))


def _alone(text: str) -> Strength | None:
    if any(_full(found.group(1)) for found in _FULL.finditer(text)):
        return Strength.LIKELY
    pairs = (found.groups() for found in _SPACED.finditer(text))
    return Strength.LIKELY if any(_spaced(surname, given) for surname, given in pairs) else None


def _spaced(surname: str, given: str) -> bool:
    kana = katakana(given) in names().given_kana and len(given) > 1
    return surname in names().plain_surnames if kana else _surname_and_given(surname, given)


def _people(pattern: re.Pattern[str]) -> Callable[[str], Strength | None]:
    """Cues only people have: a name that no list knows counts as well, one character only where many bear it."""

    def look(text: str) -> Strength | None:
        runs = [found.group(1) for found in pattern.finditer(text)]
        known = names()
        return strongest(*(_person(run, "", unknown=True) for run in runs if len(run) > 1 or run in known.many))

    return look


def _bracketed(text: str) -> Strength | None:
    """A name in brackets that no list knows, where it ends as surnames do and is no word, term or place."""
    known, towns = names(), listed("towns")
    for found in _BRACKETS.finditer(text):
        run = found.group(1)
        odd = _ENDING.fullmatch(run) and not (known.ordinary(run) or TERM.search(run) or "術" in run)
        if odd and run not in towns:
            return Strength.LIKELY
    return None


def _houses(text: str) -> Strength | None:
    runs = [found.group(1) for found in _HOUSE.finditer(text)]
    return Strength.LIKELY if any(_owner(run) for run in runs) else None


def _owner(run: str) -> bool:
    """A house is named after somebody: a surname, or no ordinary word."""
    known = names()
    if run in known.counted:
        return run not in _PERSONS and run not in _HOUSES
    return len(run) > 1 and not (known.ordinary(run) or TERM.search(run) or run in _HOUSES)


_HOUSES = frozenset(
    {"中央", "国立", "県立", "市立", "町立", "都立", "府立", "公立", "私立", "済生会", "日赤", "労災", "大学", "総合"}
)
_LOOKS = (
    _titled,
    _roles,
    _people(_TOLD),
    _people(_SIGNED),
    *(_surnames(pattern) for pattern in (_ACTS, _BRACKETS)),
    _one_in_brackets,
    _bracketed,
    _houses,
    _alone,
)
