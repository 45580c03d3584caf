"""氏名: full names and surnames, in kanji and kana, in the sixteen contexts in which notes name people."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.leak_matrix.names import Name, listed, unlisted
from benchmarks.leak_matrix.values import LISTED_NAMES, OTHER_NAMES, Maker, Value

#: As in the study the bars come from: patients, doctors, nurses, family, with and without an honorific.
_TITLED = (
    "{}様より電話あり",
    "Dr.{}の指示",
    "{}先生に相談",
    "{}看護師が訪問",
    "{}さん来院",
    "{}医師より紹介",
    "{}氏が付き添う",
)
_LED = ("主治医{}", "担当：{}", "氏名：{}", "主治医　{}", "キーパーソン：{}", "患者名 {}")
_BARE = ("{}記", "（{}）", "{}に報告", "長男（{}）", "{}と面談")


def _full(draw: Random, name: Name) -> Value:
    gap = draw.choice(("", " ", "　"))
    phrase = draw.choice(("{}", *_TITLED[:2], "氏名：{}", "患者氏名 {}", "長女（{}）", "{}様", "記載者 {}"))
    return Value(name.surname + gap + name.given, phrase, "氏名")


def _kana(draw: Random, name: Name) -> Value:
    gap = draw.choice((" ", "　", ""))
    phrase = draw.choice(("{}様", "フリガナ {}", "カナ氏名：{}", "氏名（カナ）　{}", "フリガナ：{}"))
    return Value(gap.join(name.kana), phrase, "カナ氏名")


def _surname(phrases: tuple[str, ...]) -> Callable[[Random, Name], Value]:
    return lambda draw, name: Value(name.surname, draw.choice(phrases), "氏名")


def _makers(group: str, names: Callable[[Random], Name], bar: float) -> tuple[Maker, ...]:
    def of(write: Callable[[Random, Name], Value]) -> Callable[[Random], Value]:
        return lambda draw: write(draw, names(draw))

    return (
        Maker("person_name", f"{group} full name", of(_full), bar, cell=True),
        Maker("person_name", f"{group} kana", of(_kana), bar, cell=True),
        Maker("person_name", f"{group} surname, titled", of(_surname(_TITLED)), bar),
        Maker("person_name", f"{group} surname, behind a label", of(_surname(_LED)), bar),
        Maker("person_name", f"{group} surname, no sign", of(_surname(_BARE)), bar),
    )


MAKERS = (*_makers("listed", listed, LISTED_NAMES), *_makers("unlisted", unlisted, OTHER_NAMES))
