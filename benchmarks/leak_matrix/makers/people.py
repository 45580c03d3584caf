"""氏名: full names and surnames, in kanji and kana, in the sixteen contexts in which notes name people."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.leak_matrix.names import Name, listed, listed_romaji, rare, unlisted
from benchmarks.leak_matrix.values import LISTED_NAMES, Maker, Value

#: The sixteen contexts of the study the bars come from (names injected into clinical sentences).
_SURNAME = (
    "{}様より電話あり",
    "Dr.{}の指示",
    "{}先生に相談",
    "主治医{}",
    "担当：{}",
    "{}記",
    "（{}）",
    "{}に報告",
    "{}看護師が訪問",
    "{}病院へ紹介",
    "{}さん来院",
    "{}医師より紹介",
    "キーパーソン：{}",
)
#: Nothing but the sentence says that a person is meant.
_NO_SIGN = ("{}と面談", "{}は不在", "（{}）", "{}が同席")


def _contexts(draw: Random, name: Name) -> Value:
    which = draw.randrange(16)
    if which == 0:
        return Value(name.given, "長男（{}）", "氏名")
    full = name.surname + draw.choice(("", " ", "　")) + name.given
    if which <= 2:
        return Value(full, ("{}", "氏名：{}")[which - 1], "氏名")
    return Value(name.surname, _SURNAME[which - 3], "氏名")


def _full(draw: Random, name: Name) -> Value:
    gap = draw.choice(("", " ", "　"))
    phrase = draw.choice(("氏名：{}", "患者氏名 {}", "長女（{}）", "{}様", "記載者 {}", "Dr.{}"))
    return Value(name.surname + gap + name.given, phrase, "氏名")


def _bare(draw: Random, name: Name) -> Value:
    return Value(name.surname + draw.choice(("", " ", "　")) + name.given, column="氏名")


def _kana(draw: Random, name: Name) -> Value:
    gap = draw.choice((" ", "　", ""))
    phrase = draw.choice(("{}様", "フリガナ {}", "カナ氏名：{}", "氏名（カナ）　{}", "フリガナ：{}"))
    return Value(gap.join(name.kana), phrase, "カナ氏名")


def _no_sign(draw: Random, name: Name) -> Value:
    return Value(name.surname, draw.choice(_NO_SIGN), "氏名")


def _makers(group: str, names: Callable[[Random], Name], bar: float | None, kana: float | None) -> tuple[Maker, ...]:
    """`bar` for the study's contexts and names with a sign, `kana` for readings; a name without a sign has none."""

    def of(write: Callable[[Random, Name], Value]) -> Callable[[Random], Value]:
        return lambda draw: write(draw, names(draw))

    return (
        Maker("person_name", f"{group}: sixteen contexts", of(_contexts), bar),
        Maker("person_name", f"{group}: full name with a sign", of(_full), bar),
        Maker("person_name", f"{group}: full name alone", of(_bare), None, cell=True),
        Maker("person_name", f"{group}: kana", of(_kana), kana),
        Maker("person_name", f"{group}: surname without a sign", of(_no_sign), None),
    )


def _doctor(draw: Random) -> Value:
    name = listed(draw)
    text = draw.choice((name.surname, name.surname + draw.choice(("", " ", "　")) + name.given))
    return Value(text, draw.choice(("主治医：{}", "執刀医 {}", "担当医：{}", "{}医師", "紹介元医師 {}")), "医師名")


def _romaji(draw: Random) -> Value:
    surname, given = listed_romaji(draw)
    text = draw.choice(
        (
            f"{surname.upper()} {given.upper()}",
            f"{given.title()} {surname.title()}",
            f"{surname.title()}, {given.title()}",
        )
    )
    return Value(text, draw.choice(("{}", "Dr. {}", "Patient: {}", "患者 {}")), "romaji_name")


_OTHERS = (
    Maker("doctor_name", "listed", _doctor, LISTED_NAMES),
    Maker("romaji_name", "listed", _romaji, bar=None, cell=True),
)
MAKERS = (
    *_OTHERS,
    *_makers("listed", listed, LISTED_NAMES, LISTED_NAMES),
    *_makers("rare", rare, None, None),
    *_makers("made up", unlisted, None, None),
)
