"""Surnames (姓) that no list has: what a run of kanji at a cue must be like to be taken for one.

The surer the cue, the less is asked. Words and terms have to look like surnames more than anything else does, and those
that say who, when or where (夜間, 上級, 町立) never are one; surnames of the lists do not come here.
Thresholds are log odds of `likeness`, set on half of JMnedict's surnames and of JMED-LLM's clinical sentences; what the
other halves said is on docs/identifiers.md.
"""

from __future__ import annotations

import re

from expectations.identifiers._likeness import likeness
from expectations.identifiers._lists import listed
from expectations.identifiers._names import names

#: From here on a run that is no word counts: beside a title or role; in a full name with a given name of the lists.
AT_TITLE, IN_FULL_NAME = -18.0, -14.0
#: In brackets, where abbreviations and shortened terms stand too, by the number of characters.
IN_BRACKETS = {2: -9.5, 3: -6.0, 4: -4.0}
#: From here on a word or term counts at a title; and a word where little else says that a person is meant.
WORD, SURE = -1.0, 3.5
#: Longer runs are no surnames, and those of four characters may be full names, which the model does not know.
LONGEST = 4
#: Words before a title or behind a role that are surnames too.
PERSONS = (
    frozenset("奥神王仏客皆母父兄姉妹弟孫嫁婿娘主何同多各当前外内他宮長荒中今北南西東一異模仕有両御貴殿医上下")
    | {"息子", "家族", "両親", "夫婦", "親子", "母親", "父親", "女性", "男性"}
    | {"患者", "本人", "担当", "看護", "主任", "専門", "上司", "大家"}
)
#: Characters and words of terms: 右室, 大網, 葛根湯.
TERM = re.compile(
    "[病症炎癌腫瘍疹痛熱感脈膜骨筋腺液尿痰血肺胃肝腎腸脳頸椎肢膵胆舌咽喉鼻眼耳歯]|外来|検査|分類|薬|剤|錠|湯|散|膏"
    "|[大小]網|[右左両]側?[上下前後]?"
)
#: How words that say who, when, where or of which rank begin or end: 今朝, 夜間, 室長, 町立, 役場.
_WHO_WHEN_WHERE = re.compile(
    "^[今来当本新初前毎翌昨全各]|[上下内外中間前後部側端辺級任立院室棟館科員長者家屋方手月日朝夏秋春冬時年代網"
    "場所署局店社駅宅園校人民児童女親徒来名務勤]$"
)
#: Staff without a name: 当直医, 病棟師長.
_STAFF_WORD = re.compile("(?:師長|主任|医師|.医)$")
#: Places and days of three characters: 石川県, 東京都, 入所日.
_PLACE = re.compile("..[都道府県市区郡町村駅線日]$")


def alike(run: str, least: float) -> bool:
    """True where `run` is as long as surnames are and its log odds are above `least`."""
    return 2 <= len(run) <= LONGEST and likeness(run) > least


def alike_word(run: str, least: float) -> bool:
    """The same for a word or term; one of notes, or one that says who, when or where, is none."""
    return run not in listed("clinical_words") and not _WHO_WHEN_WHERE.search(run) and alike(run, least)


def at_title(run: str, stripped: str) -> bool:
    """True where `run`, or `stripped` of the role before it, counts as a surname at a cue that only people have."""
    word = names().ordinary(run) or names().ordinary(stripped)
    return _at_title(stripped, AT_TITLE, word=word) or _at_title(run, WORD, word=word)


def _at_title(run: str, least: float, *, word: bool) -> bool:
    if not 2 <= len(run) <= 6 or _nobody(run):
        return False
    if word or TERM.search(run):
        return alike_word(run, WORD)
    return len(run) >= LONGEST or alike(run, least)


def in_brackets(run: str) -> bool:
    """True where `run`, alone in brackets, counts as a surname: no word, no term, and like one."""
    least = IN_BRACKETS.get(len(run))
    if least is None or _nobody(run) or _PLACE.search(run) or names().ordinary(run) or TERM.search(run):
        return False
    return likeness(run) > least and not _two_surnames(run)


def _two_surnames(run: str) -> bool:
    """A term named after two people: 亀田荒川."""
    return len(run) == LONGEST and run[:2] in names().surnames and run[2:] in names().surnames


def _nobody(run: str) -> bool:
    return run in PERSONS or _STAFF_WORD.search(run) is not None
